/*
 * What an account sends in a day: messages, and recipients to whom it never wrote before. A stolen
 * password shows in the second long before it shows in the first.
 */
#include "policy/private.h"

/* system */
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define DAY_S 86400

enum { DAY_MESSAGES, DAY_RECIPIENTS }; /* counts of a KEEP_DAY */

struct sending {
	struct policy *policy;
	struct keep_name account;
	struct keep_name *recipients; /* own; each once, in order */
	size_t count, unknown;
	struct keep_record day;
};

/* --- recipients ----------------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct keep_name *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, KEEP_NAME_MAX);
}

static void
sort_out(struct sending *s)
{
	size_t kept = 0;

	qsort(s->recipients, s->count, sizeof s->recipients[0], compare);
	for (size_t i = 0; i < s->count; i++) {
		if (kept == 0 || compare(&s->recipients[kept - 1], &s->recipients[i]) != 0)
			s->recipients[kept++] = s->recipients[i];
	}
	s->count = kept;
}

/* Without a limit on new recipients none are looked up, nor remembered. */
static void
sending_init(struct sending *s, struct policy *p, struct str account, const struct str *recipients,
    size_t count)
{
	*s = (struct sending){ .policy = p };
	keep_name_text(&s->account, account);
	if (p->settings->account_new_recipients == 0)
		return;
	s->recipients = mem_new(count, sizeof s->recipients[0]);
	s->count = count;
	for (size_t i = 0; i < count; i++) {
		s->recipients[i] = s->account;
		keep_name_text(&s->recipients[i], recipients[i]);
	}
	sort_out(s);
}

/* --- reading and writing -------------------------------------------------------------------------------- */

static int64_t
today_s(void)
{
	return clock_wall_s() / DAY_S * DAY_S;
}

/* The day so far; another day's counts, also of one to come, are none. */
static enum fail
read_day(struct txn *t, struct sending *s)
{
	enum fail fail = keep_get(s->policy, t, KEEP_DAY, &s->account, &s->day);

	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return fail;
	if (s->day.time_s != today_s())
		s->day = (struct keep_record){ .time_s = today_s() };
	return FAIL_NONE;
}

static enum fail
read_sending(struct txn *t, void *arg)
{
	struct sending *s = arg;
	struct keep_record r;
	enum fail fail = read_day(t, s);

	s->unknown = 0;
	for (size_t i = 0; fail == FAIL_NONE && i < s->count; i++) {
		fail = keep_get(s->policy, t, KEEP_RECIPIENT, &s->recipients[i], &r);
		s->unknown += fail == FAIL_MISSING;
		fail = fail == FAIL_MISSING ? FAIL_NONE : fail;
	}
	return fail;
}

static enum fail
write_recipient(struct txn *t, struct sending *s, const struct keep_name *name)
{
	struct keep_record r;
	enum fail fail = keep_get(s->policy, t, KEEP_RECIPIENT, name, &r);

	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return fail;
	if (fail == FAIL_NONE && !keep_is_stale(s->policy, KEEP_RECIPIENT, &r))
		return FAIL_NONE;
	s->unknown += fail == FAIL_MISSING;
	r = (struct keep_record){ .time_s = clock_wall_s() };
	return keep_put(s->policy, t, KEEP_RECIPIENT, name, &r);
}

static enum fail
write_sending(struct txn *t, void *arg)
{
	struct sending *s = arg;
	enum fail fail = read_day(t, s);

	s->unknown = 0;
	for (size_t i = 0; fail == FAIL_NONE && i < s->count; i++)
		fail = write_recipient(t, s, &s->recipients[i]);
	if (fail != FAIL_NONE)
		return fail;
	s->day.count[DAY_MESSAGES]++;
	s->day.count[DAY_RECIPIENTS] += s->unknown;
	return keep_put(s->policy, t, KEEP_DAY, &s->account, &s->day);
}

/* --- the calls ------------------------------------------------------------------------------------------ */

static bool
is_limited(const struct policy *p)
{
	return p->settings->account_messages > 0 || p->settings->account_new_recipients > 0;
}

/* True when `more` of it would pass `max`. */
static bool
exceeds(uint64_t count, uint64_t more, uint64_t max)
{
	return max > 0 && more > 0 && (count >= max || more > max - count);
}

enum fail
policy_account_may(struct policy *p, struct str account, const struct str *recipients, size_t count,
    struct policy_day *out)
{
	struct sending s;
	enum fail fail;

	*out = (struct policy_day){
		.messages_max = (uint64_t)p->settings->account_messages,
		.recipients_new_max = (uint64_t)p->settings->account_new_recipients,
	};
	if (!is_limited(p))
		return FAIL_NONE;
	out->ends_s = today_s() + DAY_S - clock_wall_s();
	sending_init(&s, p, account, recipients, count);
	fail = store_read(p->store, read_sending, &s);
	mem_free(s.recipients);
	if (fail != FAIL_NONE)
		return FAIL_TEMP;
	out->messages = s.day.count[DAY_MESSAGES];
	out->recipients_new = s.day.count[DAY_RECIPIENTS];
	if (exceeds(out->messages, 1, out->messages_max) ||
	    exceeds(out->recipients_new, s.unknown, out->recipients_new_max))
		return FAIL_LIMIT;
	return FAIL_NONE;
}

enum fail
policy_account_count(struct policy *p, struct str account, const struct str *recipients,
    size_t count)
{
	struct sending s;
	enum fail fail;

	if (!is_limited(p))
		return FAIL_NONE;
	sending_init(&s, p, account, recipients, count);
	fail = keep_run(p, write_sending, &s);
	mem_free(s.recipients);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_TEMP;
}
