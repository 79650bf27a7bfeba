/*
 * fixture.h - an account with three messages in a temporary folder, and requests run against it.
 *
 * Requests and answers are written with ' for " to be readable. A slice ends as soon as it may, so that each method
 * goes through all the states that it has between slices.
 */
#ifndef TEST_JMAP_FIXTURE_H
#define TEST_JMAP_FIXTURE_H

/* system */
#include <stdlib.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "jmap/run.h"
#include "lib/fake_blobs.h"
#include "lib/unquote.h"
#include "lib/whole_request.h"
#include "mail/email.h"
#include "mail/index.h"
#include "mail/mailbox.h"
#include "mail/upload.h"
#include "store/store.h"

struct fixture {
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct search *search;
	struct account *account; /* the user's */
	struct str groups;       /* of the user */
	const char *using;       /* more capabilities: ",'urn:..'"; or NULL */
	unsigned slices;         /* of the last request */
	unsigned give_up_at;     /* its client is gone after so many; 0: it stays */
	void (*between)(
	    struct fixture *f); /* what another session does between two slices; or NULL */
	bool is_far;
	struct jmap_host host;
	struct task_queue tasks;
	struct task task; /* owner of what is waited for */
};

static inline enum step
fixture_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

/* In files of this name, for several in one program. */
static inline void
fixture_open_as(struct fixture *f, const char *name)
{
	char store[300], blobs[300], search[300];

	*f = (struct fixture){ .store = NULL };
	list_init(&f->tasks.ready);
	list_init(&f->tasks.later);
	task_init(&f->task, &f->tasks, fixture_step, NULL);
	f->host.task = &f->task;
	clock_fake_step(LOOP_SLICE_US * 3 / 4); /* one thing is done, and the slice is over */
	snprintf(store, sizeof(store), "%s/%s.db", test_folder(), name);
	snprintf(blobs, sizeof(blobs), "%s/%s", test_folder(), name);
	CHECK_NUM(store_open(&f->store, NULL, str_c(store), NULL), FAIL_NONE);
	CHECK_NUM(blob_open(&f->blobs, NULL, f->store, str_c(blobs)), FAIL_NONE);
	CHECK_NUM(mail_open(&f->mail, NULL, f->store, f->blobs), FAIL_NONE);
	snprintf(search, sizeof(search), "%s/%s.index", test_folder(), name);
	search_open(&f->search, NULL, str_c(search), &mail_source, f->mail);
	mail_use_search(f->mail, f->search);
	CHECK_NUM(account_open(f->mail, STR("alice@example.test"), NULL, &f->account), FAIL_NONE);
}

static inline void
fixture_open(struct fixture *f)
{
	fixture_open_as(f, "mail");
}

static inline void
fixture_close(struct fixture *f)
{
	CHECK_NUM(blob_commit(f->blobs), FAIL_NONE);
	task_cancel(&f->task);
	account_close(&f->account);
	search_close(&f->search);
	mail_close(&f->mail);
	fake_blobs_end();
	blob_close(&f->blobs);
	store_close(&f->store);
}

static inline void
fixture_add(struct fixture *f, const char *bytes, int64_t received_s, uint64_t flags)
{
	uint32_t inbox = mailbox_by_role(f->account, MAILBOX_ROLE_INBOX)->id;
	struct email_new new = { .bytes = str_c(bytes),
		.received_s = received_s,
		.flags = flags,
		.mailboxes = &inbox,
		.mailbox_count = 1 };
	struct email_added added;

	CHECK_NUM(email_add_bytes(f->account, &new, &added), FAIL_NONE);
}

static inline uint64_t
fixture_upload(struct fixture *f, const char *bytes)
{
	struct blob_writer w = { .store = NULL };
	struct blob_name name;
	uint64_t id = 0;

	CHECK_NUM(blob_write_start(f->blobs, &w, f->account->name), FAIL_NONE);
	CHECK_NUM(blob_write(&w, str_c(bytes)), FAIL_NONE);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
	CHECK_NUM(upload_add(f->account, blob_name_str(&name), str_c(bytes).n,
		      STR("message/rfc822"), f->account->id, &id),
	    FAIL_NONE);
	return id;
}

/* What was stored is durable, so that the index may know it. */
static inline void
fixture_commit(struct fixture *f)
{
	enum fail fail = blob_commit(f->blobs);

	CHECK_NUM(fail, FAIL_NONE);
	mail_committed(f->mail, fail);
}

/* Files are far away (lib/fake_blobs.h). */
static inline void
fixture_far(struct fixture *f)
{
	f->is_far = true;
	fake_blobs_begin(f->blobs, NULL, 1);
}

/* Turns until something that was waited for ended. */
static inline void
fixture_wait(struct fixture *f)
{
	unsigned turns = 0;

	task_cancel(&f->task);
	while (!task_is_awake(&f->task) && turns++ < 10)
		fake_blobs_turn();
	CHECK(task_is_awake(&f->task));
}

/* Run these calls; `out` is the methodResponses with what stands behind them. False: they are no Request. */
static inline bool
fixture_try(struct fixture *f, const char *calls, struct buf *out)
{
	struct jmap_request request;
	struct jmap_run run;
	struct arena arena;
	struct buf text;
	bool is_taken;
	enum jmap_step step;

	fixture_commit(f);
	arena_init(&arena, JMAP_TREE_MAX);
	buf_init(&text, JMAP_REQUEST_MAX);
	unquote(&text, "{'using':['urn:ietf:params:jmap:core','urn:ietf:params:jmap:mail'");
	unquote(&text, f->using ? f->using : "");
	unquote(&text, "],'methodCalls':");
	unquote(&text, calls);
	buf_add_char(&text, '}');
	buf_clear(out);
	is_taken = whole_request(buf_str(&text), &arena, &request) == JMAP_TAKEN;
	if (is_taken) {
		jmap_run_init(&run, f->account, &request, STR("x"));
		jmap_run_groups(&run, f->groups);
		run.host = f->host;
		for (f->slices = 1;
		     (step = jmap_run_step(&run)) != JMAP_DONE && f->slices != f->give_up_at;
		     f->slices++) {
			if (step == JMAP_WAIT)
				fixture_wait(f);
			if (f->between)
				f->between(f);
			if (!f->is_far && !CHECK(step == JMAP_YIELD))
				break;
		}
		CHECK(buf_ok(&run.out));
		buf_add(out, buf_str(&run.out));
		jmap_run_release(&run);
	}
	buf_release(&text);
	arena_release(&arena);
	return is_taken;
}

static inline void
fixture_run(struct fixture *f, const char *calls, struct buf *out)
{
	CHECK(fixture_try(f, calls, out));
}

/* Run one call with these more arguments (",'ids':.."): its answer in the arena, NULL when it is an error. */
static inline const struct json *
fixture_ask(struct fixture *f, struct arena *a, const char *method, const char *arguments)
{
	const struct json *answer, *responses;
	struct buf calls, got;
	struct str name;

	buf_init(&calls, 1 << 20);
	buf_init(&got, 1 << 24);
	buf_add_c(&calls, "[['");
	buf_add_c(&calls, method);
	buf_add_c(&calls, "',{'accountId':'a1'");
	buf_add_c(&calls, arguments);
	buf_add_c(&calls, "},'x']]");
	fixture_run(f, buf_c(&calls), &got);
	if (!CHECK_NUM(json_parse(arena_str(a, buf_str(&got)), a, &answer), FAIL_NONE))
		abort();
	buf_release(&calls);
	buf_release(&got);
	responses = json_find(answer, STR("methodResponses"));
	if (!json_get_text(&responses->items[0].items[0], &name))
		abort();
	return str_eq(name, STR("error")) ? NULL : &responses->items[0].items[1];
}

/* Rows of requests and the answers wanted, one after the other. */
struct fixture_row {
	const char *name, *calls, *want;
};

static inline void
fixture_rows(struct fixture *f, const struct fixture_row *rows, size_t count)
{
	struct buf got, want;

	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		TEST_ROW(rows[i].name);
		fixture_run(f, rows[i].calls, &got);
		buf_clear(&want);
		unquote(&want, "{'methodResponses':");
		unquote(&want, rows[i].want);
		unquote(&want, ",'sessionState':'x'}");
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	buf_release(&got);
	buf_release(&want);
}

#endif
