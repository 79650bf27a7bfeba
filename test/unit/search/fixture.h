/*
 * fixture.h - an index over messages in memory, without a loop.
 */
#ifndef TEST_SEARCH_FIXTURE_H
#define TEST_SEARCH_FIXTURE_H

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "message/text.h"
#include "search/search.h"

#define ACCOUNTS_MAX 4
#define EMAILS_MAX   3000

struct fixture {
	char path[300];
	struct search *search;
	struct buf emails[ACCOUNTS_MAX][EMAILS_MAX]; /* by account - 1, id - 1; empty: gone */
	uint64_t last[ACCOUNTS_MAX];                 /* 0: no such account */
	enum fail map_fails;
	uint64_t mapped;
	bool is_far;            /* files are waited for */
	struct blob_wait *wait; /* borrow: by this one */
};

static inline enum fail
fixture_account(void *arg, uint64_t after, struct search_account *out)
{
	struct fixture *f = arg;

	for (uint64_t id = after + 1; id <= ACCOUNTS_MAX; id++) {
		if (f->last[id - 1] == 0)
			continue;
		*out = (struct search_account){ .id = id, .last = f->last[id - 1] };
		for (uint64_t email = 1; email <= out->last; email++)
			out->emails += f->emails[id - 1][email - 1].n > 0;
		return FAIL_NONE;
	}
	return FAIL_MISSING;
}

static inline enum fail
fixture_next(void *arg, uint64_t account, uint64_t after, uint64_t *email_out)
{
	struct fixture *f = arg;

	for (uint64_t email = after + 1; email <= f->last[account - 1]; email++) {
		if (f->emails[account - 1][email - 1].n > 0) {
			*email_out = email;
			return FAIL_NONE;
		}
	}
	return FAIL_MISSING;
}

static inline enum fail
fixture_map(void *arg, uint64_t account, uint64_t email, struct blob_wait *w, struct task *owner,
    struct blob_map *out)
{
	struct fixture *f = arg;
	struct str bytes = buf_str(&f->emails[account - 1][email - 1]);
	char *copy;

	*out = (struct blob_map){ .is_mapped = false };
	if (f->is_far && w && op_pending(&w->op))
		return FAIL_TEMP;
	if (f->is_far && w && !w->op.owner) {
		f->wait = w;
		op_begin(&w->op, owner);
		return FAIL_TEMP;
	}
	if (f->is_far && w) {
		enum fail fail = w->op.fail;

		*w = (struct blob_wait){ 0 };
		if (fail != FAIL_NONE)
			return fail;
	}
	f->mapped++;
	if (f->map_fails || bytes.n == 0)
		return f->map_fails ? f->map_fails : FAIL_MISSING;
	copy = mem_new(bytes.n, 1);
	memcpy(copy, bytes.p, bytes.n);
	out->bytes = str_of(copy, bytes.n);
	return FAIL_NONE;
}

static const struct search_source fixture_source = { fixture_account, fixture_next, fixture_map };

/* `name` keeps fixtures of one program apart. */
static inline void
fixture_init(struct fixture *f, const char *name)
{
	memset(f, 0, sizeof *f);
	snprintf(f->path, sizeof f->path, "%s/%s.db", test_folder(), name);
	for (size_t a = 0; a < ACCOUNTS_MAX; a++)
		for (size_t i = 0; i < EMAILS_MAX; i++)
			buf_init(&f->emails[a][i], 8 * 1024 * 1024);
}

static inline void
fixture_open(struct fixture *f)
{
	search_open(&f->search, NULL, str_c(f->path), &fixture_source, f);
}

static inline void
fixture_release(struct fixture *f)
{
	search_close(&f->search);
	for (size_t a = 0; a < ACCOUNTS_MAX; a++)
		for (size_t i = 0; i < EMAILS_MAX; i++)
			buf_release(&f->emails[a][i]);
}

static inline void
fixture_tell(struct fixture *f, uint64_t account)
{
	struct search_account now;

	CHECK_NUM(fixture_account(f, account - 1, &now), FAIL_NONE);
	search_news(f->search, &now);
}

/* A message more, durable at once; its id. */
static inline uint64_t
fixture_add(struct fixture *f, uint64_t account, struct str bytes)
{
	uint64_t id = ++f->last[account - 1];

	invariant(id <= EMAILS_MAX && bytes.n > 0);
	buf_clear(&f->emails[account - 1][id - 1]);
	buf_add(&f->emails[account - 1][id - 1], bytes);
	if (f->search)
		fixture_tell(f, account);
	return id;
}

static inline void
fixture_remove(struct fixture *f, uint64_t account, uint64_t email)
{
	buf_release(&f->emails[account - 1][email - 1]);
}

/* Everything that waits. */
static inline void
fixture_work(struct fixture *f)
{
	while (search_work(f->search, clock_precise_us() + 1000))
		continue;
}

static inline void
fixture_ask(struct fixture *f, struct search_query *q, uint64_t account,
    const struct search_term *term)
{
	search_query_start(q, f->search, account, term);
	while (!search_query_step(q, 0))
		continue;
}

static inline struct search_term
fixture_text(enum search_where where, struct str text)
{
	return (struct search_term){ .kind = SEARCH_TEXT, .where = where, .text = text };
}

/* Candidates among all Emails of the account as "1 3", "all" when nothing is narrowed. */
static inline struct str
fixture_candidates(struct fixture *f, struct buf *out, uint64_t account,
    const struct search_term *term)
{
	struct search_query q;

	buf_clear(out);
	fixture_ask(f, &q, account, term);
	for (uint64_t email = 1; q.is_narrow && email <= f->last[account - 1]; email++) {
		if (!search_query_has(&q, email))
			continue;
		if (out->n > 0)
			buf_add_char(out, ' ');
		buf_add_u64(out, email);
	}
	if (!q.is_narrow)
		buf_add_c(out, "all");
	search_query_release(&q);
	return buf_str(out);
}

#endif
