#include "smtpc/sort.h"

/* base */
#include "base/mem.h"

/*
 * 5xx that are no reason to give mail back. Of a row the status is used when the host gave none of its
 * own; if it did, only its class changes.
 */
static const struct {
	enum smtpc_stage stage;
	unsigned code; /* 0: any 5xx */
	bool only_with_others;
	struct status status;
} temporary[] = {
	/* The owner's name or password at a smart host is wrong: he will mend it, mail waits. */
	{ SMTPC_AT_AUTH, 0, false, { 4, 7, 8 } },
	/* They want a login or TLS: how we talk to them can be mended (RFC 4954 6, RFC 3207 4). */
	{ SMTPC_AT_MAIL, 530, false, { 4, 7, 0 } },
	{ SMTPC_AT_RCPT, 530, false, { 4, 7, 0 } },
	/* RFC 5321 4.5.3.1.10: once "too many recipients" had this code; the rest goes next time. */
	{ SMTPC_AT_RCPT, 552, true, { 4, 5, 3 } },
};

struct sorted
smtpc_sort(enum smtpc_stage stage, const struct reply *reply, bool has_others)
{
	struct sorted sorted = { FAIL_NONE, reply->status };

	if (!reply_is(reply, 4) && !reply_is(reply, 5))
		return sorted;
	sorted.fail = reply_is(reply, 4) ? FAIL_TEMP : FAIL_PERM;
	if (sorted.fail == FAIL_TEMP)
		return sorted;
	for (size_t i = 0; i < ARRAY_LEN(temporary); i++) {
		if (temporary[i].stage != stage ||
		    (temporary[i].code != 0 && temporary[i].code != reply->code) ||
		    (temporary[i].only_with_others && !has_others))
			continue;
		sorted.fail = FAIL_TEMP;
		if (!reply->has_status)
			sorted.status = temporary[i].status;
		sorted.status.kind = 4;
		break;
	}
	return sorted;
}

/* RFC 5321 3.2 names 500 and 502; old hosts have others for a command that they do not know. */
bool
smtpc_sort_is_helo_worth(const struct reply *reply)
{
	static const unsigned codes[] = { 500, 501, 502, 504, 550 };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (codes[i] == reply->code)
			return true;
	}
	return false;
}
