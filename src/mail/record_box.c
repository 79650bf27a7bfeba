/* Records of what hangs on mailboxes beside messages (record.h). */
#include "mail/record.h"

enum { RECORD_VERSION = 1 };

void
annotation_record_write(struct buf *out, struct str text)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, text);
}

enum fail
annotation_record_read(struct str value, struct str *out)
{
	struct record r;

	record_read(&r, value);
	*out = record_bytes(&r);
	return record_end(&r);
}

size_t
annotation_record_size(struct str value)
{
	struct str text;

	return annotation_record_read(value, &text) == FAIL_NONE ? text.n : 0;
}

/* --- access control lists ------------------------------------------------------------------------ */

struct key
key_acl(uint64_t account, uint32_t mailbox)
{
	struct key k = key_account(SPACE_ACL, account);

	key_u32(&k, mailbox);
	return k;
}

struct key
key_grant(struct str identifier, uint64_t account)
{
	struct key k;

	key_init(&k, SPACE_GRANT);
	key_bytes(&k, identifier);
	key_u64(&k, account);
	return k;
}

void
acl_record_write(struct buf *out, const struct acl_entry *entries, size_t count)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, count);
	for (size_t i = 0; i < count; i++) {
		record_add_bytes(out, entries[i].identifier);
		record_add_u64(out, entries[i].rights);
	}
}

enum fail
acl_record_read(struct str value, struct acl_entry *room, size_t max, size_t *count_out)
{
	struct record r;
	uint64_t count;

	record_read(&r, value);
	count = record_u64(&r);
	*count_out = 0;
	if (count > max)
		return FAIL_PERM;
	for (size_t i = 0; i < count; i++) {
		room[i].identifier = record_bytes(&r);
		room[i].rights = record_u32(&r);
	}
	if (record_end(&r) == FAIL_NONE)
		*count_out = (size_t)count;
	return record_end(&r);
}

/* --- expunged UIDs ------------------------------------------------------------------------------- */

void
expunged_record_write(struct buf *out, const struct expunged_record *x)
{
	record_begin(out, RECORD_VERSION);
	record_add_u64(out, x->email_id);
	record_add_u64(out, x->thread_id);
	record_add_u64(out, x->seen_modseq);
	record_add_bool(out, x->was_deleted);
}

enum fail
expunged_record_read(struct str value, struct expunged_record *out)
{
	struct record r;

	record_read(&r, value);
	*out = (struct expunged_record){ .email_id = record_u64(&r) };
	if (record_more(&r)) {
		out->thread_id = record_u64(&r);
		out->seen_modseq = record_u64(&r);
		out->was_deleted = record_bool(&r);
	}
	return record_end(&r);
}
