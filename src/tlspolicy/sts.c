#include "tlspolicy/sts.h"

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

/* rooms */
#include "dns/name.h"
#include "tlspolicy/sts_refresh.h"

#define URL_MAX 400 /* bytes: a name, and what stands around it */

static const struct log sts_log = { .room = "tlspolicy" };

/* --- outcomes ---------------------------------------------------------------------------------------------- */

/* The outcome of a write to the store; the refresh shall know of it. */
static void
wrote(const struct sts_find *f, enum fail fail)
{
	if (fail != FAIL_NONE)
		log_warn(&sts_log, "sts.unkept", LOG_TEXT("domain", f->domain),
		    LOG_TEXT("why", str_c(fail_names[fail])));
	else if (f->house.refresh)
		sts_refresh_plan(f->house.refresh, f->domain, &f->kept);
}

/* Mail goes there. */
static void
note_use(struct sts_find *f)
{
	int64_t now_s = clock_wall_s();

	if (f->is_renewal || !f->kept.has_policy || !sts_age_is_new_use(&f->kept, now_s))
		return;
	f->kept.used_s = now_s;
	wrote(f, sts_kept_note_use(f->house.store, f->domain, &f->kept));
}

/* By what is kept, while its time lasts. */
static bool
settle(struct sts_find *f)
{
	f->is_settled = true;
	note_use(f);
	if (!sts_kept_is_valid(&f->kept, clock_wall_s()) || f->kept.policy.mode == STS_NONE)
		return true;
	f->has_policy = true;
	f->policy = f->kept.policy;
	return true;
}

static bool
settle_failed(struct sts_find *f, enum tls_result result)
{
	bool is_kept =
	    sts_kept_is_valid(&f->kept, clock_wall_s()) && f->kept.policy.mode != STS_NONE;

	/* RFC 8461 3.3: that a policy cannot be refreshed is for the owner to know. */
	log_write(&sts_log, is_kept ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "sts.unfetched",
	    LOG_TEXT("domain", f->domain), LOG_TEXT("result", tls_result_names[result]),
	    LOG_NUM("status", f->fetch.status), LOG_END);
	f->result = result;
	sts_kept_fail(&f->kept, f->id, clock_wall_s());
	wrote(f, sts_kept_note_failure(f->house.store, f->domain, &f->kept));
	return settle(f);
}

/* --- fetching ---------------------------------------------------------------------------------------------- */

static void
fetch(struct sts_find *f)
{
	struct http_order order = { .method = HTTP_GET,
		.body_max = STS_FILE_MAX,
		.timeout_ms = STS_FETCH_MS,
		.allow_private = f->house.allow_private };
	struct buf url;

	buf_init(&url, URL_MAX);
	buf_add(&url, STR("https://mta-sts."));
	buf_add(&url, f->domain);
	buf_add(&url, STR("/.well-known/mta-sts.txt"));
	order.url = buf_str(&url);
	f->is_fetching = true;
	http_fetch_start(f->house.http, &f->fetch, f->owner, &order);
	buf_release(&url);
}

/* RFC 8461 3.3: text/plain, so that a host where strangers may leave pages says nothing. */
static bool
is_text(struct str type)
{
	struct str name = str_trim(str_head(type, str_find_char(type, ';')));

	return str_eq_nocase(name, STR("text/plain"));
}

static bool
fetched(struct sts_find *f)
{
	struct sts_policy policy;

	if (f->fetch.op.fail == FAIL_DENIED)
		return settle_failed(f, TLS_RESULT_STS_WEBPKI);
	/* RFC 8461 3.3: a redirect is no policy. */
	if (f->fetch.op.fail != FAIL_NONE || f->fetch.status != 200)
		return settle_failed(f, TLS_RESULT_STS_FETCH);
	if (!is_text(http_fetch_header(&f->fetch, STR("Content-Type"))) ||
	    sts_policy_parse(buf_str(&f->fetch.body), &policy) != FAIL_NONE)
		return settle_failed(f, TLS_RESULT_STS_INVALID);
	sts_kept_set(&f->kept, &policy, f->id, clock_wall_s());
	if (!f->kept.has_policy)
		return settle_failed(f, TLS_RESULT_STS_INVALID);
	log_info(&sts_log, "sts.fetched", LOG_TEXT("domain", f->domain), LOG_TEXT("id", f->id),
	    LOG_TEXT("mode", sts_mode_names[policy.mode]));
	if (!f->is_renewal)
		f->kept.used_s = clock_wall_s();
	wrote(f, sts_kept_write(f->house.store, f->domain, &f->kept));
	return settle(f);
}

/* --- the record in DNS --------------------------------------------------------------------------------------- */

/* The policy that is kept is the one that DNS names, and fresh. */
static bool
is_fresh(const struct sts_find *f, int64_t now_s)
{
	return str_eq(str_c(f->kept.id), f->id) && sts_age_is_fresh(&f->kept, now_s);
}

static bool
has_just_failed(const struct sts_find *f, int64_t now_s)
{
	return f->kept.failed_s != 0 && str_eq(str_c(f->kept.failed_id), f->id) &&
	    f->kept.failed_s <= now_s && now_s - f->kept.failed_s < STS_PAUSE_S;
}

static bool
record_came(struct sts_find *f)
{
	int64_t now_s = clock_wall_s();
	bool has_record = f->record.op.fail == FAIL_NONE &&
	    sts_record_parse(f->record.records, f->record.record_count, &f->id) == FAIL_NONE;

	if (f->is_renewal) {
		if (!has_record)
			f->id = str_c(f->kept.id);
		fetch(f);
		return op_pending(&f->fetch.op) ? false : fetched(f);
	}
	/* RFC 8461 3.1: no record, no new policy; what is kept counts on. */
	if (!has_record || is_fresh(f, now_s))
		return settle(f);
	if (has_just_failed(f, now_s)) {
		f->result = TLS_RESULT_STS_FETCH;
		return settle(f);
	}
	fetch(f);
	return op_pending(&f->fetch.op) ? false : fetched(f);
}

/* --- from outside ------------------------------------------------------------------------------------------- */

static void
begin(struct sts_find *f, const struct sts_house *house, struct task *owner, struct str domain)
{
	*f = (struct sts_find){ .house = *house, .owner = owner, .domain = domain };
	if (sts_kept_read(house->store, domain, &f->kept) == FAIL_TEMP)
		log_warn(&sts_log, "sts.unread", LOG_TEXT("domain", domain));
}

static void
ask_for_record(struct sts_find *f)
{
	struct buf name;

	buf_init(&name, DNS_NAME_MAX);
	buf_add(&name, STR("_mta-sts."));
	buf_add(&name, f->domain);
	dns_query_start(f->house.dns, &f->record, f->owner, buf_str(&name), DNS_TXT);
	buf_release(&name);
}

void
sts_start(struct sts_find *f, const struct sts_house *house, struct task *owner, struct str domain)
{
	begin(f, house, owner, domain);
	ask_for_record(f);
}

void
sts_start_renewal(struct sts_find *f, const struct sts_house *house, struct task *owner,
    struct str domain)
{
	begin(f, house, owner, domain);
	f->is_renewal = true;
	if (f->kept.has_policy)
		ask_for_record(f);
	else
		f->is_settled = true;
}

bool
sts_look(struct sts_find *f)
{
	if (f->is_settled)
		return true;
	if (op_pending(&f->record.op) || op_pending(&f->fetch.op))
		return false;
	return f->is_fetching ? fetched(f) : record_came(f);
}

void
sts_expire(struct sts_find *f)
{
	if (f->is_settled || !f->is_fetching)
		return;
	http_fetch_cancel(&f->fetch);
	settle_failed(f, TLS_RESULT_STS_FETCH);
}

void
sts_release(struct sts_find *f)
{
	dns_query_release(&f->record);
	http_fetch_release(&f->fetch);
	sts_kept_release(&f->kept);
	*f = (struct sts_find){ 0 };
}
