/* The end of APPEND and REPLACE: files, Emails and what was replaced, in one turn and one change. */
#include "imap/append.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/command.h"
#include "imap/rights.h"
#include "mail/email.h"

struct store_work { /* own: what one change needs of all messages */
	struct blob_name *names;
	struct blob_map *maps;
	struct email_new *news;
	struct email_added *added;
};

static void
work_init(struct store_work *w, size_t count)
{
	w->names = mem_new(count, sizeof(*w->names));
	w->maps = mem_new(count, sizeof(*w->maps));
	w->news = mem_new(count, sizeof(*w->news));
	w->added = mem_new(count, sizeof(*w->added));
}

static void
work_release(struct store_work *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		blob_unmap(&w->maps[i]);
	mem_free(w->names);
	mem_free(w->maps);
	mem_free(w->news);
	mem_free(w->added);
}

/* Its file is whole; look at it. */
static enum fail
finish(struct imap_session *s, struct store_work *w, size_t i)
{
	struct imap_append *a = s->append;
	struct append_message *m = &a->messages[i];
	struct blob_store *blobs = mail_blobs(s->service->mail);
	enum fail fail = blob_write_finish(&m->writer, &w->names[i]);

	imap_wait_end(s, &m->wait);
	if (fail == FAIL_NONE)
		fail = blob_map(blobs, s->append->account->name, blob_name_str(&w->names[i]),
		    &w->maps[i]);
	if (fail != FAIL_NONE)
		return fail;
	w->news[i] = (struct email_new){ .blob = blob_name_str(&w->names[i]),
		.bytes = w->maps[i].bytes,
		.received_s = m->received_s,
		.flags = m->flags,
		.mailboxes = &a->mailbox,
		.mailbox_count = 1 };
	return FAIL_NONE;
}

static enum fail
store(struct imap_session *s, struct store_work *w)
{
	struct imap_append *a = s->append;
	struct email_batch batch = { .news = w->news,
		.count = a->count,
		.replaced_mailbox = a->replaced_uid ? s->view.view->mailbox : 0,
		.replaced_uid = a->replaced_uid };
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < a->count; i++)
		fail = finish(s, w, i);
	return fail == FAIL_NONE ? email_add_batch(s->append->account, &batch, w->added) : fail;
}

/* resp-code-apnd = "APPENDUID" SP nz-number SP append-uid (RFC 4315 3, RFC 3502 6.3.11: a set) */
static void
appenduid_write(struct buf *out, const struct mailbox *m, const struct store_work *w, size_t count)
{
	struct imap_ranges uids = { 0 };

	for (size_t i = 0; i < count; i++)
		imap_ranges_add(&uids, w->added[i].uid[0]);
	buf_add_c(out, "[APPENDUID ");
	buf_add_u64(out, m->uid_validity);
	buf_add_char(out, ' ');
	imap_ranges_write(out, &uids);
	buf_add_c(out, "] ");
	imap_ranges_release(&uids);
}

static enum imap_state
told(struct imap_session *s, const struct store_work *w, const struct mailbox *m)
{
	struct buf *out;

	s->errors = 0;
	if (s->append->replaced_uid != 0) {
		/* RFC 8508 4.3: before the EXPUNGE of the old one */
		buf_add_c(&s->run.before, "* OK ");
		appenduid_write(&s->run.before, m, w, s->append->count);
		buf_add_c(&s->run.before, "Replacement message ready\r\n");
		return imap_ok(s, NULL, "Message replaced");
	}
	out = imap_reply(s, "OK");
	appenduid_write(out, m, w, s->append->count);
	buf_add_c(out, s->append->count == 1 ? "Message appended\r\n" : "Messages appended\r\n");
	return IMAP_REPLY;
}

static enum imap_state
answer(struct imap_session *s, const struct store_work *w, enum fail fail)
{
	const struct mailbox *m = mailbox_get(s->append->account, s->append->mailbox);

	if (fail == FAIL_LIMIT)
		return imap_no(s, "OVERQUOTA", "There is no room for it");
	if (fail == FAIL_MISSING || (fail == FAIL_NONE && !m))
		return imap_no(s, "TRYCREATE", "The mailbox was deleted");
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	return told(s, w, m);
}

/* A slow upload: the rights may have been taken away since it began. */
static enum imap_state
may_store(struct imap_session *s)
{
	struct imap_append *a = s->append;
	const struct mailbox *m = mailbox_get(a->account, a->mailbox);
	enum imap_state refused = imap_command_refuse(s);
	enum fail fail = m ? imap_rights(s, m, &a->rights) : FAIL_NONE;

	if (refused != IMAP_READ)
		return refused;
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	if (!m || !(a->rights & ACL_LOOKUP))
		return imap_no(s, "TRYCREATE", "There is no such mailbox");
	if (!(a->rights & ACL_INSERT))
		return imap_no(s, "NOPERM", "You may not do that with this mailbox");
	return IMAP_APPEND;
}

/*
 * Bits of new names are good for this turn only (mail/keyword.h): those of all messages are asked for at once. RFC
 * 4314 4: flags that the user may not set are left out.
 */
static enum fail
look_up_flags(struct imap_append *a)
{
	bool may_add = (a->rights & ACL_WRITE) != 0;
	size_t count = 0;
	struct str *names;
	uint64_t bits;
	enum fail fail;

	for (size_t i = 0; i < a->count; i++)
		count += a->messages[i].asked.keyword_count;
	names = mem_new(count + 1, sizeof(*names));
	count = 0;
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < a->messages[i].asked.keyword_count; k++)
			names[count++] = a->messages[i].asked.keywords[k];
	fail = keyword_bits(a->account, names, count, may_add, &bits, NULL);
	mem_free(names);
	for (size_t i = 0; i < a->count && fail == FAIL_NONE; i++) {
		struct append_message *m = &a->messages[i];

		fail = keyword_bits(a->account, m->asked.keywords, m->asked.keyword_count, false,
		    &m->flags, NULL);
		m->flags = (m->flags | m->asked.bits) & imap_rights_flags(a->rights);
	}
	return fail;
}

/* All files to where they are kept, at the same time. IMAP_APPEND: done, unless the session waits. */
static enum imap_state
put_files(struct imap_session *s)
{
	struct imap_append *a = s->append;

	for (size_t i = 0; i < a->count && a->doing != APPEND_PUT; i++)
		blob_put_start(&a->messages[i].writer, &a->messages[i].wait, &s->task);
	if (a->doing != APPEND_PUT)
		conn_deadline(s->conn, APPEND_RATE_MS);
	a->doing = APPEND_PUT;
	for (size_t i = 0; i < a->count; i++) {
		if (imap_wait(s, &a->messages[i].wait))
			return IMAP_APPEND;
		if (a->messages[i].wait.op.fail != FAIL_NONE)
			return imap_fail(s, a->messages[i].wait.op.fail);
	}
	return IMAP_APPEND;
}

enum imap_state
imap_append_store(struct imap_session *s)
{
	bool is_quiet = imap_notify_is_quiet(s);
	size_t count = s->append->count;
	struct store_work work;
	enum imap_state next = may_store(s);
	enum fail fail;

	if (next == IMAP_APPEND)
		next = put_files(s);
	if (next != IMAP_APPEND || imap_is_waiting(s))
		return next;
	fail = look_up_flags(s->append);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	work_init(&work, count);
	fail = store(s, &work);
	next = answer(s, &work, fail);
	for (size_t i = 0; i < count && fail == FAIL_NONE; i++)
		imap_notify_own(s, mailbox_get(s->append->account, s->append->mailbox),
		    work.added[i].uid[0]);
	if (is_quiet)
		imap_notify_skip(s);
	work_release(&work, count);
	return next;
}
