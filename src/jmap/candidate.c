/*
 * One Email that is judged: what is known of it is loaded level by level.
 */
#include "jmap/filter.h"

/* rooms */
#include "mail/thread.h"

enum fail
candidate_load(struct candidate *who, enum level level)
{
	struct message *summary;
	enum fail fail = FAIL_NONE;

	if (level >= LEVEL_RECORD && !who->email) {
		fail = email_get(who->account, who->id, who->a, &who->email);
		if (fail)
			return fail;
		if (!email_is_visible(who->email))
			return FAIL_MISSING;
		who->size = who->email->size;
		who->keywords = who->email->keywords;
	}
	if (level == LEVEL_SUMMARY && !who->summary && !who->is_full) {
		fail = email_summary(who->account, who->id, who->a, &summary);
		if (fail == FAIL_NONE)
			who->summary = summary;
		else if (fail == FAIL_PERM || fail == FAIL_LIMIT) /* it does not do */
			level = LEVEL_FILE;
		else
			return fail;
	}
	if (level >= LEVEL_FILE && !who->is_full) {
		fail = email_map_wait(who->account, who->id, who->wait, who->call->run->host.task,
		    &who->map);
		who->is_cut = jmap_waits(who->call, who->wait);
		if (who->is_cut || fail)
			return who->is_cut ? FAIL_NONE : fail;
		message_parse(&who->full, who->map.bytes, who->a);
		who->is_full = true;
	}
	return FAIL_NONE;
}

enum fail
candidate_thread(struct candidate *who, enum filter_thread what, uint64_t bit, bool *out)
{
	uint64_t *ids;
	size_t count, shown = 0, having = 0;
	enum fail fail = thread_emails(who->account, who->thread_id, who->a, &ids, &count);

	if (fail)
		return fail;
	for (size_t i = 0; i < count; i++) {
		struct email *e;

		fail = email_get(who->account, ids[i], who->a, &e);
		if (fail)
			return fail;
		if (!jmap_email_is_shown(who->access, e))
			continue;
		shown++;
		having += (e->keywords & bit) != 0;
	}
	*out = what == THREAD_ALL ? having == shown
	    : what == THREAD_SOME ? having > 0
				  : having == 0;
	return FAIL_NONE;
}
