#include "message/build.h"

/* rooms */
#include "message/compose.h"
#include "message/lines.h"

#define TYPE_MAX (64 * 1024)   /* bytes of a Content-Type; more is nobody's file name */
#define SCAN_MAX (1024 * 1024) /* bytes of a text file that are looked at; larger ones are base64 */

/* --- what becomes of each part --------------------------------------------------------------------- */

static bool
is_type(const struct build_part *p, struct str type)
{
	return str_starts_nocase(p->type, type);
}

static bool
is_readable(const struct build_part *p)
{
	return is_type(p, STR("text/")) || is_type(p, STR("message/"));
}

/* Is it taken as lines, as long as it is made of such? Other files are base64. */
static bool
has_lines(const struct build_part *p)
{
	return p->kind == BUILD_TEXT ||
	    (p->kind == BUILD_BYTES && is_readable(p) && p->encoding == ENCODING_7BIT &&
		p->bytes.n <= SCAN_MAX);
}

/* Texts change their line ends where they must; files do not change. */
static enum build_code
choose_for_lines(const struct build_part *p, const struct lines_scan *scan)
{
	unsigned bad = scan->bad;

	if (p->kind == BUILD_TEXT)
		bad &= ~(unsigned)BAD_LF;
	if (bad == 0)
		return BUILD_7BIT;
	return scan->odd > p->bytes.n / 2 ? BUILD_BASE64 : BUILD_QP;
}

static enum build_code
choose(const struct build_part *p, const struct lines_scan *scan)
{
	if (has_lines(p))
		return choose_for_lines(p, scan);
	switch (p->kind) {
	case BUILD_MULTIPART:
	case BUILD_TEXT: break;
	case BUILD_BYTES: return BUILD_BASE64;
	case BUILD_MESSAGE:
		if (scan->bad & BAD_BINARY)
			return BUILD_SEVEN;
		return scan->bad ? BUILD_8BIT : BUILD_7BIT;
	}
	return BUILD_7BIT;
}

/* Down to the first leaf. */
static void
plan_begin(struct build *b, struct build_part *p, struct build_part *parent)
{
	for (;;) {
		p->parent = parent;
		p->number = b->number++;
		p->is_8bit = false;
		if (!p->child)
			break;
		p->code = BUILD_7BIT;
		parent = p;
		p = p->child;
	}
	b->planned = p;
	b->scan = (struct lines_scan){ .counts_odd = has_lines(p) };
	if (has_lines(p) || p->kind == BUILD_MESSAGE)
		b->scan.rest = p->bytes;
}

/* Some more; children come before their parents, which are 8bit when one of them is (RFC 2045 6.4). */
static void
plan_next(struct build *b)
{
	struct build_part *p = b->planned;

	if (lines_scan_next(&b->scan))
		return;
	p->code = choose(p, &b->scan);
	p->is_8bit = p->code == BUILD_8BIT || p->code == BUILD_SEVEN;
	while (p->parent) {
		p->parent->is_8bit |= p->is_8bit;
		if (p->next) {
			plan_begin(b, p->next, p->parent);
			return;
		}
		p = p->parent;
	}
	b->stage = BUILD_HEADER;
}

/* --- headers --------------------------------------------------------------------------------------- */

static void
write_boundary(const struct build *b, const struct build_part *p, struct buf *out)
{
	buf_add_c(out, "=_"); /* stands in no quoted-printable and no base64 (RFC 2045 6.7) */
	buf_add_hex(out, b->random);
	buf_add_char(out, '.');
	buf_add_u64(out, p->number);
}

static const char *
encoding_name(const struct build_part *p)
{
	if (p->code == BUILD_QP)
		return "quoted-printable";
	if (p->code == BUILD_BASE64)
		return "base64";
	return p->is_8bit ? "8bit" : "7bit";
}

static void
write_header(struct build *b, const struct build_part *p, struct buf *out)
{
	struct buf type;

	buf_init(&type, TYPE_MAX);
	buf_add(&type, p->type);
	if (p->kind == BUILD_MULTIPART) {
		buf_add_c(&type, "; boundary=\"");
		write_boundary(b, p, &type);
		buf_add_char(&type, '"');
	} else if (p->kind == BUILD_TEXT && is_type(p, STR("text/"))) {
		buf_add_c(&type, "; charset=utf-8");
	}
	buf_add(&type, p->params); /* behind ours: readers may stop after so and so many */
	buf_add(out, p->fields);
	b->fail =
	    buf_ok(&type) ? header_write_raw(out, STR("Content-Type"), buf_str(&type)) : FAIL_LIMIT;
	buf_release(&type);
	buf_add_c(out, "Content-Transfer-Encoding: ");
	buf_add_c(out, encoding_name(p));
	buf_add_c(out, "\r\n\r\n");
}

/* --- bodies ---------------------------------------------------------------------------------------- */

static void
body_begin(struct build *b)
{
	const struct build_part *p = b->at;

	b->stage = BUILD_BODY;
	b->qp = (struct qp_encoder){ .is_binary = p->kind == BUILD_BYTES };
	b->base64 = (struct base64_encoder){ 0 };
	b->had_cr = false;
	if (p->code == BUILD_SEVEN) {
		b->fail = seven_init(&b->seven, p->bytes, SEVEN_FOR_8BIT);
		return;
	}
	b->shell = (struct message){
		.bytes = p->bytes,
		.size = p->bytes.n,
		.part_count = 1,
		.root = { .type = STR("application"),
		    .subtype = STR("octet-stream"),
		    .encoding = p->encoding,
		    .decoded_size = PART_SIZE_UNKNOWN,
		    .body = { 0, p->bytes.n } },
	};
	b->reader = body_reader_new(&b->shell, &b->shell.root, BODY_BYTES);
}

static void
encode(struct build *b, struct str bytes, struct buf *out)
{
	const struct build_part *p = b->at;
	struct buf lines;

	switch (p->code) {
	case BUILD_7BIT:
	case BUILD_8BIT:
	case BUILD_SEVEN:
		if (p->kind == BUILD_TEXT)
			lines_write(out, bytes, &b->had_cr);
		else
			buf_add(out, bytes);
		break;
	case BUILD_QP: qp_encoder_feed(&b->qp, bytes, out); break;
	case BUILD_BASE64:
		buf_init(&lines, 2 * bytes.n);
		if (p->kind == BUILD_TEXT)
			lines_write(&lines, bytes, &b->had_cr);
		base64_encoder_feed(&b->base64, p->kind == BUILD_TEXT ? buf_str(&lines) : bytes,
		    out);
		buf_release(&lines);
		break;
	}
}

static void
body_next(struct build *b, struct buf *out)
{
	if (b->seven.inner) {
		if (!seven_next(&b->seven, out)) {
			seven_release(&b->seven);
			b->stage = BUILD_UP;
		}
		return;
	}
	buf_clear(&b->piece);
	if (body_read(b->reader, &b->piece)) {
		encode(b, buf_str(&b->piece), out);
		return;
	}
	qp_encoder_end(&b->qp, out);
	base64_encoder_end(&b->base64, out);
	body_reader_free(&b->reader);
	b->stage = BUILD_UP;
}

/* --- the walk -------------------------------------------------------------------------------------- */

/* The line end before a delimiter belongs to it (RFC 2046 5.1.1); base64 ends in one that means nothing. */
static void
write_delimiter(struct build *b, const struct build_part *owner, bool is_close, struct buf *out)
{
	if (!b->is_line_ended)
		buf_add_c(out, "\r\n");
	buf_add_c(out, "--");
	write_boundary(b, owner, out);
	buf_add_c(out, is_close ? "--" : "\r\n");
	b->is_line_ended = false;
}

static void
at_header(struct build *b, struct buf *out)
{
	const struct build_part *p = b->at;

	write_header(b, p, out);
	b->is_line_ended = true;
	if (p->kind == BUILD_MULTIPART) {
		write_delimiter(b, p, false, out);
		b->at = p->child;
		return;
	}
	b->is_line_ended = p->code == BUILD_BASE64;
	body_begin(b);
}

static void
at_up(struct build *b, struct buf *out)
{
	const struct build_part *p = b->at;

	if (p->parent == NULL) {
		if (p->kind == BUILD_MULTIPART)
			buf_add_c(out, "\r\n");
		b->stage = BUILD_END;
		return;
	}
	write_delimiter(b, p->parent, p->next == NULL, out);
	b->at = p->next ? p->next : p->parent;
	b->stage = p->next ? BUILD_HEADER : BUILD_UP;
}

void
build_init(struct build *b, struct build_part *root, struct str random)
{
	*b = (struct build){ .at = root, .random = random };
	buf_init(&b->piece, 8 * BODY_PIECE_BYTES);
	plan_begin(b, root, NULL);
}

bool
build_next(struct build *b, struct buf *out)
{
	size_t before = out->n;

	if (b->stage == BUILD_PLAN) {
		plan_next(b);
		return true;
	}
	while (b->stage != BUILD_END && b->fail == FAIL_NONE && out->n == before && buf_ok(out)) {
		switch (b->stage) {
		case BUILD_HEADER: at_header(b, out); break;
		case BUILD_BODY: body_next(b, out); break;
		case BUILD_UP: at_up(b, out); break;
		case BUILD_PLAN:
		case BUILD_END: break;
		}
	}
	return b->fail == FAIL_NONE && out->n > before;
}

void
build_release(struct build *b)
{
	body_reader_free(&b->reader);
	seven_release(&b->seven);
	buf_release(&b->piece);
	b->stage = BUILD_END;
}
