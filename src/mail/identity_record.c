/* The record of an identity, within that of a small thing (thing.h). */
#include "mail/identity_record.h"

/* rooms */
#include "store/record.h"

enum { RECORD_VERSION = 1 };

static void
list_write(struct buf *out, const struct identity_list *list)
{
	record_add_bool(out, list->is_set);
	record_add_u64(out, list->count);
	for (size_t i = 0; i < list->count; i++) {
		record_add_bool(out, list->items[i].name.p != NULL);
		record_add_bytes(out, list->items[i].name);
		record_add_bytes(out, list->items[i].email);
	}
}

static enum fail
list_read(struct record *r, struct arena *arena, struct identity_list *out)
{
	struct identity_address *items;
	uint32_t count;

	*out = (struct identity_list){ .is_set = record_bool(r) };
	count = record_u32(r);
	if (r->is_bad || count > IDENTITY_ADDRESSES_MAX)
		return FAIL_PERM;
	items = arena_alloc(arena, count + 1, sizeof(*items));
	if (!items)
		return FAIL_LIMIT;
	for (uint32_t i = 0; i < count; i++) {
		bool has_name = record_bool(r);

		items[i].name = record_bytes(r);
		if (!has_name)
			items[i].name = (struct str){ 0 };
		items[i].email = record_bytes(r);
	}
	out->items = items;
	out->count = count;
	return FAIL_NONE;
}

void
identity_record_write(struct buf *out, const struct identity *i)
{
	record_begin(out, RECORD_VERSION);
	record_add_bool(out, i->is_own);
	record_add_bytes(out, i->name);
	record_add_bytes(out, i->email);
	record_add_bytes(out, i->text_signature);
	record_add_bytes(out, i->html_signature);
	list_write(out, &i->reply_to);
	list_write(out, &i->bcc);
}

enum fail
identity_record_read(struct str value, struct arena *arena, struct identity *out)
{
	struct record r;
	enum fail fail;

	record_read(&r, value);
	*out = (struct identity){ .is_own = record_bool(&r) };
	out->name = record_bytes(&r);
	out->email = record_bytes(&r);
	out->text_signature = record_bytes(&r);
	out->html_signature = record_bytes(&r);
	fail = list_read(&r, arena, &out->reply_to);
	if (fail == FAIL_NONE)
		fail = list_read(&r, arena, &out->bcc);
	return fail ? fail : record_end(&r);
}
