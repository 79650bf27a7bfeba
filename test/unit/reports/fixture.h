/*
 * fixture.h - a store of its own in a loop whose clock the test moves, and messages that were judged.
 */
#ifndef TEST_REPORTS_FIXTURE_H
#define TEST_REPORTS_FIXTURE_H

/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "mailauth/origin.h"
#include "reports/dmarc_facts.h"
#include "reports/inner.h"
#include "store/store.h"

#define DAY_S        ((int64_t)24 * 3600)
#define FIXTURE_WALL (20000 * DAY_S + 6 * 3600) /* some morning in 2024 */

struct fixture {
	char path[300];
	struct loop loop;
	struct store *store;
	struct reports_settings settings;
	struct reports *reports;
	int64_t wall_s;
};

static inline void
fixture_clock(const struct fixture *f)
{
	clock_fake(1000000 + (f->wall_s - FIXTURE_WALL) * 1000, f->wall_s * 1000);
}

static inline void
fixture_start(struct fixture *f)
{
	const struct reports_house house = { .store = NULL,
		.settings = &f->settings,
		.hostname = STR("mx.own.test") };
	struct reports_house own = house;

	fixture_clock(f);
	invariant(loop_init(&f->loop) == FAIL_NONE);
	invariant(store_open(&f->store, &f->loop, str_c(f->path), NULL) == FAIL_NONE);
	own.store = f->store;
	f->reports = reports_open(&own);
}

static inline void
fixture_stop(struct fixture *f)
{
	reports_close(&f->reports);
	store_close(&f->store);
	loop_release(&f->loop);
}

static inline void
fixture_open(struct fixture *f, const char *name)
{
	*f = (struct fixture){ .settings = reports_settings_default, .wall_s = FIXTURE_WALL };
	f->settings.has_dmarc = true;
	snprintf(f->path, sizeof f->path, "%s/%s.db", test_folder(), name);
	fixture_start(f);
}

/* The end of a turn: what was written is durable. */
static inline void
fixture_turn(struct fixture *f)
{
	loop_turn(&f->loop, 0);
}

/* --- messages ------------------------------------------------------------------------------------- */

/* From ann@shop.test, which rejects; SPF says `spf`, no signatures. */
static inline void
fixture_judge(struct origin *o, const char *record, enum verdict spf)
{
	*o = (struct origin){ .is_settled = true, .has_authors = true };
	buf_init(&o->from, DMARC_FACT_MAX);
	buf_add(&o->from, STR("shop.test"));
	o->claim.envelope.sender = STR("Ann@Bounce.Shop.test");
	invariant(net_address_parse(STR("192.0.2.7"), &o->spf.client) == FAIL_NONE);
	o->spf.domain = STR("bounce.shop.test");
	o->spf.verdict = spf;
	o->policy.found = VERDICT_PASS;
	o->policy.record_text = str_c(record);
	invariant(dmarc_record_parse(str_c(record), &o->policy.record) == FAIL_NONE);
	o->policy.domain = o->policy.organization = o->policy.policy_domain = STR("shop.test");
	o->policy.policy = o->policy.record.policy;
	o->dmarc.verdict = spf == VERDICT_PASS ? VERDICT_PASS : VERDICT_FAIL;
	o->dmarc.is_spf_aligned = spf == VERDICT_PASS;
	if (spf != VERDICT_PASS)
		o->dmarc.disposition = o->policy.policy;
	if (o->dmarc.disposition == DMARC_REJECT)
		o->advice = ORIGIN_REFUSE;
}

#endif
