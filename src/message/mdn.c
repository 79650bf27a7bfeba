#include "message/mdn.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/compose.h"
#include "message/header.h"
#include "message/mime.h"

const struct str mdn_actions[MDN_ACTIONS] = { STR_INIT("manual-action"),
	STR_INIT("automatic-action") };
const struct str mdn_sendings[MDN_SENDINGS] = { STR_INIT("mdn-sent-manually"),
	STR_INIT("mdn-sent-automatically") };
const struct str mdn_types[MDN_TYPES] = { STR_INIT("deleted"), STR_INIT("dispatched"),
	STR_INIT("displayed"), STR_INIT("processed") };

/* --- what a message asks --------------------------------------------------------------------------- */

/* How often a field is there; *out is the first one. */
static size_t
count_field(struct str block, struct str name, struct header *out)
{
	struct header h;
	size_t count = 0;

	while (header_next(&block, &h))
		if (str_eq_nocase(h.name, name) && count++ == 0)
			*out = h;
	return count;
}

/* RFC 8098 2.1: the local part by its case, the domain without; quotes are gone already. */
static bool
is_same(const struct address *a, const struct address *b)
{
	return str_eq(a->local, b->local) && str_eq_nocase(a->domain, b->domain);
}

static bool
has(const struct address *items, size_t count, const struct address *one)
{
	for (size_t i = 0; i < count; i++)
		if (is_same(&items[i], one))
			return true;
	return false;
}

/* Disposition-Notification-To: mailbox-list, at most once (2.1). */
static enum fail
take_addresses(struct str block, struct arena *a, struct mdn_request *out)
{
	struct address_list list;
	struct address *to;
	struct header h;

	if (count_field(block, STR("Disposition-Notification-To"), &h) != 1)
		return FAIL_MISSING;
	address_parse(h.value, a, &list);
	to = arena_alloc(a, MDN_TO_MAX, sizeof(*to));
	if (!to || list.is_cut)
		return FAIL_LIMIT;
	for (size_t i = 0; i < list.count; i++) {
		const struct address *one = &list.items[i];

		if (one->kind != ADDRESS_MAILBOX || has(to, out->to_count, one))
			continue;
		if (str_empty(one->local) || str_empty(one->domain))
			return FAIL_MISSING;
		if (out->to_count == MDN_TO_MAX)
			return FAIL_LIMIT;
		to[out->to_count++] = *one;
	}
	out->to = to;
	return out->to_count > 0 ? FAIL_NONE : FAIL_MISSING;
}

/* The address of Return-Path is the only one that would be written to; that of the last delivery stands first. */
static bool
is_to_sender(struct str block, const struct mdn_request *r, struct arena *a)
{
	struct address_list list;
	struct header h;

	if (r->to_count != 1 || !header_find(block, STR("Return-Path"), &h))
		return false;
	address_parse(h.value, a, &list);
	return list.count == 1 && list.items[0].kind == ADDRESS_MAILBOX &&
	    is_same(&list.items[0], &r->to[0]);
}

/* "Original-Recipient" ":" address-type ";" generic-address (2.3); several are as good as none (3.2.3). */
static struct str
original_recipient(struct str block, struct arena *a)
{
	struct header h;
	struct str text;

	if (count_field(block, STR("Original-Recipient"), &h) != 1)
		return (struct str){ 0 };
	text = header_text(h.value, a);
	return str_find_char(text, ';') == STR_NONE ? (struct str){ 0 } : text;
}

static bool
is_mdn(struct str block, struct arena *a)
{
	struct str value, type = STR(""), subtype = STR(""), kind;
	struct param *params;
	struct header h;
	uint32_t count;

	if (!header_find(block, STR("Content-Type"), &h))
		return false;
	params_parse(h.value, a, &value, &params, &count);
	if (!media_type_parse(value, a, &type, &subtype))
		return false;
	kind = param_text(params, count, STR("report-type"), a);
	return (str_eq(type, STR("multipart")) && str_eq(subtype, STR("report")) &&
		   str_eq_nocase(kind, STR("disposition-notification"))) ||
	    mdn_is_type(type, subtype);
}

/*
 * Disposition-Notification-Options: attribute "=" importance "," values, with ";" between (2.2). There are no
 * attributes yet, so all that is "required" is required of us in vain.
 */
static bool
is_optional(struct str block, struct arena *a)
{
	struct str text, one, name, importance;
	struct header h;

	if (!header_find(block, STR("Disposition-Notification-Options"), &h))
		return true;
	text = header_unfold(h.value, a);
	while (str_next_part(&text, ';', &one))
		if (str_take_until(&one, '=', &name) && str_next_part(&one, ',', &importance) &&
		    str_eq_nocase(str_trim(importance), STR("required")))
			return false;
	return true;
}

enum fail
mdn_request_read(struct str message, struct arena *a, struct mdn_request *out)
{
	struct str block = str_head(message, header_size(message));
	struct header h;
	enum fail fail;

	*out = (struct mdn_request){ .to_count = 0 };
	fail = take_addresses(block, a, out);
	if (fail)
		return fail;
	if (header_find(block, STR("Message-ID"), &h))
		out->message_id = header_text(h.value, a);
	if (str_empty(out->message_id))
		out->message_id = (struct str){ 0 };
	out->original_recipient = original_recipient(block, a);
	out->is_mdn = is_mdn(block, a);
	out->is_news = header_find(block, STR("Newsgroups"), &h);
	out->is_optional = is_optional(block, a);
	out->is_to_sender = is_to_sender(block, out, a);
	return FAIL_NONE;
}

/* --- the fields ------------------------------------------------------------------------------------ */

bool
mdn_is_type(struct str type, struct str subtype)
{
	return str_eq(type, STR("message")) &&
	    (str_eq(subtype, STR("disposition-notification")) ||
		str_eq(subtype, STR("global-disposition-notification")));
}

bool
mdn_is_extension(struct str name)
{
	static const struct str known[] = { STR_INIT("Reporting-UA"), STR_INIT("MDN-Gateway"),
		STR_INIT("Original-Recipient"), STR_INIT("Final-Recipient"),
		STR_INIT("Original-Message-ID"), STR_INIT("Disposition"), STR_INIT("Error") };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(name, known[i]))
			return false;
	for (size_t i = 0; i < name.n; i++) /* ftext (RFC 5322 3.6.8) */
		if (name.p[i] < 33 || name.p[i] > 126 || name.p[i] == ':')
			return false;
	return name.n > 0;
}

/* disposition-mode ";" disposition-type (3.2.6) */
static enum fail
write_disposition(struct buf *out, const struct mdn_fields *f)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, 200); /* the longest words that there are */
	buf_add(&value, f->action);
	buf_add_char(&value, '/');
	buf_add(&value, f->sending);
	buf_add_c(&value, "; ");
	buf_add(&value, f->type);
	fail = header_write_raw(out, STR("Disposition"), buf_str(&value));
	buf_release(&value);
	return fail;
}

enum fail
mdn_fields_write(struct buf *out, const struct mdn_fields *f)
{
	const struct mdn_field before[] = { { STR_INIT("Reporting-UA"), f->reporting_ua },
		{ STR_INIT("Original-Recipient"), f->original_recipient },
		{ STR_INIT("Final-Recipient"), f->final_recipient },
		{ STR_INIT("Original-Message-ID"), f->message_id } };
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; !fail && i < ARRAY_LEN(before); i++)
		if (before[i].value.p)
			fail = header_write_raw(out, before[i].name, before[i].value);
	if (!fail)
		fail = write_disposition(out, f);
	for (size_t i = 0; !fail && i < f->extension_count; i++)
		fail = mdn_is_extension(f->extensions[i].name)
		    ? header_write_raw(out, f->extensions[i].name, f->extensions[i].value)
		    : FAIL_SYNTAX;
	return fail;
}
