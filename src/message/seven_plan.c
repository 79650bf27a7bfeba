/* What becomes of each part (seven.h): looked at from the last to the first, so children before parents. */
#include "message/seven_inner.h"

/* base */
#include "base/limits.h"
#include "base/num.h"

/* rooms */
#include "message/mime.h"

#define FRESH_MAX     1000000 /* numbers of our own boundaries that are looked for */
#define BOUNDARY_MARK STR("=_seven.")

/* --- what is wrong --------------------------------------------------------------------------------- */

unsigned
seven_needs(struct str message)
{
	unsigned bad = lines_scan(message);

	return ((bad & BAD_HIGH) ? SEVEN_NEEDS_8BIT : 0u) |
	    ((bad & BAD_BINARY) ? SEVEN_NEEDS_BINARY : 0u);
}

/* --- leaves ---------------------------------------------------------------------------------------- */

/* Charsets in whose bytes a line end is more than 13 and 10. */
static bool
is_wide(const struct part *p)
{
	static const struct str wide[] = { STR_INIT("utf-16"), STR_INIT("utf-32"), STR_INIT("ucs-"),
		STR_INIT("iso-10646") };
	struct str charset = part_charset(p);

	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (str_starts_nocase(charset, wide[i]))
			return true;
	return false;
}

/* Is there nothing in it that the decoder finds? */
static bool
is_hollow(const struct seven_inner *s, const struct part *p)
{
	struct body_reader *r = body_reader_new(&s->m, p, BODY_BYTES);
	struct buf piece;
	bool is_empty = true;

	buf_init(&piece, SIZE_MAX);
	while (is_empty && body_read(r, &piece))
		is_empty = piece.n == 0;
	buf_release(&piece);
	body_reader_free(&r);
	return is_empty;
}

/*
 * A leaf may be a multipart that broke: what its header says is still looked for by readers. Its own delimiters
 * go when it is encoded, so its boundary must go, too, or it would take those of the multipart around it.
 */
static bool
says_multipart(struct seven_inner *s, const struct part *p)
{
	struct str value, type = STR(""), subtype;
	struct param *params;
	struct header h;
	uint32_t count;

	if (!header_find(part_header(&s->m, p), STR("Content-Type"), &h))
		return false;
	params_parse(h.value, &s->scratch, &value, &params, &count);
	return media_type_parse(value, &s->scratch, &type, &subtype) &&
	    str_eq(type, STR("multipart"));
}

static void
plan_leaf(struct seven_inner *s, struct seven_plan *plan)
{
	const struct part *p = plan->part;
	struct str body = part_body(&s->m, p);
	unsigned bad = lines_scan(body) & s->bad;
	bool is_plain = p->encoding == ENCODING_7BIT;

	if (bad == 0)
		return;
	plan->has_news = true;
	plan->is_text = (part_is(p, STR("text"), STR("")) || part_is(p, STR("message"), STR(""))) &&
	    (bad & BAD_NUL) == 0 && !is_wide(p);
	if (bad == BAD_LF && (plan->is_text || !is_plain)) {
		plan->body = SEVEN_BODY_LINES;
		if (is_plain && !str_eq(p->encoding_text, STR("7BIT")))
			plan->label = s->target == SEVEN_FOR_7BIT ? STR("7bit") : STR("8bit");
		return;
	}
	plan->is_raw = is_plain || p->encoding == ENCODING_UNKNOWN ||
	    (p->encoding == ENCODING_UUENCODE && is_hollow(s, p));
	if (plan->is_text && (is_plain || p->encoding == ENCODING_QUOTED_PRINTABLE))
		plan->body = lines_are_odd(body) ? SEVEN_BODY_BASE64 : SEVEN_BODY_QP;
	else
		plan->body = SEVEN_BODY_BASE64;
	plan->label = plan->body == SEVEN_BODY_QP ? STR("quoted-printable") : STR("base64");
	plan->is_moved = says_multipart(s, p);
	arena_reset(&s->scratch);
}

/* --- multiparts and messages ------------------------------------------------------------------------ */

static size_t
part_end(const struct part *p)
{
	return (size_t)(p->body.start + p->body.n);
}

static struct range
range_of(size_t start, size_t end)
{
	return (struct range){ start, end > start ? end - start : 0 };
}

static struct str
range_str(const struct message *m, struct range range)
{
	return str_slice(m->bytes, (size_t)range.start, (size_t)range.n);
}

void
seven_gap_find(const struct message *m, const struct part *owner, const struct part *before,
    struct seven_gap *out)
{
	const struct part *next = before ? before->next : owner->child;
	size_t start = before ? part_end(before) : (size_t)owner->body.start;
	size_t end = next ? (size_t)next->header.start : part_end(owner);
	struct str text = str_slice(m->bytes, start, end > start ? end - start : 0);
	size_t from = 0, to = text.n;

	if (next != NULL) { /* the delimiter is the last line */
		struct str lines = str_ends(text, STR("\n")) ? str_head(text, text.n - 1) : text;
		size_t lf = str_rfind_char(lines, '\n');

		from = lf == STR_NONE ? 0 : lf + 1;
	} else { /* it is the first, behind the line end that belongs to it */
		if (str_starts(text, STR("\r\n")))
			from = 2;
		else if (str_starts(text, STR("\n")))
			from = 1;
		to = str_find_char(str_from(text, from), '\n');
		to = to == STR_NONE ? text.n : from + to + 1;
	}
	*out = (struct seven_gap){ .owner = owner,
		.next = next,
		.lead = range_of(start, start + from),
		.delimiter = range_of(start + from, start + to),
		.trail = range_of(start + to, start + text.n) };
}

static void
plan_multipart(const struct seven_inner *s, struct seven_plan *plan)
{
	const struct part *p = plan->part, *before = NULL;
	struct str boundary = param_raw(p->params, p->param_count, STR("boundary"));
	struct seven_gap gap;
	unsigned bad, delimiters = 0, others = 0;

	do {
		seven_gap_find(&s->m, p, before, &gap);
		delimiters |= lines_scan(range_str(&s->m, gap.delimiter));
		others |= lines_scan(range_str(&s->m, gap.lead));
		others |= lines_scan(range_str(&s->m, gap.trail));
		before = gap.next;
	} while (before != NULL);
	bad = lines_scan(boundary);
	if (boundary.n > SEVEN_BOUNDARY_MAX && (lines_scan(part_header(&s->m, p)) & s->bad))
		bad |= BAD_LONG;
	plan->is_moved = ((bad | (delimiters & ~(unsigned)BAD_LF)) & s->bad) != 0;
	if (plan->is_moved || ((delimiters | others) & s->bad))
		plan->has_news = true;
}

/* RFC 2045 6.4: what holds other parts is labelled by what is in it. */
static void
plan_container(const struct seven_inner *s, struct seven_plan *plan)
{
	const struct part *p = plan->part;
	struct str now = p->encoding_text;

	if (p->kind == PART_MULTIPART)
		plan_multipart(s, plan);
	if (!plan->has_news || p->encoding != ENCODING_7BIT || str_eq(now, STR("7BIT")))
		return;
	if (s->target == SEVEN_FOR_7BIT)
		plan->label = STR("7bit");
	else if (!str_eq(now, STR("8BIT")))
		plan->label = STR("8bit");
}

/* --- all ------------------------------------------------------------------------------------------- */

/* The greatest number that stands behind our mark in the text. */
static uint32_t
greatest_number(struct str text)
{
	uint32_t greatest = 0;
	size_t at;

	while ((at = str_find(text, BOUNDARY_MARK)) != STR_NONE) {
		uint32_t number;

		text = str_from(text, at + BOUNDARY_MARK.n);
		if (str_u32(&text, FRESH_MAX, &number) && number > greatest)
			greatest = number;
	}
	return greatest;
}

/*
 * Boundaries of ours must be in no text of the message, nor be what RFC 2231 makes of pieces that are: one
 * number more than all that are there.
 */
static void
find_fresh(struct seven_inner *s)
{
	uint32_t greatest = greatest_number(s->m.bytes);

	for (uint32_t i = 0; i < s->m.part_count; i++) {
		const struct part *p = s->plans[i].part;
		uint32_t number =
		    greatest_number(param_raw(p->params, p->param_count, STR("boundary")));

		greatest = number > greatest ? number : greatest;
	}
	s->fresh = greatest + 1;
}

static enum fail
plan_header(const struct seven_inner *s, struct seven_plan *plan)
{
	const struct part *p = plan->part;
	struct str header = part_header(&s->m, p);

	plan->is_new = (lines_scan(header) & s->bad) != 0 || plan->label.n > 0 || plan->is_moved ||
	    (plan->has_news && p->body.n > 0 && !seven_header_is_ended(header));
	return plan->is_new && header.n > MESSAGE_HEADER_MAX ? FAIL_LIMIT : FAIL_NONE;
}

enum fail
seven_plan_all(struct seven_inner *s)
{
	s->plans = arena_alloc(&s->arena, s->m.part_count, sizeof *s->plans);
	if (s->plans == NULL)
		return FAIL_LIMIT;
	for (const struct part *p = &s->m.root; p; p = part_next(p))
		s->plans[p->index].part = p;
	for (uint32_t i = s->m.part_count; i-- > 0;) {
		struct seven_plan *plan = &s->plans[i];
		const struct part *parent = plan->part->parent;
		enum fail fail;

		if (plan->part->kind == PART_LEAF)
			plan_leaf(s, plan);
		else
			plan_container(s, plan);
		fail = plan_header(s, plan);
		if (fail != FAIL_NONE)
			return fail;
		if (parent && (plan->has_news || plan->is_new))
			s->plans[parent->index].has_news = true;
	}
	if (s->plans[0].has_news || s->plans[0].is_new)
		find_fresh(s);
	return FAIL_NONE;
}
