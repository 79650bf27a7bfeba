/*
 * One Email that is judged: what is known of it is loaded level by level.
 */
#include "jmap/filter.h"

/* rooms */
#include "jmap/email.h"
#include "mail/thread.h"

#define FILE_ARENA_MAX (16 * 1024 * 1024) /* bytes: the parts of one message */

/* --- its file ---------------------------------------------------------------------------------- */

/* Another one may come. */
static void
file_drop(struct candidate_file *f)
{
	struct arena arena = f->arena;

	text_finder_free(&f->finder);
	blob_wait_release(&f->wait);
	blob_unmap(&f->map);
	arena_reset(&arena);
	*f = (struct candidate_file){ .arena = arena };
}

void
candidate_file_release(struct candidate_file *f)
{
	file_drop(f);
	arena_release(&f->arena);
}

void
candidate_end(struct candidate *who)
{
	if (!who->is_cut)
		file_drop(who->file);
}

/* Map it and begin to parse. With who->is_cut: it is on its way. */
static enum fail
file_begin(struct candidate *who)
{
	struct candidate_file *f = who->file;
	enum fail fail;

	if (f->email != who->id) {
		file_drop(f);
		if (f->arena.max == 0)
			arena_init(&f->arena, FILE_ARENA_MAX);
		f->email = who->id;
	}
	fail = email_map_wait(who->account, who->id, &f->wait, who->call->run->host.task, &f->map);
	who->is_cut = jmap_waits(who->call, &f->wait);
	if (who->is_cut || fail)
		return who->is_cut ? FAIL_NONE : fail;
	f->parser = message_parse_begin(&f->message, f->map.bytes, &f->arena);
	return f->parser ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
file_load(struct candidate *who)
{
	struct candidate_file *f = who->file;
	enum fail fail = FAIL_NONE;

	if (f->email != who->id || (!f->parser && !f->is_whole))
		fail = file_begin(who);
	if (fail || who->is_cut)
		return fail;
	if (f->parser) {
		who->is_cut = !email_parse_on(who->call, f->parser);
		if (who->is_cut)
			return FAIL_NONE;
		f->parser = NULL;
		f->is_whole = true;
	}
	who->full = &f->message;
	return FAIL_NONE;
}

bool
candidate_find(struct candidate *who, const struct str *word, enum text_where where,
    struct str name, bool *is_found_out)
{
	struct candidate_file *f = who->file;

	if (f->word != word)
		text_finder_free(&f->finder);
	if (!f->finder)
		f->finder = text_finder_new(&f->message, *word, where, name);
	f->word = word;
	do {
		who->is_cut = who->has_looked && jmap_slice_over(who->call);
		if (who->is_cut)
			return false;
		who->has_looked = true;
	} while (!text_finder_step(f->finder, is_found_out));
	text_finder_free(&f->finder);
	return true;
}

/* --- levels ------------------------------------------------------------------------------------ */

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
	if (level == LEVEL_SUMMARY && !who->summary && !who->full && !who->is_cut) {
		fail = email_summary(who->account, who->id, who->a, &summary);
		if (fail == FAIL_NONE)
			who->summary = summary;
		else if (fail == FAIL_PERM || fail == FAIL_LIMIT) /* it does not do */
			level = LEVEL_FILE;
		else
			return fail;
	}
	if (level >= LEVEL_FILE && !who->full && !who->is_cut)
		fail = file_load(who);
	return fail;
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
