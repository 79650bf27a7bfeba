/*
 * MDN/parse (RFC 9007 2.2): what a disposition notification (RFC 8098) says, out of its blob.
 */
#include "jmap/blob_load.h"

/* rooms */
#include "jmap/args.h"
#include "jmap/methods.h"
#include "message/header.h"
#include "message/mdn.h"
#include "message/text.h"

#define MDN_BYTES_MAX  (8 * 1024 * 1024)  /* of a report, with the message that it may give back */
#define MDN_ARENA_MAX  (16 * 1024 * 1024) /* one report while it is written */
#define MDN_FIELDS_MAX (64 * 1024)        /* bytes of its machine-readable part */
#define MDN_TEXT_MAX   (256 * 1024)       /* bytes of the text for people; what is behind is cut */

struct parsing {
	const struct json *ids;
	uint32_t at;
	bool is_loading;
	struct blob_id id;          /* of the report at hand */
	struct jmap_blob_load load; /* own */
	struct arena arena;         /* own: one report at a time */
	bool has_parsed;
	bool *is_broken, *is_missing; /* arena of the call: by place in `ids` */
};

/* What of a report is written; texts live in the arena. */
struct mdn {
	struct message message;
	const struct part *text, *original; /* NULL: none */
	struct str fields;
	struct str action, sending, type; /* of the Disposition, lower case */
};

static void
parse_release(struct jmap_call *c)
{
	struct parsing *p = c->state;

	jmap_blob_load_release(&p->load);
	arena_release(&p->arena);
}

/* --- reading -------------------------------------------------------------------------------------- */

/* A part's decoded bytes, or UTF-8 text, up to `max`; p is NULL when the arena is full. */
static struct str
part_content(const struct message *m, const struct part *part, enum body_mode mode, size_t max,
    struct arena *a)
{
	struct body_reader *r = body_reader_new(m, part, mode);
	struct str text;
	struct buf out;

	buf_init(&out, max + 8 * BODY_PIECE_BYTES);
	while (buf_str(&out).n < max && body_read(r, &out) && buf_ok(&out))
		continue;
	body_reader_free(&r);
	text = arena_str(a, str_head(buf_str(&out), max));
	buf_release(&out);
	return text;
}

static struct str
field(const struct mdn *m, struct str name, struct arena *a)
{
	struct header h;

	return header_find(m->fields, name, &h) ? header_text(h.value, a) : (struct str){ 0 };
}

/* One of the words that there are, in lower case. */
static bool
take_word(struct str text, const struct str *words, size_t count, struct str *out)
{
	text = str_trim(text);
	for (size_t i = 0; i < count; i++) {
		if (!str_eq_nocase(text, words[i]))
			continue;
		*out = words[i];
		return true;
	}
	return false;
}

/* disposition-mode ";" disposition-type ["/" modifiers]; mode = action-mode "/" sending-mode (RFC 8098 3.2.6) */
static bool
take_disposition(struct mdn *m, struct str value)
{
	struct str action, sending;

	return str_take_until(&value, '/', &action) && str_take_until(&value, ';', &sending) &&
	    take_word(action, mdn_actions, MDN_ACTIONS, &m->action) &&
	    take_word(sending, mdn_sendings, MDN_SENDINGS, &m->sending) &&
	    take_word(str_head(value, str_find_char(value, '/')), mdn_types, MDN_TYPES, &m->type);
}

/* False: this is no notification. */
static bool
read_mdn(struct str bytes, struct arena *a, struct mdn *m)
{
	const struct part *p;

	*m = (struct mdn){ .text = NULL };
	message_parse(&m->message, bytes, a);
	if (!part_is(&m->message.root, STR("multipart"), STR("report")))
		return false;
	for (p = m->message.root.child; p; p = p->next) {
		if (!m->fields.p &&
		    (part_is(p, STR("message"), STR("disposition-notification")) ||
			part_is(p, STR("message"), STR("global-disposition-notification"))))
			m->fields = part_content(&m->message, p, BODY_BYTES, MDN_FIELDS_MAX, a);
		else if (!m->text && !m->fields.p && str_eq_nocase(p->type, STR("text")))
			m->text = p;
		else if (m->fields.p && part_is(p, STR("message"), STR("rfc822")))
			m->original = p;
	}
	return m->fields.p && take_disposition(m, field(m, STR("Disposition"), a));
}

/* --- writing -------------------------------------------------------------------------------------- */

static void
write_text(struct json_writer *w, struct str name, struct str text)
{
	json_name(w, name);
	if (text.p)
		json_string(w, text);
	else
		json_null(w);
}

/* The Email with this Message-ID, when there is one, and the user sees it. */
static enum fail
write_for_email(struct jmap_call *c, struct str message_id, struct arena *a)
{
	struct str id = str_trim(message_id);
	uint64_t ids[2];
	size_t count = 0;
	enum fail fail = FAIL_MISSING;

	json_name(&c->w, STR("forEmailId"));
	if (str_skip_char(&id, '<') && str_ends(id, STR(">")))
		fail = email_by_message_id(c->account, str_head(id, id.n - 1), ids, 2, &count);
	if (fail == FAIL_NONE && count == 1)
		fail = jmap_email_look(c->access, ids[0], a);
	if (fail == FAIL_NONE && count == 1)
		jmap_write_id(&c->w, ID_EMAIL, ids[0]);
	else
		json_null(&c->w);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* "error": one text for each field; null without. */
static void
write_errors(struct json_writer *w, const struct mdn *m, struct arena *a)
{
	struct str cur = m->fields;
	struct header h;
	bool has_any = false;

	json_name(w, STR("error"));
	while (header_next(&cur, &h)) {
		if (!str_eq_nocase(h.name, STR("Error")))
			continue;
		if (!has_any)
			json_array_begin(w);
		has_any = true;
		json_string(w, header_text(h.value, a));
	}
	if (has_any)
		json_array_end(w);
	else
		json_null(w);
}

/* A field that RFC 8098 does not know, and that did not stand before. */
static bool
is_extension(const struct mdn *m, const struct header *h)
{
	struct header first;

	return mdn_is_extension(h->name) && header_find(m->fields, h->name, &first) &&
	    first.whole.p == h->whole.p;
}

static void
write_extensions(struct json_writer *w, const struct mdn *m, struct arena *a)
{
	struct str cur = m->fields;
	struct header h;
	bool has_any = false;

	json_name(w, STR("extensionFields"));
	for (unsigned i = 0; i < JMAP_FILTER_MAX && header_next(&cur, &h); i++) {
		if (!is_extension(m, &h))
			continue;
		if (!has_any)
			json_object_begin(w);
		has_any = true;
		json_name(w, h.name);
		json_string(w, header_text(h.value, a));
	}
	if (has_any)
		json_object_end(w);
	else
		json_null(w);
}

static enum fail
write_mdn(struct jmap_call *c, const struct mdn *m, struct arena *a)
{
	struct json_writer *w = &c->w;
	struct str original_id = field(m, STR("Original-Message-ID"), a);
	struct header subject;
	enum fail fail;

	json_object_begin(w);
	fail = write_for_email(c, original_id, a);
	write_text(w, STR("subject"),
	    header_find(part_header(&m->message, &m->message.root), STR("Subject"), &subject)
		? header_text(subject.value, a)
		: (struct str){ 0 });
	write_text(w, STR("textBody"),
	    m->text ? part_content(&m->message, m->text, BODY_PLAIN, MDN_TEXT_MAX, a)
		    : (struct str){ 0 });
	json_name_bool(w, STR("includeOriginalMessage"), m->original != NULL);
	write_text(w, STR("reportingUA"), field(m, STR("Reporting-UA"), a));
	json_name(w, STR("disposition"));
	json_object_begin(w);
	json_name_string(w, STR("actionMode"), m->action);
	json_name_string(w, STR("sendingMode"), m->sending);
	json_name_string(w, STR("type"), m->type);
	json_object_end(w);
	write_text(w, STR("mdnGateway"), field(m, STR("MDN-Gateway"), a));
	write_text(w, STR("originalRecipient"), field(m, STR("Original-Recipient"), a));
	write_text(w, STR("finalRecipient"), field(m, STR("Final-Recipient"), a));
	write_text(w, STR("originalMessageId"), original_id);
	write_errors(w, m, a);
	write_extensions(w, m, a);
	json_object_end(w);
	return fail;
}

/* --- the method ----------------------------------------------------------------------------------- */

static bool
parse_begin(struct jmap_call *c)
{
	struct parsing *p = arena_alloc(&c->arena, 1, sizeof(*p));

	if (!p) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	if (!jmap_arg_texts(c, STR("blobIds"), &p->ids))
		return false;
	if (!p->ids) {
		jmap_invalid(c, "blobIds is missing.");
		return false;
	}
	if (p->ids->count > JMAP_GET_MAX) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
		return false;
	}
	p->is_broken = arena_alloc(&c->arena, p->ids->count + 1, sizeof(bool));
	p->is_missing = arena_alloc(&c->arena, p->ids->count + 1, sizeof(bool));
	if (!p->is_broken || !p->is_missing) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	arena_init(&p->arena, MDN_ARENA_MAX);
	c->state = p;
	c->release = parse_release;
	json_object_begin(&c->w);
	jmap_write_account(c);
	return true;
}

static enum fail
parse_blob(struct jmap_call *c, struct parsing *p, struct str name, struct str bytes)
{
	struct mdn mdn;

	if (bytes.n > MDN_BYTES_MAX || !read_mdn(bytes, &p->arena, &mdn))
		return FAIL_PERM;
	if (!p->has_parsed) {
		json_name(&c->w, STR("parsed"));
		json_object_begin(&c->w);
		p->has_parsed = true;
	}
	json_name(&c->w, name);
	return write_mdn(c, &mdn, &p->arena);
}

/* False when the slice is over. */
static bool
load(struct jmap_call *c, struct parsing *p, struct str text, enum fail *fail_out)
{
	struct str known = jmap_created_find(c->run, text);

	if (!p->is_loading) {
		arena_reset(&p->arena);
		*fail_out = FAIL_MISSING;
		if (!known.p || !blob_id_parse(known, &p->id))
			return true;
	}
	p->is_loading =
	    !jmap_blob_load_in(c, &p->load, c->access, &p->id, true, &p->arena, fail_out);
	return !p->is_loading;
}

/* False when the slice is over, or the call ended. */
static bool
parse_item(struct jmap_call *c, struct parsing *p)
{
	struct str text = { 0 };
	enum fail fail;

	if (!p->is_loading && jmap_is_repeated(p->ids, p->at))
		return true;
	(void)!json_get_text(&p->ids->items[p->at], &text);
	if (!load(c, p, text, &fail))
		return false;
	if (fail == FAIL_NONE)
		fail = parse_blob(c, p, text, p->load.blob.bytes);
	else if (fail == FAIL_LIMIT)
		fail = FAIL_PERM;
	jmap_blob_load_release(&p->load);
	p->is_missing[p->at] = fail == FAIL_MISSING;
	p->is_broken[p->at] = fail == FAIL_PERM;
	if (fail && fail != FAIL_MISSING && fail != FAIL_PERM)
		jmap_fail_with(c, fail);
	return !c->error;
}

enum jmap_step
jmap_mdn_parse(struct jmap_call *c)
{
	struct parsing *p;

	if (!c->state && !parse_begin(c))
		return JMAP_DONE;
	p = c->state;
	for (; p->at < p->ids->count; p->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		if (!parse_item(c, p))
			return c->error ? JMAP_DONE : JMAP_YIELD;
	}
	if (p->has_parsed)
		json_object_end(&c->w);
	else
		json_name_null(&c->w, STR("parsed"));
	jmap_write_texts_or_null(c, STR("notParsable"), p->ids, p->is_broken);
	jmap_write_texts_or_null(c, STR("notFound"), p->ids, p->is_missing);
	json_object_end(&c->w);
	return JMAP_DONE;
}
