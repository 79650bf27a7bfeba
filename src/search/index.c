/* One message after the other into the index, in slices. */
#include "search/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define JOB_ARENA_MAX \
	(16 * 1024 * 1024) /* bytes: the parts of one message, as the mail room has it */

/* --- one message -------------------------------------------------------------------------------------------- */

void
search_job_drop(struct search *s)
{
	struct search_job *j = &s->job;

	if (!j->account)
		return;
	blob_wait_release(&j->wait);
	text_walk_release(&j->walk);
	grams_release(&j->grams);
	words_release(&j->words);
	arena_release(&j->arena);
	blob_unmap(&j->map);
	*j = (struct search_job){ 0 };
}

static void
job_begin(struct search *s, struct search_work_account *a, uint64_t email)
{
	struct search_job *j = &s->job;

	*j = (struct search_job){ .account = a, .email = email };
	arena_init(&j->arena, JOB_ARENA_MAX);
	grams_init(&j->grams);
	words_init(&j->words);
}

bool
search_is_waiting(const struct search *s)
{
	return op_pending(&s->job.wait.op);
}

bool
search_is_stuck(const struct search *s)
{
	return search_is_waiting(s) || clock_mono_ms() < s->far_at_ms;
}

/*
 * Take its file. False: it is far away, and not here yet, or cannot be reached: then it comes again later. One that
 * is here and cannot be read may hold everything.
 */
static bool
job_take_file(struct search *s)
{
	struct search_job *j = &s->job;
	/* without a loop it is waited for in place */
	bool was_far = blob_wait_is_started(&j->wait) || s->loop == NULL;
	enum fail fail =
	    s->source->map(s->arg, j->account->now.id, j->email, &j->wait, &s->task, &j->map);

	if (search_is_waiting(s))
		return false;
	if (was_far && fail == FAIL_TEMP) {
		log_info(&s->log, "search.unreached", LOG_NUM("account", j->account->now.id),
		    LOG_NUM("email", j->email));
		search_job_drop(s);
		s->far_at_ms = clock_mono_ms() + SEARCH_FAR_MS;
		return false;
	}
	if (fail != FAIL_NONE)
		grams_cut(&j->grams);
	j->parser = message_parse_begin(&j->message, j->map.bytes, &j->arena);
	if (!j->parser)
		grams_cut(&j->grams);
	j->is_begun = true;
	return true;
}

/* Some of its structure; true: all of it is known. */
static bool
job_parse(struct search *s, int64_t end_us)
{
	struct search_job *j = &s->job;

	while (!j->is_parsed && j->parser && !message_parse_step(j->parser, MESSAGE_PARSE_PIECE))
		if (clock_precise_us() >= end_us)
			return false;
	if (!j->is_parsed)
		text_walk_init(&j->walk, &j->message, TEXT_ALL, STR(""));
	j->is_parsed = true;
	return true;
}

/* Into the group of its chunk. */
static enum fail
job_end(struct search *s)
{
	struct search_job *j = &s->job;
	struct search_work_account *a = j->account;
	struct buf grams, words;
	enum fail fail = search_group_choose(s, a, j->email >> CHUNK_BITS);

	if (fail != FAIL_NONE)
		return fail;
	buf_init(&grams, GRAMS_LIST_MAX);
	buf_init(&words, WORDS_LIST_MAX);
	grams_write(&j->grams, &grams);
	words_write(&j->words, &words);
	search_group_add(s, j->email, buf_str(&grams), buf_str(&words));
	buf_release(&grams);
	buf_release(&words);
	a->done = j->email;
	a->rows++;
	s->status.indexed++;
	return FAIL_NONE;
}

/* Some of its text; true: all of it was looked at. */
static bool
job_read(struct search *s, int64_t end_us)
{
	struct search_job *j = &s->job;
	struct str text;

	while (!j->grams.is_cut && text_walk_next(&j->walk, &text)) {
		if (!buf_ok(&j->walk.text))
			grams_cut(&j->grams);
		grams_add(&j->grams, j->walk.is_body ? GRAM_BODY : GRAM_HEADER, text,
		    j->walk.goes_on);
		words_add(&j->words, j->walk.is_body ? WORD_IN_BODY : WORD_IN_HEADER,
		    buf_str(&j->grams.folded));
		if (clock_precise_us() >= end_us)
			return false;
	}
	return true;
}

/* --- an account --------------------------------------------------------------------------------------------- */

/*
 * The next message of the account; FAIL_MISSING: there is none. When it is of another chunk than the last one, that
 * one is complete: FAIL_NONE, and it is chosen to be built.
 */
static enum fail
next_job(struct search *s, struct search_work_account *a)
{
	uint64_t email;
	enum fail fail = a->done < a->now.last ? FAIL_NONE : FAIL_MISSING;

	if (fail == FAIL_NONE)
		fail = s->source->next(s->arg, a->now.id, a->done, &email);
	if (fail == FAIL_NONE && email > a->now.last)
		fail = FAIL_MISSING;
	if (fail != FAIL_NONE)
		return fail;
	if (a->built <= a->done >> CHUNK_BITS && email >> CHUNK_BITS != a->done >> CHUNK_BITS) {
		fail = search_group_choose(s, a, a->done >> CHUNK_BITS);
		if (fail == FAIL_NONE)
			s->group.stage = GROUP_COMPLETE;
		return fail;
	}
	job_begin(s, a, email);
	return FAIL_NONE;
}

/* One step of what is under way: a chunk becomes pages, or a message is read. */
static enum fail
step(struct search *s, int64_t end_us)
{
	struct search_work_account *a = s->group.account;
	uint64_t chunk = s->group.chunk;
	bool is_done;
	enum fail fail = FAIL_NONE;

	if (s->group.stage != GROUP_FILLING) {
		fail = search_group_build(s, end_us, &is_done);
		if (fail == FAIL_NONE && is_done)
			a->built = chunk + 1;
	} else if ((s->job.is_begun || job_take_file(s)) && job_parse(s, end_us) &&
	    job_read(s, end_us)) {
		fail = job_end(s);
		search_job_drop(s);
	}
	return fail;
}

enum fail
search_index(struct search *s, struct search_work_account *a, int64_t end_us, bool *more_out)
{
	enum fail fail = FAIL_NONE;

	*more_out = true;
	do {
		if (!s->job.account && s->group.stage == GROUP_FILLING)
			fail = next_job(s, a);
		if (fail == FAIL_MISSING) {
			a->done = a->now.last;
			*more_out = false;
			return FAIL_NONE;
		}
		if (fail == FAIL_NONE)
			fail = step(s, end_us);
	} while (fail == FAIL_NONE && !search_is_stuck(s) && clock_precise_us() < end_us);
	return fail;
}
