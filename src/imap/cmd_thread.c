/*
 * THREAD and UID THREAD (RFC 5256).
 *
 *     FINDING, each message that matches is added --the end--> BUILDING --> WRITING --> told
 */
#include "imap/command.h"

/* base */
#include "base/map.h"

/* rooms */
#include "codec/utf8.h"
#include "imap/search_run.h"
#include "imap/sort.h"
#include "imap/threads.h"
#include "message/message.h"
#include "message/subject.h"

#define MOVES_PER_LOOK 1000 /* between two looks at the clock: some 50 us */

struct thread_work { /* arena: the command's */
	struct imap_search search;
	struct imap_search_run run;
	struct imap_threads threads;
	struct imap_thread_message message; /* the one under way */
	struct buf subject;                 /* own; mapped */
};

static void
thread_release(struct imap_session *s)
{
	struct thread_work *w = s->run.data;

	imap_search_run_release(&w->run);
	imap_threads_release(&w->threads);
	buf_release(&w->subject);
}

/* --- what threads need of a message ---------------------------------------------------------------------- */

static uint64_t
hash_of(struct str text)
{
	uint64_t hash = map_hash(text);

	return hash != 0 ? hash : 1;
}

static bool
next_id(struct str *cur, struct arena *arena, uint64_t *out)
{
	struct str id;

	if (!message_id_next(cur, &id))
		return false;
	*out = hash_of(message_id_plain(id, arena));
	return true;
}

/* References, the last IMAP_THREAD_REFS_MAX; without any, the first id of In-Reply-To. */
static void
take_references(struct imap_thread_message *m, const struct message *summary, struct arena *arena)
{
	struct str cur = message_field(&summary->root, FIELD_REFERENCES);
	uint64_t ring[IMAP_THREAD_REFS_MAX], id;
	size_t count = 0;

	while (next_id(&cur, arena, &id))
		ring[count++ % IMAP_THREAD_REFS_MAX] = id;
	m->ref_count = count < IMAP_THREAD_REFS_MAX ? count : IMAP_THREAD_REFS_MAX;
	for (size_t i = 0; i < m->ref_count; i++)
		m->refs[i] = ring[(count - m->ref_count + i) % IMAP_THREAD_REFS_MAX];
	cur = message_field(&summary->root, FIELD_IN_REPLY_TO);
	if (count == 0 && next_id(&cur, arena, &m->refs[0]))
		m->ref_count = 1;
}

static void
take_subject(struct thread_work *w, const struct message *summary, struct arena *arena)
{
	struct str raw = message_field(&summary->root, FIELD_SUBJECT);

	buf_clear(&w->subject);
	utf8_casemap(&w->subject, subject_base(raw, arena, &w->message.is_reply));
	if (w->subject.n > 0)
		w->message.subject = hash_of(buf_str(&w->subject));
}

static void
found_one(struct imap_session *s, struct thread_work *w, const struct view_seen *seen)
{
	const struct message *summary = imap_matcher_outline(&w->run.matcher);
	struct arena *arena = &w->run.matcher.arena;
	struct imap_thread_message *m = &w->message;
	struct str cur;

	m->number = s->run.is_uid ? seen->uid : seen->seq;
	m->id = m->subject = 0;
	m->ref_count = 0;
	m->is_reply = false;
	m->date_s = w->threads.by == THREAD_REFS ? seen->entry->received_s
						 : imap_sent_date(seen->entry, summary);
	if (summary) {
		cur = message_field(&summary->root, FIELD_MESSAGE_ID);
		if (!next_id(&cur, arena, &m->id))
			m->id = 0;
		take_references(m, summary, arena);
		take_subject(w, summary, arena);
	}
	imap_threads_add(&w->threads, m);
}

/* --- steps ------------------------------------------------------------------------------------------------- */

static enum imap_state
writing_step(struct imap_session *s)
{
	struct thread_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();

	while (!imap_threads_write(&w->threads, &s->run.before, MOVES_PER_LOOK))
		if (imap_slice_over_now(s, &slice))
			return IMAP_WORK;
	buf_add_c(&s->run.before, "\r\n");
	if (w->run.matcher.unread != FAIL_NONE)
		return imap_search_unread(s, &w->search, w->run.matcher.unread);
	return imap_ok(s, NULL, "Threaded");
}

static enum imap_state
building_step(struct imap_session *s)
{
	struct thread_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();

	while (!imap_threads_build(&w->threads, MOVES_PER_LOOK))
		if (imap_slice_over_now(s, &slice))
			return IMAP_WORK;
	if (w->threads.is_over)
		return imap_search_too_many(s, &w->search);
	buf_add_c(&s->run.before, w->threads.sorter.count > 0 ? "* THREAD " : "* THREAD");
	s->run.work = writing_step;
	return IMAP_WORK;
}

static enum imap_state
finding_step(struct imap_session *s)
{
	struct thread_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct view_seen seen;
	enum imap_found found;

	imap_search_run_resume(&w->run);
	while ((found = imap_search_run_next(&w->run, &slice, &seen)) == FOUND_ONE) {
		found_one(s, w, &seen);
		if (w->threads.is_over)
			return imap_search_too_many(s, &w->search);
		if (imap_slice_over_now(s, &slice))
			return IMAP_WORK;
	}
	if (found == FOUND_END)
		s->run.work = building_step;
	return IMAP_WORK;
}

enum imap_state
imap_cmd_thread(struct imap_session *s, struct imap_cursor *args)
{
	struct thread_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum imap_state refused;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	refused = imap_search_read(s, args, imap_thread_parse, &w->search);
	if (refused != IMAP_READ)
		return refused;
	imap_threads_init(&w->threads, w->search.thread_by);
	buf_init(&w->subject, 16 * IMAP_SORT_TEXT_MAX); /* mapped texts grow */
	fail = imap_search_run_init(&w->run, s, &s->view, &w->search);
	w->run.needs_outline = true;
	s->run.data = w;
	s->run.work = finding_step;
	s->run.release = thread_release;
	if (fail == FAIL_NONE && imap_search_run_is_too_long(&w->run))
		return imap_search_too_long(s, &w->search);
	return fail == FAIL_NONE ? IMAP_WORK : imap_fail(s, fail);
}
