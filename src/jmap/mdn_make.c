/*
 * The message of an MDN (RFC 8098 3): multipart/report with a text for people, the fields for programs and, when
 * that is wanted, the message that it is about.
 */
#include "jmap/mdn.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/compose.h"
#include "message/header.h"

#define FIELDS_MAX  (512 * 1024) /* bytes of the fields of a part */
#define TEXT_MAX    4096         /* bytes of a text of ours */
#define SUBJECT_MAX 200          /* bytes of the message's subject in it */
#define DATE_MAX    100          /* bytes of its date */

static const struct {
	struct str type; /* of mdn_types[] */
	const char *title, *sentence;
} sayings[] = {
	{ STR_INIT("deleted"), "Deleted: ", "It was deleted. Nobody may have seen it." },
	{ STR_INIT("dispatched"),
	    "Dispatched: ", "It was sent on, or printed. The recipient may not have seen it." },
	{ STR_INIT("displayed"),
	    "Displayed: ", "It was displayed. That does not say that it was read or understood." },
	{ STR_INIT("processed"), "Processed: ",
	    "It was processed without being shown. The recipient may not have seen it." },
};

/* --- what the client left out ------------------------------------------------------------------------ */

static size_t
saying_of(const struct jmap_mdn *mdn)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(sayings) && !str_eq(sayings[i].type, mdn->fields.type))
		i++;
	return i;
}

/* A field of the message, so much of it that a text of ours stays short; empty: it is not there. */
static struct str
told_field(struct str message, struct str name, size_t max, struct arena *a)
{
	struct header h;

	if (!header_find(str_head(message, header_size(message)), name, &h))
		return STR("");
	return utf8_cut(header_text(h.value, a), max);
}

static struct str
make_subject(const struct mdn_making *m, const struct jmap_mdn *mdn, struct arena *a)
{
	struct str about = told_field(m->message, STR("Subject"), SUBJECT_MAX, a), kept;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_add_c(&text, sayings[saying_of(mdn)].title);
	buf_add(&text, str_empty(about) ? STR("your message") : about);
	kept = arena_str(a, buf_str(&text));
	buf_release(&text);
	return kept;
}

static void
add_told(struct buf *out, const char *name, struct str value)
{
	if (str_empty(value))
		return;
	buf_add_c(out, "    ");
	buf_add_c(out, name);
	buf_add(out, value);
	buf_add_char(out, '\n');
}

static struct str
make_text(const struct mdn_making *m, const struct jmap_mdn *mdn, struct arena *a)
{
	struct buf text;
	struct str kept;

	buf_init(&text, TEXT_MAX);
	buf_add_c(&text, "This is about your message\n\n");
	add_told(&text, "To: ", mdn->final);
	add_told(&text, "Subject: ", told_field(m->message, STR("Subject"), SUBJECT_MAX, a));
	add_told(&text, "Date: ", told_field(m->message, STR("Date"), DATE_MAX, a));
	buf_add_char(&text, '\n');
	buf_add_c(&text, sayings[saying_of(mdn)].sentence);
	buf_add_char(&text, '\n');
	kept = arena_str(a, buf_str(&text));
	buf_release(&text);
	return kept;
}

/* address-type ";" generic-address (RFC 8098 3.2.4, RFC 6533 3) */
static struct str
make_final(const struct jmap_mdn *mdn, struct arena *a)
{
	struct buf text;
	struct str kept;

	buf_init(&text, TEXT_MAX);
	buf_add_c(&text, utf8_is_ascii(mdn->final) ? "rfc822; " : "utf-8; ");
	buf_add(&text, mdn->final);
	kept = arena_str(a, buf_str(&text));
	buf_release(&text);
	return kept;
}

static bool
complete(const struct mdn_making *m, struct jmap_mdn *mdn, struct arena *a)
{
	if (!mdn->subject.p)
		mdn->subject = make_subject(m, mdn, a);
	if (!mdn->text.p)
		mdn->text = make_text(m, mdn, a);
	mdn->fields.final_recipient = make_final(mdn, a);
	mdn->fields.original_recipient = m->request->original_recipient;
	mdn->fields.message_id = m->request->message_id;
	return mdn->subject.p && mdn->text.p && mdn->fields.final_recipient.p;
}

/* --- the header -------------------------------------------------------------------------------------- */

static enum fail
write_from(struct buf *out, const struct mdn_making *m)
{
	size_t at = str_rfind_char(m->from, '@');
	struct address from = { .kind = ADDRESS_MAILBOX,
		.name = str_empty(m->from_name) ? (struct str){ 0 } : m->from_name,
		.local = str_head(m->from, at),
		.domain = str_from(m->from, at + 1) };

	return header_write_addresses(out, STR("From"), &from, 1);
}

static enum fail
write_to(struct buf *out, const struct mdn_request *r, struct arena *a)
{
	struct address to[MDN_TO_MAX];

	for (size_t i = 0; i < r->to_count; i++) {
		to[i] = r->to[i];
		to[i].name = address_name(&r->to[i], a);
		if (str_empty(to[i].name))
			to[i].name = (struct str){ 0 };
		to[i].route = (struct str){ 0 };
	}
	return header_write_addresses(out, STR("To"), to, r->to_count);
}

/* In-Reply-To, so that it stands beside the message; one that is odd is left out. */
static void
write_references(struct buf *out, struct str id)
{
	if (!str_starts(id, STR("<")) || !str_ends(id, STR(">")) || !utf8_is_ascii(id))
		return;
	if (!header_write_raw(out, STR("In-Reply-To"), id))
		(void)!header_write_raw(out, STR("References"), id);
}

static enum fail
write_header(struct buf *out, const struct mdn_making *m, const struct jmap_mdn *mdn,
    struct arena *a)
{
	bool is_manual = str_eq(mdn->fields.sending, mdn_sendings[0]);
	enum fail fail = write_from(out, m);

	if (!fail)
		fail = write_to(out, m->request, a);
	if (!fail)
		fail = header_write(out, STR("Subject"), mdn->subject);
	if (!fail)
		fail = header_write_date(out, STR("Date"), m->now_s, 0);
	if (!fail)
		fail = header_write_message_id(out, m->now_s, m->random,
		    str_from(m->from, str_rfind_char(m->from, '@') + 1));
	write_references(out, m->request->message_id);
	if (!is_manual) /* RFC 3834 5 */
		buf_add_c(out, "Auto-Submitted: auto-replied\r\n");
	buf_add_c(out, "MIME-Version: 1.0\r\n");
	return fail;
}

/* --- the parts --------------------------------------------------------------------------------------- */

enum { REPORT, TEXT, FIELDS, ORIGINAL, PART_COUNT };

static void
make_parts(struct build_part *parts, const struct mdn_making *m, const struct jmap_mdn *mdn)
{
	bool is_ascii = utf8_is_ascii(parts[FIELDS].bytes);
	struct str header = str_head(m->message, header_size(m->message));

	parts[REPORT].kind = BUILD_MULTIPART;
	parts[REPORT].type = STR("multipart/report");
	parts[REPORT].params = STR("; report-type=disposition-notification");
	parts[REPORT].child = &parts[TEXT];
	parts[TEXT].kind = BUILD_TEXT;
	parts[TEXT].type = STR("text/plain");
	parts[TEXT].bytes = mdn->text;
	parts[TEXT].next = &parts[FIELDS];
	parts[FIELDS].kind = BUILD_MESSAGE; /* 8bit where it is not ASCII (RFC 6533 6.5) */
	parts[FIELDS].type = is_ascii ? STR("message/disposition-notification")
				      : STR("message/global-disposition-notification");
	parts[FIELDS].next = mdn->has_original ? &parts[ORIGINAL] : NULL;
	parts[ORIGINAL].kind = BUILD_MESSAGE;
	parts[ORIGINAL].type = /* RFC 6532 3.7 */
	    utf8_is_ascii(header) ? STR("message/rfc822") : STR("message/global");
	parts[ORIGINAL].bytes = m->message;
}

enum fail
jmap_mdn_make(const struct mdn_making *m, struct jmap_mdn *mdn, struct arena *a,
    struct build_part **root_out)
{
	struct build_part *parts = arena_alloc(a, PART_COUNT, sizeof(*parts));
	struct buf header, fields;
	enum fail fail = FAIL_LIMIT;

	buf_init(&header, FIELDS_MAX);
	buf_init(&fields, FIELDS_MAX);
	if (parts && complete(m, mdn, a))
		fail = write_header(&header, m, mdn, a);
	if (!fail)
		fail = mdn_fields_write(&fields, &mdn->fields);
	if (!fail && buf_ok(&header) && buf_ok(&fields)) {
		parts[REPORT].fields = arena_str(a, buf_str(&header));
		parts[FIELDS].bytes = arena_str(a, buf_str(&fields));
		make_parts(parts, m, mdn);
		*root_out = &parts[REPORT];
		fail = parts[REPORT].fields.p && parts[FIELDS].bytes.p ? FAIL_NONE : FAIL_LIMIT;
	} else if (!fail) {
		fail = FAIL_LIMIT;
	}
	buf_release(&header);
	buf_release(&fields);
	return fail;
}
