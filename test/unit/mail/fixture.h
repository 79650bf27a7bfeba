/*
 * fixture.h - a store, message files and an account in a temporary folder, without a loop unless a test gives it one.
 */
#ifndef TEST_MAIL_FIXTURE_H
#define TEST_MAIL_FIXTURE_H

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "mail/changes.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "mail/notify.h"
#include "mail/thread.h"
#include "mail/view.h"
#include "message/message.h"
#include "store/store.h"

struct fixture {
	char store_path[300], blob_path[300];
	struct loop *loop; /* borrow: the test's, set before it is opened; or NULL */
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct account *account;
	uint64_t findings;
};

/* Make the folder's paths; `name` keeps fixtures of one program apart. */
static inline void
fixture_init(struct fixture *f, const char *name)
{
	*f = (struct fixture){ .store = NULL };
	snprintf(f->store_path, sizeof(f->store_path), "%s/%s.db", test_folder(), name);
	snprintf(f->blob_path, sizeof(f->blob_path), "%s/%s", test_folder(), name);
}

static inline enum fail
fixture_try_open(struct fixture *f)
{
	enum fail fail = store_open(&f->store, f->loop, str_c(f->store_path), NULL);

	if (fail == FAIL_NONE)
		fail = blob_open(&f->blobs, f->loop, f->store, str_c(f->blob_path));
	if (fail == FAIL_NONE)
		fail = mail_open(&f->mail, f->loop, f->store, f->blobs);
	if (fail == FAIL_NONE)
		fail = blob_recover(f->blobs);
	if (fail == FAIL_NONE)
		fail = account_open(f->mail, STR("alice@example.test"), NULL, &f->account);
	return fail;
}

static inline enum fail
fixture_commit(struct fixture *f)
{
	enum fail fail = blob_commit(f->blobs);

	mail_committed(f->mail, fail);
	return fail;
}

/* `commits`: else as a crash would leave it. */
static inline void
fixture_close(struct fixture *f, bool commits)
{
	if (commits)
		CHECK(fixture_commit(f) == FAIL_NONE);
	account_close(&f->account);
	if (f->mail)
		mail_close(&f->mail);
	blob_close(&f->blobs);
	store_close(&f->store);
}

static inline void
fixture_open(struct fixture *f, const char *name)
{
	fixture_init(f, name);
	CHECK_NUM(fixture_try_open(f), FAIL_NONE);
}

static inline void
fixture_report(struct mail_check *check, struct str line)
{
	(void)check;
	printf("check: %.*s\n", STR_ARG(line));
}

/* mail_check() finds nothing. */
static inline void
fixture_check(struct fixture *f)
{
	struct mail_check check = { .report = fixture_report };

	CHECK_NUM(mail_check(f->mail, &check), FAIL_NONE);
	CHECK_NUM(check.findings, 0);
	f->findings = check.findings;
}

static inline uint32_t
fixture_box(struct fixture *f, const char *path)
{
	struct mailbox *m = mailbox_by_path(f->account, str_c(path));

	return m ? m->id : 0;
}

/* A small message with this Message-ID, subject and text put together from numbers. */
static inline void
fixture_message(struct buf *out, unsigned id, unsigned parent, const char *subject)
{
	buf_init(out, 4096);
	buf_add_c(out, "From: bob@example.test\r\nTo: alice@example.test\r\nSubject: ");
	buf_add_c(out, subject);
	buf_add_c(out, "\r\nMessage-ID: <m");
	buf_add_u64(out, id);
	buf_add_c(out, "@x>\r\n");
	if (parent) {
		buf_add_c(out, "In-Reply-To: <m");
		buf_add_u64(out, parent);
		buf_add_c(out, "@x>\r\n");
	}
	buf_add_c(out, "\r\nHello ");
	buf_add_u64(out, id);
	buf_add_c(out, "\r\n");
}

static inline enum fail
fixture_add(struct fixture *f, uint32_t mailbox, uint64_t flags, unsigned id, unsigned parent,
    const char *subject, struct email_added *out)
{
	struct buf text;
	struct email_new new = { .received_s = 1700000000 + id,
		.flags = flags,
		.mailboxes = &mailbox,
		.mailbox_count = 1 };
	enum fail fail;

	fixture_message(&text, id, parent, subject);
	new.bytes = buf_str(&text);
	fail = email_add_bytes(f->account, &new, out);
	buf_release(&text);
	return fail;
}

#endif
