#include "tlspolicy/sts_refresh.h"

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

static const struct log refresh_log = { .room = "tlspolicy" };

struct sts_renewal {
	struct sts_find find;
	struct buf domain;
};

/* --- planning ----------------------------------------------------------------------------------------------- */

static void
plan_at(struct sts_refresh *r, int64_t when_s)
{
	int64_t wait_s = i64_min(when_s - clock_wall_s(), STS_WALK_MOST_MS / 1000);
	int64_t deadline_ms = clock_mono_ms() + i64_max(wait_s * 1000, STS_WALK_LEAST_MS);

	if (r->due_ms != 0 && r->due_ms <= deadline_ms)
		return;
	r->due_ms = deadline_ms;
	timer_start(r->house.loop, &r->timer, &r->task, deadline_ms);
}

void
sts_refresh_plan(struct sts_refresh *r, struct str domain, const struct sts_kept *kept)
{
	int64_t now_s = clock_wall_s(), next_s;

	if (sts_age_fate(kept, domain, now_s, &next_s) != STS_STAYS)
		next_s = now_s;
	if (r->is_walking) /* it may have been written behind the walk */
		r->next_s = i64_min(r->next_s, next_s);
	else
		plan_at(r, next_s);
}

/* --- fetching ----------------------------------------------------------------------------------------------- */

/* Since the last walk; its end will say when it wants to be looked at again. */
static bool
is_under_way(const struct sts_refresh *r, struct str domain)
{
	for (size_t i = 0; i < STS_RENEWALS_MAX; i++)
		if (r->renewals[i] && str_eq(buf_str(&r->renewals[i]->domain), domain))
			return true;
	return false;
}

static void
start_renewal(struct sts_refresh *r, struct str domain)
{
	const struct sts_house house = { .dns = r->house.dns,
		.http = r->house.get_http(r->house.arg),
		.store = r->house.store,
		.refresh = r,
		.allow_private = r->house.allow_private };
	struct sts_renewal *renewal = mem_new(1, sizeof *renewal);
	size_t i = 0;

	while (r->renewals[i])
		i++;
	r->renewals[i] = renewal;
	r->renewal_count++;
	buf_init(&renewal->domain, STORE_KEY_MAX);
	buf_add(&renewal->domain, domain);
	sts_start_renewal(&renewal->find, &house, &r->task, buf_str(&renewal->domain));
}

static void
end_renewal(struct sts_refresh *r, size_t i)
{
	sts_release(&r->renewals[i]->find);
	buf_release(&r->renewals[i]->domain);
	mem_free(r->renewals[i]);
	r->renewals[i] = NULL;
	r->renewal_count--;
}

/* What could not be written is asked for again: whatever came of it, its record wants to be looked at. */
static void
look_at_renewals(struct sts_refresh *r)
{
	for (size_t i = 0; i < STS_RENEWALS_MAX; i++) {
		struct sts_renewal *renewal = r->renewals[i];

		if (renewal == NULL || !sts_look(&renewal->find))
			continue;
		sts_refresh_plan(r, buf_str(&renewal->domain), &renewal->find.kept);
		end_renewal(r, i);
	}
}

/* --- the walk ----------------------------------------------------------------------------------------------- */

/* RFC 8461 10.2: that nobody let us refresh it is for the owner to know. */
static enum fail
drop(struct sts_refresh *r, struct str domain, const struct sts_kept *kept)
{
	bool is_lost =
	    kept->has_policy && kept->policy.mode != STS_NONE && kept->failed_s >= kept->fetched_s;

	log_write(&refresh_log, is_lost ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "sts.lapsed",
	    LOG_TEXT("domain", domain), LOG_NUM("fetched", kept->fetched_s), LOG_END);
	return sts_kept_drop(r->house.store, domain);
}

/* FAIL_MISSING: the walk is over. */
static enum fail
pass_one(struct sts_refresh *r)
{
	struct sts_kept kept = { 0 };
	struct str domain;
	int64_t next_s;
	enum fail fail = sts_kept_next(r->house.store, &r->at, &kept);

	if (fail != FAIL_NONE)
		return fail;
	domain = buf_str(&r->at);
	switch (sts_age_fate(&kept, domain, clock_wall_s(), &next_s)) {
	case STS_STAYS: r->next_s = i64_min(r->next_s, next_s); break;
	case STS_DUE:
		if (!is_under_way(r, domain))
			start_renewal(r, domain);
		break;
	case STS_OVER: fail = drop(r, domain, &kept); break;
	}
	sts_kept_release(&kept);
	return fail;
}

static void
end_walk(struct sts_refresh *r, enum fail why)
{
	r->is_walking = false;
	if (why != FAIL_MISSING) {
		log_warn(&refresh_log, "sts.unwalked", LOG_TEXT("why", str_c(fail_names[why])));
		r->next_s = clock_wall_s();
	}
	if (r->next_s != INT64_MAX)
		plan_at(r, r->next_s);
}

static void
walk_on(struct sts_refresh *r)
{
	enum fail fail = FAIL_NONE;

	for (size_t n = 0; n < STS_WALK_SLICE && r->renewal_count < STS_RENEWALS_MAX; n++) {
		fail = pass_one(r);
		if (fail != FAIL_NONE)
			break;
	}
	if (fail != FAIL_NONE)
		end_walk(r, fail);
}

static enum step
step(struct task *t)
{
	struct sts_refresh *r = container_of(t, struct sts_refresh, task);

	look_at_renewals(r);
	if (!r->is_walking) {
		if (r->due_ms == 0 || clock_mono_ms() < r->due_ms)
			return STEP_WAIT;
		r->due_ms = 0;
		r->is_walking = true;
		r->next_s = INT64_MAX;
		buf_clear(&r->at);
	}
	if (r->renewal_count == STS_RENEWALS_MAX)
		return STEP_WAIT;
	walk_on(r);
	return STEP_YIELD; /* a fetch may be over already */
}

/* --- open and close ----------------------------------------------------------------------------------------- */

struct sts_refresh *
sts_refresh_open(const struct sts_refresh_house *house)
{
	struct sts_refresh *r = mem_new(1, sizeof *r);
	int64_t count;

	r->house = *house;
	buf_init(&r->at, STORE_KEY_MAX);
	loop_task(house->loop, &r->task, step, NULL);
	if (sts_kept_count(house->store, &count) != FAIL_NONE || count > 0) {
		r->due_ms = clock_mono_ms() + STS_WALK_FIRST_MS;
		timer_start(house->loop, &r->timer, &r->task, r->due_ms);
	}
	return r;
}

void
sts_refresh_close(struct sts_refresh **r)
{
	if (*r == NULL)
		return;
	for (size_t i = 0; i < STS_RENEWALS_MAX; i++)
		if ((*r)->renewals[i])
			end_renewal(*r, i);
	timer_stop((*r)->house.loop, &(*r)->timer);
	task_cancel(&(*r)->task);
	buf_release(&(*r)->at);
	mem_free(*r);
	*r = NULL;
}
