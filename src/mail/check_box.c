/* Verify what hangs on mailboxes beside messages (check.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/check.h"

static bool
has_mailbox(const struct account_check *in, uint32_t id)
{
	for (size_t i = 0; i < in->mailbox_count; i++)
		if (in->mailboxes[i].id == id)
			return true;
	return id == 0;
}

/* --- annotations -------------------------------------------------------------------------------- */

/* What is wrong with a record; NULL: nothing. `rest` is its key behind the account. */
static const char *
annotation_wrong(const struct account_check *in, struct str rest, struct str value,
    uint32_t *mailbox_out, uint64_t *bytes)
{
	struct key_reader r;
	struct str text, name;

	key_read(&r, rest);
	*mailbox_out = key_read_u32(&r);
	name = key_read_rest(&r);
	if (!has_mailbox(in, *mailbox_out))
		return "annotation of a mailbox that does not exist";
	if (annotation_record_read(value, &text))
		return "annotation is damaged";
	*bytes += name.n + text.n;
	return NULL;
}

static enum fail
check_annotations(struct account_check *in)
{
	struct key from = key_account(SPACE_ANNOTATION, in->account->id), to = key_after(from);
	uint64_t is = account_inner(in->account)->counters.annotation_bytes, bytes = 0;
	struct str key, value;
	struct cursor c;
	enum fail fail;

	txn_scan(in->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value)) {
		uint32_t mailbox;
		const char *what =
		    annotation_wrong(in, str_from(key, from.n), value, &mailbox, &bytes);

		if (what)
			check_find(in, what, mailbox, 0);
	}
	fail = cursor_end(&c);
	if (fail == FAIL_NONE && bytes != is)
		check_find(in, "bytes of annotations", is, bytes);
	return fail;
}

static enum fail
annotations_rebuild(struct edit *e, const struct account_check *in)
{
	struct key from = key_account(SPACE_ANNOTATION, e->account->id), to = key_after(from);
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	e->counters.annotation_bytes = 0;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		uint32_t mailbox;

		if (annotation_wrong(in, str_from(key, from.n), value, &mailbox,
			&e->counters.annotation_bytes))
			fail = txn_delete(e->txn, key);
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

/* --- access control lists --------------------------------------------------------------------------- */

/* What is wrong with a list; NULL: nothing, and *count entries are read. */
static const char *
acl_wrong(const struct account_check *in, struct str rest, struct str value, uint32_t *mailbox_out,
    struct acl_entry *entries, size_t *count_out)
{
	struct key_reader r;

	key_read(&r, rest);
	*mailbox_out = key_read_u32(&r);
	*count_out = 0;
	if (*mailbox_out == 0 || !has_mailbox(in, *mailbox_out))
		return "rights to a mailbox that does not exist";
	if (acl_record_read(value, entries, ACL_ENTRIES_MAX, count_out))
		return "rights are damaged";
	return NULL;
}

/* Each identifier leads to the account. */
static enum fail
check_grants(struct account_check *in, const struct acl_entry *entries, size_t count,
    uint32_t mailbox)
{
	enum fail fail = FAIL_NONE;
	struct str value;

	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		struct key k = key_grant(entries[i].identifier, in->account->id);

		fail = txn_get(in->txn, key_str(&k), &value);
		if (fail != FAIL_MISSING)
			continue;
		check_find(in, "rights that their holder does not find", mailbox, i);
		fail = FAIL_NONE;
	}
	return fail;
}

static enum fail
check_acls(struct account_check *in)
{
	struct key from = key_account(SPACE_ACL, in->account->id), to = key_after(from);
	uint64_t is = account_inner(in->account)->counters.acl_bytes, bytes = 0;
	struct acl_entry entries[ACL_ENTRIES_MAX];
	struct str key, value;
	struct cursor c;
	size_t count;
	enum fail fail = FAIL_NONE, end;

	txn_scan(in->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		uint32_t mailbox;
		const char *what =
		    acl_wrong(in, str_from(key, from.n), value, &mailbox, entries, &count);

		bytes += value.n;
		if (what)
			check_find(in, what, mailbox, 0);
		else
			fail = check_grants(in, entries, count, mailbox);
	}
	end = cursor_end(&c);
	if (end == FAIL_NONE && fail == FAIL_NONE && bytes != is)
		check_find(in, "bytes of rights", is, bytes);
	return end ? end : fail;
}

static enum fail
acl_rebuild(struct edit *e, const struct acl_entry *entries, size_t count)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		struct key k = key_grant(entries[i].identifier, e->account->id);

		buf_clear(&e->value);
		number_record_write(&e->value, 1);
		fail = edit_put(e, &k);
	}
	return fail;
}

static enum fail
acls_rebuild(struct edit *e, const struct account_check *in)
{
	struct key from = key_account(SPACE_ACL, e->account->id), to = key_after(from);
	struct acl_entry entries[ACL_ENTRIES_MAX];
	struct str key, value;
	struct cursor c;
	size_t count;
	enum fail fail = FAIL_NONE, end;

	e->counters.acl_bytes = 0;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		uint32_t mailbox;

		if (acl_wrong(in, str_from(key, from.n), value, &mailbox, entries, &count)) {
			fail = txn_delete(e->txn, key);
		} else {
			e->counters.acl_bytes += value.n;
			fail = acl_rebuild(e, entries, count);
		}
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

/* --- all ------------------------------------------------------------------------------------------ */

enum fail
check_boxes(struct account_check *in)
{
	enum fail fail = check_annotations(in);

	return fail ? fail : check_acls(in);
}

enum fail
boxes_rebuild(struct edit *e, const struct account_check *in)
{
	enum fail fail = annotations_rebuild(e, in);

	return fail ? fail : acls_rebuild(e, in);
}
