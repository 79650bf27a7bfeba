/*
 * Copying messages into another account (email.h): the file is linked, what was parsed once is taken over, and
 * the message is new there.
 */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"
#include "message/summary.h"

struct source {
	struct account *account;
	uint32_t mailbox, uid;
	struct view_entry entry;
	struct email_digest digest;
	struct buf blob;
};

static enum fail
source_read(struct txn *t, void *arg)
{
	struct source *in = arg;
	struct key k = key_view(in->account->id, in->mailbox, in->uid);
	struct static_record fixed;
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = view_record_read(value, &in->entry);
	if (fail)
		return fail;
	k = key_id(SPACE_STATIC, in->account->id, in->entry.email_id);
	fail = txn_get(t, key_str(&k), &value);
	if (fail == FAIL_NONE)
		fail = static_record_read(value, &fixed);
	if (fail)
		return fail == FAIL_MISSING ? FAIL_PERM : fail;
	buf_clear(&in->blob);
	buf_add(&in->blob, fixed.blob);
	buf_clear(&in->digest.summary);
	buf_add(&in->digest.summary, fixed.summary);
	memcpy(in->digest.ids, fixed.ids, sizeof(in->digest.ids));
	in->digest.id_count = fixed.id_count;
	return FAIL_NONE;
}

static enum fail
share_one(struct source *in, struct account *to, uint32_t mailbox, uint64_t allowed,
    struct email_copied *out)
{
	struct blob_store *blobs = to->mail->blobs;
	struct email_new new = { .received_s = in->entry.received_s,
		.mailboxes = &mailbox,
		.mailbox_count = 1,
		.digest = &in->digest };
	struct email_added added;
	struct blob_name name;
	enum fail fail = account_room(to, in->entry.size);

	if (fail == FAIL_NONE)
		fail = keywords_for(in->account, to, in->entry.flags & allowed & ~FLAG_DELETED,
		    (allowed & FLAGS_CUSTOM) != 0, &new.flags);
	if (fail == FAIL_NONE)
		fail = blob_link(blobs, in->account->name, buf_str(&in->blob), to->name, &name);
	if (fail)
		return fail == FAIL_MISSING ? FAIL_PERM : fail;
	new.blob = blob_name_str(&name);
	new.bytes = str_of(NULL, in->entry.size); /* parsed already: only its length counts */
	fail = email_add(to, &new, &added);
	*out = (struct email_copied){ in->uid, added.uid[0] };
	return fail;
}

static void
source_init(struct source *in, struct account *from, uint32_t mailbox)
{
	*in = (struct source){ .account = from, .mailbox = mailbox };
	buf_init(&in->blob, BLOB_NAME_MAX);
	buf_init(&in->digest.summary, SUMMARY_MAX + 1);
}

static void
source_release(struct source *in)
{
	buf_release(&in->blob);
	buf_release(&in->digest.summary);
}

/* What is gone, or is damaged, is for email_share() to say. */
enum fail
email_share_start(struct account *from, uint32_t mailbox, const uint32_t *uids, size_t count,
    struct account *to, struct blob_wait *waits, struct task *owner)
{
	struct source in;
	enum fail fail = account_usable(from);

	if (fail != FAIL_NONE || !blob_is_far(from->mail->blobs))
		return fail;
	source_init(&in, from, mailbox);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		in.uid = uids[i];
		fail = store_read(from->mail->store, source_read, &in);
		if (fail == FAIL_NONE)
			blob_copy_start(from->mail->blobs, &waits[i], owner, from->name,
			    buf_str(&in.blob), to->name);
		else if (fail == FAIL_MISSING || fail == FAIL_PERM)
			fail = FAIL_NONE;
	}
	source_release(&in);
	return fail;
}

enum fail
email_share(struct account *from, uint32_t mailbox, const uint32_t *uids, size_t count,
    struct account *to, uint32_t to_mailbox, uint64_t allowed, struct email_copied *out,
    size_t *count_out)
{
	struct source in;
	enum fail fail = account_usable(from);

	*count_out = 0;
	if (fail == FAIL_NONE)
		fail = account_usable(to);
	if (fail)
		return fail;
	source_init(&in, from, mailbox);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		in.uid = uids[i];
		fail = store_read(from->mail->store, source_read, &in);
		if (fail == FAIL_MISSING) { /* gone: left out */
			fail = FAIL_NONE;
			continue;
		}
		if (fail == FAIL_NONE)
			fail = share_one(&in, to, to_mailbox, allowed, out + *count_out);
		*count_out += fail == FAIL_NONE;
	}
	source_release(&in);
	return fail;
}
