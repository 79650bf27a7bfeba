#include "jmap/header_form.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/address.h"
#include "message/date.h"
#include "message/header.h"
#include "message/subject.h"

const struct str header_form_names[] = { STR_INIT("asRaw"), STR_INIT("asText"),
	STR_INIT("asAddresses"), STR_INIT("asGroupedAddresses"), STR_INIT("asMessageIds"),
	STR_INIT("asDate"), STR_INIT("asURLs") };
static_assert(ARRAY_LEN(header_form_names) == HEADER_FORM_COUNT, "a name per form");

#define BIT(form) (1u << (form))
#define ADDRESSES (BIT(HEADER_ADDRESSES) | BIT(HEADER_GROUPED))

/* Fields of RFC 5322 and RFC 2369 and the forms they allow besides Raw; others allow all. */
static const struct {
	struct str name;
	unsigned forms;
} known[] = {
	{ STR_INIT("subject"), BIT(HEADER_TEXT) },
	{ STR_INIT("comments"), BIT(HEADER_TEXT) },
	{ STR_INIT("keywords"), BIT(HEADER_TEXT) },
	{ STR_INIT("from"), ADDRESSES },
	{ STR_INIT("sender"), ADDRESSES },
	{ STR_INIT("reply-to"), ADDRESSES },
	{ STR_INIT("to"), ADDRESSES },
	{ STR_INIT("cc"), ADDRESSES },
	{ STR_INIT("bcc"), ADDRESSES },
	{ STR_INIT("resent-from"), ADDRESSES },
	{ STR_INIT("resent-sender"), ADDRESSES },
	{ STR_INIT("resent-reply-to"), ADDRESSES },
	{ STR_INIT("resent-to"), ADDRESSES },
	{ STR_INIT("resent-cc"), ADDRESSES },
	{ STR_INIT("resent-bcc"), ADDRESSES },
	{ STR_INIT("message-id"), BIT(HEADER_MESSAGE_IDS) },
	{ STR_INIT("in-reply-to"), BIT(HEADER_MESSAGE_IDS) },
	{ STR_INIT("references"), BIT(HEADER_MESSAGE_IDS) },
	{ STR_INIT("resent-message-id"), BIT(HEADER_MESSAGE_IDS) },
	{ STR_INIT("date"), BIT(HEADER_DATE) },
	{ STR_INIT("resent-date"), BIT(HEADER_DATE) },
	{ STR_INIT("list-help"), BIT(HEADER_URLS) },
	{ STR_INIT("list-unsubscribe"), BIT(HEADER_URLS) },
	{ STR_INIT("list-subscribe"), BIT(HEADER_URLS) },
	{ STR_INIT("list-post"), BIT(HEADER_URLS) },
	{ STR_INIT("list-owner"), BIT(HEADER_URLS) },
	{ STR_INIT("list-archive"), BIT(HEADER_URLS) },
	{ STR_INIT("return-path"), 0 },
	{ STR_INIT("received"), 0 },
};

static bool
is_allowed(struct str name, enum header_form form)
{
	if (form == HEADER_RAW)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(known[i].name, name))
			return (known[i].forms & BIT(form)) != 0;
	return true;
}

/* ftext of RFC 5322 3.6.8 */
static bool
is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 33 || name.p[i] > 126 || name.p[i] == ':')
			return false;
	return name.n > 0;
}

bool
header_property_parse(struct str text, struct header_property *out)
{
	struct str cur = text, part;
	unsigned form = HEADER_RAW;
	bool has_suffix;

	*out = (struct header_property){ .property = text };
	if (!str_skip(&cur, STR("header:")) || !str_next_part(&cur, ':', &out->name) ||
	    !is_field_name(out->name))
		return false;
	has_suffix = str_next_part(&cur, ':', &part);
	if (has_suffix && !str_eq(part, STR("all"))) {
		for (form = 0; form < HEADER_FORM_COUNT; form++)
			if (str_eq(header_form_names[form], part))
				break;
		if (form == HEADER_FORM_COUNT)
			return false;
		has_suffix = str_next_part(&cur, ':', &part);
		if (has_suffix && !str_eq(part, STR("all")))
			return false;
	}
	out->is_all = has_suffix;
	out->form = (enum header_form)form;
	return cur.p == NULL && is_allowed(out->name, out->form);
}

/* The octets as they are, NULs dropped; what is no UTF-8 the writer replaces (RFC 8621 4.1.2.1). */
static void
write_raw(struct json_writer *w, struct str raw)
{
	struct str piece;

	json_string_begin(w);
	while (str_take_until(&raw, '\0', &piece))
		json_string_piece(w, piece);
	json_string_piece(w, raw);
	json_string_end(w);
}

/* Decoded text in Normalization Form C (RFC 8621 4.1.2.2). */
static void
write_text(struct json_writer *w, struct str text)
{
	struct buf form;

	buf_init(&form, SIZE_MAX);
	utf8_nfc(&form, text);
	json_string(w, buf_str(&form));
	buf_release(&form);
}

static void
write_address(struct json_writer *w, const struct address *address, struct arena *a)
{
	struct str name = str_trim(address_name(address, a));

	json_object_begin(w);
	json_name(w, STR("name"));
	if (str_empty(name))
		json_null(w);
	else
		write_text(w, name);
	json_name_string(w, STR("email"), address_spec(address, a));
	json_object_end(w);
}

static void
write_addresses(struct json_writer *w, struct str raw, struct arena *a)
{
	struct address_list list;

	address_parse(raw, a, &list);
	json_array_begin(w);
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].kind == ADDRESS_MAILBOX)
			write_address(w, &list.items[i], a);
	json_array_end(w);
}

static void
group_begin(struct json_writer *w, struct str name)
{
	json_object_begin(w);
	json_name(w, STR("name"));
	if (name.p)
		write_text(w, name);
	else
		json_null(w);
	json_name(w, STR("addresses"));
	json_array_begin(w);
}

static void
group_end(struct json_writer *w)
{
	json_array_end(w);
	json_object_end(w);
}

/* Runs of mailboxes outside any group are a group without a name (RFC 8621 4.1.2.4). */
static void
write_grouped(struct json_writer *w, struct str raw, struct arena *a)
{
	struct address_list list;
	bool is_in = false, is_named = false;

	address_parse(raw, a, &list);
	json_array_begin(w);
	for (size_t i = 0; i < list.count; i++) {
		const struct address *address = &list.items[i];

		if (address->kind == ADDRESS_MAILBOX) {
			if (!is_in)
				group_begin(w, (struct str){ 0 });
			is_in = true;
			write_address(w, address, a);
			continue;
		}
		if (is_in)
			group_end(w);
		is_named = is_in = address->kind == ADDRESS_GROUP;
		if (is_named) {
			struct str name = address_name(address, a);

			group_begin(w, name.p ? name : STR(""));
		}
	}
	if (is_in)
		group_end(w);
	json_array_end(w);
}

/* A list, when there is something in it; else null. */
static void
write_item(struct json_writer *w, struct str text, bool *has_any)
{
	if (!*has_any)
		json_array_begin(w);
	*has_any = true;
	json_string(w, text);
}

static void
end_items(struct json_writer *w, bool has_any)
{
	if (has_any)
		json_array_end(w);
	else
		json_null(w);
}

/*
 * RFC 8621 4.1.2.5: without comments and brackets. Liberal: what is no msg-id between others is passed over, because
 * what is left still says which messages belong together.
 */
static void
write_message_ids(struct json_writer *w, struct str raw, struct arena *a)
{
	struct str cur = header_uncomment(raw, a), id;
	bool has_any = false;

	while (message_id_next(&cur, &id))
		write_item(w, id, &has_any);
	end_items(w, has_any);
}

static void
write_urls(struct json_writer *w, struct str raw, struct arena *a)
{
	struct str cur = header_uncomment(raw, a), url;
	bool has_any = false;

	while (header_next_url(&cur, a, &url))
		write_item(w, url, &has_any);
	end_items(w, has_any);
}

static void
write_date(struct json_writer *w, struct str raw)
{
	char room[64];
	struct buf text;
	struct date date;

	if (date_parse(raw, &date) != FAIL_NONE) {
		json_null(w);
		return;
	}
	buf_init(&text, sizeof(room));
	date_write_3339(&text, date.unix_s, date.zone_min);
	json_string(w, buf_str(&text));
	buf_release(&text);
}

void
header_form_write(struct json_writer *w, enum header_form form, struct str raw, struct arena *a)
{
	switch (form) {
	case HEADER_RAW: write_raw(w, raw); break;
	case HEADER_TEXT: write_text(w, header_text_strict(raw, a)); break;
	case HEADER_ADDRESSES: write_addresses(w, raw, a); break;
	case HEADER_GROUPED: write_grouped(w, raw, a); break;
	case HEADER_MESSAGE_IDS: write_message_ids(w, raw, a); break;
	case HEADER_DATE: write_date(w, raw); break;
	case HEADER_URLS: write_urls(w, raw, a); break;
	case HEADER_FORM_COUNT: break;
	}
}

void
header_property_write(struct json_writer *w, const struct header_property *property,
    struct str block, struct arena *a)
{
	struct header header;

	if (!property->is_all) {
		if (header_find_last(block, property->name, &header))
			header_form_write(w, property->form, header.value, a);
		else
			json_null(w);
		return;
	}
	json_array_begin(w);
	while (header_next(&block, &header))
		if (str_eq_nocase(header.name, property->name))
			header_form_write(w, property->form, header.value, a);
	json_array_end(w);
}

void
header_list_write(struct json_writer *w, struct str block)
{
	struct header header;

	json_array_begin(w);
	while (header_next(&block, &header)) {
		json_object_begin(w);
		json_name_string(w, STR("name"), header.name);
		json_name(w, STR("value"));
		write_raw(w, header.value);
		json_object_end(w);
	}
	json_array_end(w);
}
