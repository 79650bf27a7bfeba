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

/* --- all ------------------------------------------------------------------------------------------ */

enum fail
check_boxes(struct account_check *in)
{
	return check_annotations(in);
}

enum fail
boxes_rebuild(struct edit *e, const struct account_check *in)
{
	return annotations_rebuild(e, in);
}
