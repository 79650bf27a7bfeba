/* Headers that do not fit, or whose part gets another encoding (seven.h), field by field. */
#include "message/seven_inner.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/compose.h"
#include "message/mime.h"
#include "message/quoted_string.h"

#define NAME_MAX   75  /* bytes of a field name that compose.h takes */
#define WORD_MAX   500 /* bytes without a blank before one is put in; a line has room for it */
#define BLANKS_MAX 50  /* blanks in a row that stay */
#define TOKEN_MAX  100 /* bytes of a media type, a disposition, an encoding or a parameter's name */
#define PLAIN_MAX  400 /* bytes of a parameter in one piece: a line has room for all of it escaped */
#define TEXT_MAX \
	4000 /* bytes of a parameter that stay: RFC 2231 pieces as far as mime.h reads them */
#define OLD_TYPE    STR("Content-Type")
#define OLD_CODING  STR("Content-Transfer-Encoding")
#define DISPOSITION STR("Content-Disposition")

/* Fields of addresses: names become encoded words, domains ASCII. */
static const struct str address_fields[] = { STR_INIT("From"), STR_INIT("Sender"),
	STR_INIT("Reply-To"), STR_INIT("To"), STR_INIT("Cc"), STR_INIT("Bcc"),
	STR_INIT("Resent-From"), STR_INIT("Resent-Sender"), STR_INIT("Resent-Reply-To"),
	STR_INIT("Resent-To"), STR_INIT("Resent-Cc"), STR_INIT("Resent-Bcc"),
	STR_INIT("Mail-Followup-To"), STR_INIT("Mail-Reply-To"),
	STR_INIT("Disposition-Notification-To"), STR_INIT("Errors-To"),
	STR_INIT("Return-Receipt-To") };

/*
 * Fields with a grammar of their own, in which encoded words may not stand (RFC 2047 5). All that are not
 * named here are text, as those that people invent are.
 */
static const struct str structured_fields[] = { STR_INIT("Received"), STR_INIT("Received-SPF"),
	STR_INIT("Return-Path"), STR_INIT("Delivered-To"), STR_INIT("X-Original-To"),
	STR_INIT("Date"), STR_INIT("Resent-Date"), STR_INIT("Message-ID"),
	STR_INIT("Resent-Message-ID"), STR_INIT("In-Reply-To"), STR_INIT("References"),
	STR_INIT("DKIM-Signature"), STR_INIT("DomainKey-Signature"),
	STR_INIT("Authentication-Results"), STR_INIT("ARC-Authentication-Results"),
	STR_INIT("ARC-Message-Signature"), STR_INIT("ARC-Seal"), STR_INIT("MIME-Version"),
	STR_INIT("Content-ID"), STR_INIT("Content-Location"), STR_INIT("Content-Base"),
	STR_INIT("Content-Language"), STR_INIT("Content-MD5"), STR_INIT("Content-Features"),
	STR_INIT("Content-Duration"), STR_INIT("Content-Type"),
	STR_INIT("Content-Transfer-Encoding"), STR_INIT("Content-Disposition"), STR_INIT("List-Id"),
	STR_INIT("List-Help"), STR_INIT("List-Subscribe"), STR_INIT("List-Unsubscribe"),
	STR_INIT("List-Unsubscribe-Post"), STR_INIT("List-Post"), STR_INIT("List-Owner"),
	STR_INIT("List-Archive"), STR_INIT("Auto-Submitted"), STR_INIT("Autocrypt") };

static bool
is_among(struct str name, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(name, names[i]))
			return true;
	return false;
}

static bool
is_bad(const struct seven_inner *s, struct str text)
{
	return (lines_scan(text) & s->bad) != 0;
}

/* --- any field ------------------------------------------------------------------------------------- */

/* The value without folds, '?' for what does not fit, long words and long blanks broken. */
static void
clean_value(const struct seven_inner *s, struct str value, struct buf *out)
{
	size_t word = 0, blanks = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		bool is_high = (unsigned char)c > 127;

		if (c == '\r' || c == '\n')
			continue;
		if (char_is_space(c)) {
			word = 0;
			if (++blanks <= BLANKS_MAX)
				buf_add_char(out, c);
			continue;
		}
		if (c == '\0' || (is_high && (s->bad & BAD_HIGH)))
			c = '?';
		if (++word > WORD_MAX &&
		    (((unsigned char)c & 0xc0) != 0x80 || word > WORD_MAX + 4)) {
			buf_add_char(out, ' ');
			word = 1;
		}
		blanks = 0;
		buf_add_char(out, c);
	}
}

/* What always works. */
static void
write_clean(struct seven_inner *s, const struct header *h)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, 2 * h->value.n + 1);
	clean_value(s, h->value, &value);
	fail = header_write_raw(&s->held, str_head(h->name, NAME_MAX), buf_str(&value));
	invariant(fail == FAIL_NONE);
	buf_release(&value);
}

/* The field as it stands, with CRLF for LF. */
static void
write_lines(struct seven_inner *s, struct str whole)
{
	while (whole.n > 0) {
		size_t lf = str_find_char(whole, '\n');
		struct str line = str_head(whole, lf);

		if (str_ends(line, STR("\r")))
			line.n--;
		buf_add(&s->held, line);
		buf_add_c(&s->held, "\r\n");
		whole = str_from(whole, lf == STR_NONE ? whole.n : lf + 1);
	}
}

/* --- text and addresses ---------------------------------------------------------------------------- */

static enum fail
write_text(struct seven_inner *s, const struct header *h)
{
	return header_write(&s->held, h->name, header_text(h->value, &s->scratch));
}

/* The ASCII form of a domain; '?' where there is none. */
static struct str
ascii_domain(struct seven_inner *s, struct str domain)
{
	struct buf ascii;
	struct str copy = { NULL, 0 };

	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, domain) == FAIL_NONE)
		copy = arena_str(&s->scratch, buf_str(&ascii));
	buf_release(&ascii);
	return copy.p ? copy : domain;
}

static struct str
without_high(struct seven_inner *s, struct str text)
{
	char *copy;

	if (!is_bad(s, text))
		return text;
	copy = arena_alloc(&s->scratch, text.n, 1);
	if (copy == NULL)
		return STR("?");
	for (size_t i = 0; i < text.n; i++)
		copy[i] = (unsigned char)text.p[i] > 127 ? '?' : text.p[i];
	return str_of(copy, text.n);
}

/* Names become encoded words. There is no way to write a local part that is not ASCII (RFC 6532). */
static enum fail
write_addresses(struct seven_inner *s, const struct header *h)
{
	struct address_list list;

	address_parse(h->value, &s->scratch, &list);
	if (list.is_cut || list.count == 0)
		return FAIL_LIMIT;
	for (size_t i = 0; i < list.count; i++) {
		struct address *x = &list.items[i];

		x->name = address_name(x, &s->scratch);
		if (is_bad(s, x->domain))
			x->domain = without_high(s, ascii_domain(s, x->domain));
		x->local = without_high(s, x->local);
	}
	return header_write_addresses(&s->held, h->name, list.items, list.count);
}

/* --- Content-Type and the like --------------------------------------------------------------------- */

/*
 * A token in which nothing is bad. What a token may hold becomes '_' and what ends one '?', so that
 * media_type_parse() sees tokens begin and end where it did.
 */
static void
add_token(struct buf *out, struct str token)
{
	token = str_head(token, TOKEN_MAX);
	for (size_t i = 0; i < token.n; i++) {
		unsigned char c = (unsigned char)token.p[i];

		buf_add_char(out, c > 127 ? '_' : c < 32 ? '?' : (char)c);
	}
}

static void
add_quoted(struct buf *out, struct str name, struct str value)
{
	buf_add_c(out, "; ");
	add_token(out, name);
	buf_add_char(out, '=');
	quoted_string_write(out, value);
}

/* As RFC 2231 has it, under a name that it takes, without line ends. */
static void
add_extended(struct buf *out, struct str name, struct str text)
{
	char safe[TOKEN_MAX], value[TEXT_MAX];

	name = str_head(name, sizeof safe);
	text = utf8_cut(text, sizeof value);
	for (size_t i = 0; i < text.n; i++)
		value[i] =
		    text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '\0' ? '_' : text.p[i];
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_fine = char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '.';

		safe[i] = is_fine ? c : '_';
	}
	if (param_write(out, str_of(safe, name.n), str_of(value, text.n)) != FAIL_NONE)
		out->overflow = true;
}

static bool
has_extended(const struct param *params, uint32_t count, struct str name)
{
	for (uint32_t i = 0; i < count; i++)
		if (params[i].name.n == name.n + 1 && str_starts(params[i].name, name) &&
		    params[i].name.p[name.n] == '*')
			return true;
	return false;
}

static bool
is_repeated(const struct param *params, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (str_eq(params[i].name, params[at].name))
			return true;
	return false;
}

/* One parameter; the first of each name counts, and the extended one before the plain one (mime.h). */
static void
add_param(struct seven_inner *s, struct buf *out, const struct param *params, uint32_t count,
    uint32_t at)
{
	struct str name = params[at].name, value = params[at].value;
	bool is_extended = str_ends(name, STR("*"));

	if (is_repeated(params, at))
		return;
	if (!is_extended && !is_bad(s, value) && value.n <= PLAIN_MAX) {
		add_quoted(out, name, value);
	} else if (is_extended) {
		name.n--;
		add_extended(out, name, param_text(params, count, name, &s->scratch));
	} else if (!has_extended(params, count, name)) {
		add_extended(out, name, header_text(value, &s->scratch));
	}
}

static bool
is_boundary(struct str name)
{
	return str_eq(name, STR("boundary")) || str_eq(name, STR("boundary*"));
}

/* The boundary as the parser took it, or one of ours; first, because readers want it there. */
static void
add_boundary(struct seven_inner *s, struct buf *out, const struct param *params, uint32_t count)
{
	const struct seven_plan *plan = s->header.plan;
	struct str boundary = param_raw(params, count, STR("boundary"));
	struct buf ours;

	if (boundary.p == NULL)
		return;
	if (!plan->is_moved && !is_bad(s, boundary) && boundary.n <= SEVEN_BOUNDARY_MAX) {
		add_quoted(out, STR("boundary"), boundary);
		return;
	}
	buf_init(&ours, TOKEN_MAX);
	seven_boundary_write(s, plan->part, &ours);
	add_quoted(out, STR("boundary"), buf_str(&ours));
	buf_release(&ours);
}

/* A value with parameters, written again from what the parser took it for. */
static enum fail
write_params(struct seven_inner *s, const struct header *h, bool is_type)
{
	struct str value, type, subtype;
	struct param *params;
	struct buf out;
	uint32_t count;
	enum fail fail;

	buf_init(&out, 8 * MESSAGE_HEADER_MAX);
	params_parse(h->value, &s->scratch, &value, &params, &count);
	if (is_type && media_type_parse(value, &s->scratch, &type, &subtype)) {
		add_token(&out, type);
		buf_add_char(&out, '/');
		add_token(&out, subtype);
	} else {
		add_token(&out, value);
	}
	if (is_type)
		add_boundary(s, &out, params, count);
	for (uint32_t i = 0; i < count; i++)
		if (!is_type || !is_boundary(params[i].name))
			add_param(s, &out, params, count, i);
	fail = buf_ok(&out) ? header_write_raw(&s->held, h->name, buf_str(&out)) : FAIL_LIMIT;
	buf_release(&out);
	return fail;
}

void
seven_boundary_write(const struct seven_inner *s, const struct part *p, struct buf *out)
{
	buf_add_c(out, "=_seven.");
	buf_add_u64(out, s->fresh);
	buf_add_char(out, '.');
	buf_add_u64(out, p->index);
}

/* --- Content-Transfer-Encoding ---------------------------------------------------------------------- */

static void
write_label(struct seven_inner *s)
{
	struct str header = part_header(&s->m, s->header.plan->part);
	struct header found;

	if (s->header.plan->label.n == 0 || s->header.is_labelled)
		return;
	s->header.is_labelled = true;
	/* RFC 2045 4: a message that uses MIME says so. */
	if (s->header.plan->part->fields && !header_find(header, STR("MIME-Version"), &found))
		buf_add_c(&s->held, "MIME-Version: 1.0\r\n");
	buf_add(&s->held, OLD_CODING);
	buf_add_c(&s->held, ": ");
	buf_add(&s->held, s->header.plan->label);
	buf_add_c(&s->held, "\r\n");
}

/* The encoding that the parser saw, when something else is bad in the field. */
static enum fail
write_encoding(struct seven_inner *s, const struct header *h)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, TOKEN_MAX);
	add_token(&value, s->header.plan->part->encoding_text);
	fail = header_write_raw(&s->held, h->name, buf_str(&value));
	buf_release(&value);
	return fail;
}

/* --- fields in turn -------------------------------------------------------------------------------- */

static bool
is_first(bool *had)
{
	bool is_it = !*had;

	*had = true;
	return is_it;
}

/* The fields that the parser reads; FAIL_MISSING: it is none of them, or not the first. */
static enum fail
write_mime_field(struct seven_inner *s, const struct header *h, bool is_bad_field)
{
	struct seven_header *w = &s->header;

	if (str_eq_nocase(h->name, OLD_CODING)) {
		if (w->plan->label.n > 0) {
			write_label(s);
			return FAIL_NONE;
		}
		if (is_first(&w->had_encoding) && is_bad_field)
			return write_encoding(s, h);
	} else if (str_eq_nocase(h->name, OLD_TYPE)) {
		if (is_first(&w->had_type) && (is_bad_field || w->plan->is_moved))
			return write_params(s, h, true);
	} else if (str_eq_nocase(h->name, DISPOSITION)) {
		if (is_first(&w->had_disposition) && is_bad_field)
			return write_params(s, h, false);
	}
	return FAIL_MISSING;
}

static void
write_field(struct seven_inner *s, const struct header *h)
{
	unsigned bad = lines_scan(h->whole) & s->bad;
	size_t before = s->held.n;
	enum fail fail = write_mime_field(s, h, (bad & ~(unsigned)BAD_LF) != 0);

	if (fail == FAIL_MISSING && (bad & ~(unsigned)BAD_LF) == 0) {
		write_lines(s, h->whole);
		return;
	}
	if (fail == FAIL_MISSING) {
		bool is_short = h->name.n <= NAME_MAX;

		if (is_short && is_among(h->name, address_fields, ARRAY_LEN(address_fields)))
			fail = (bad & BAD_HIGH) ? write_addresses(s, h) : FAIL_MISSING;
		else if (is_short &&
		    !is_among(h->name, structured_fields, ARRAY_LEN(structured_fields)))
			fail = write_text(s, h);
	}
	if (fail != FAIL_NONE) {
		buf_rewind(&s->held, before);
		write_clean(s, h);
	}
}

/*
 * What stands between fields and is none: mbox lines, a line of rubbish before a well-known field. A byte
 * order mark goes; a line that is cut or gets '?' is no well-known field by that.
 */
static void
write_junk(struct seven_inner *s, struct str junk)
{
	static const struct str mark = STR_INIT("\xef\xbb\xbf");

	if (str_skip(&junk, mark) && (s->bad & BAD_HIGH) == 0)
		buf_add(&s->held, mark);
	while (junk.n > 0) {
		size_t lf = str_find_char(junk, '\n');
		struct str line = str_head(junk, lf);

		if (str_ends(line, STR("\r")))
			line.n--;
		line = line.n > LINES_LENGTH_MAX ? str_head(line, SEVEN_LINE_CUT) : line;
		for (size_t i = 0; i < line.n; i++) {
			char c = line.p[i];
			bool is_high = (unsigned char)c > 127;

			buf_add_char(&s->held,
			    c == '\r' || c == '\0' || (is_high && (s->bad & BAD_HIGH)) ? '?' : c);
		}
		buf_add_c(&s->held, "\r\n");
		junk = str_from(junk, lf == STR_NONE ? junk.n : lf + 1);
	}
}

void
seven_header_begin(struct seven_inner *s, const struct seven_plan *plan)
{
	s->header = (struct seven_header){ .plan = plan, .rest = part_header(&s->m, plan->part) };
}

bool
seven_header_next(struct seven_inner *s)
{
	struct seven_header *w = &s->header;
	struct str before = w->rest, header = part_header(&s->m, w->plan->part);
	struct header h, found;

	arena_reset(&s->scratch);
	if (header_next(&w->rest, &h)) {
		/* One label is enough; rubbish before it goes, too: without a field behind it, it ends headers. */
		if (w->is_labelled && str_eq_nocase(h.name, OLD_CODING))
			return true;
		write_junk(s, str_of(before.p, (size_t)(h.whole.p - before.p)));
		write_field(s, &h);
		/* A new label stands where an old one did, else behind the type. */
		if (str_eq_nocase(h.name, OLD_TYPE) && !header_find(header, OLD_CODING, &found))
			write_label(s);
		return true;
	}
	write_junk(s, str_head(before, before.n - w->rest.n));
	write_label(s);
	if (w->rest.n > 0 || w->plan->part->body.n > 0)
		buf_add_c(&s->held, "\r\n");
	return false;
}

bool
seven_header_is_ended(struct str header)
{
	struct header h;

	while (header_next(&header, &h))
		continue;
	return header.n > 0;
}
