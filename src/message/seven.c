#include "message/seven_inner.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"

#define ARENA_MAX   (16 * 1024 * 1024) /* bytes: MESSAGE_PARTS_MAX parts with some long fields */
#define SCRATCH_MAX (8 * MESSAGE_HEADER_MAX) /* bytes: the addresses of the longest field */
#define HELD_MAX \
	(16 * MESSAGE_HEADER_MAX) /* bytes: the longest field, each byte as %XX of two of UTF-8 */
#define RAW_PIECE 2048            /* bytes that are encoded at once; three times as many come out */

/*
 * The walk goes through the parts as they stand in the message:
 *
 *     HEADER -> BODY -> UP                  of a leaf
 *     HEADER -> HEADER of the child         of a message
 *     HEADER -> LEAD -> DELIMITER -> TRAIL  of a multipart, then HEADER of the first child
 *     UP     -> LEAD -> DELIMITER -> TRAIL  from a child of a multipart, then HEADER of the next one, or UP
 *     UP     -> UP, END                     from the child of a message, from the root
 *
 * Each stage is a run of bytes, but a header or a delimiter that is written anew.
 */

static struct seven_plan *
plan_of(struct seven_inner *s, const struct part *p)
{
	return &s->plans[p->index];
}

/* --- runs ------------------------------------------------------------------------------------------ */

static void
run_begin(struct seven_inner *s, struct range range, enum seven_run_kind kind)
{
	s->run = (struct seven_run){ .kind = kind,
		.at = (size_t)range.start,
		.end = (size_t)(range.start + range.n) };
}

/* A run of text that nobody reads, or of whole lines: as it is, if it is fine. */
static void
run_begin_lines(struct seven_inner *s, struct range range, enum seven_run_kind kind_if_bad)
{
	struct str text = str_slice(s->m.bytes, (size_t)range.start, (size_t)range.n);

	run_begin(s, range, (lines_scan(text) & s->bad) ? kind_if_bad : RUN_COPY);
}

/* The next bytes of the run. */
static struct str
run_take(struct seven_inner *s)
{
	struct str text =
	    str_slice(s->m.bytes, s->run.at, size_min(s->run.end - s->run.at, RAW_PIECE));

	s->run.at += text.n;
	return text;
}

/*
 * What is around the parts: '?' for what does not fit, lines broken. No line of it may become a delimiter by
 * that, so none begins with "--".
 */
static void
add_junk(struct seven_inner *s, struct str text)
{
	const char *bytes = s->m.bytes.p;
	struct buf *out = &s->held;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		size_t at = (size_t)(text.p - bytes) + i;
		bool is_high = (unsigned char)c > 127;

		if (c == '\n') {
			buf_add_c(out, "\r\n");
			s->run.column = 0;
			continue;
		}
		if (c == '\r' && at + 1 < s->run.end && bytes[at + 1] == '\n')
			continue;
		if (c == '\r' || c == '\0' || (is_high && (s->bad & BAD_HIGH)) ||
		    (c == '-' && s->run.column == 0))
			c = '?';
		if (s->run.column >= SEVEN_LINE_CUT && ((unsigned char)c & 0xc0) != 0x80) {
			buf_add_c(out, "\r\n ");
			s->run.column = 1;
		}
		buf_add_char(out, c);
		s->run.column++;
	}
}

/* --- bodies ---------------------------------------------------------------------------------------- */

static void
encode_begin(struct seven_inner *s)
{
	const struct seven_plan *plan = plan_of(s, s->part);

	s->qp = (struct qp_encoder){ 0 };
	s->base64 = (struct base64_encoder){ 0 };
	s->had_cr = false;
	if (!plan->is_raw)
		s->reader = body_reader_new(&s->m, s->part, BODY_BYTES);
}

static void
encode(struct seven_inner *s, struct str bytes)
{
	const struct seven_plan *plan = plan_of(s, s->part);

	if (plan->body == SEVEN_BODY_QP) {
		qp_encoder_feed(&s->qp, bytes, &s->held);
	} else if (plan->is_text) {
		struct buf lines;

		buf_init(&lines, 2 * bytes.n);
		lines_write(&lines, bytes, &s->had_cr);
		base64_encoder_feed(&s->base64, buf_str(&lines), &s->held);
		buf_release(&lines);
	} else {
		base64_encoder_feed(&s->base64, bytes, &s->held);
	}
}

static void
encode_next(struct seven_inner *s)
{
	if (s->reader == NULL) {
		encode(s, run_take(s));
	} else {
		buf_clear(&s->piece);
		if (!body_read(s->reader, &s->piece)) {
			body_reader_free(&s->reader);
			buf_release(&s->piece);
			s->run.at = s->run.end;
		} else {
			encode(s, buf_str(&s->piece));
		}
	}
	if (s->run.at < s->run.end)
		return;
	qp_encoder_end(&s->qp, &s->held);
	base64_encoder_end(&s->base64, &s->held);
}

/* --- the walk -------------------------------------------------------------------------------------- */

static void
gap_begin(struct seven_inner *s, const struct part *owner, const struct part *before)
{
	seven_gap_find(&s->m, owner, before, &s->gap);
	s->stage = STAGE_LEAD;
}

static void
write_delimiter(struct seven_inner *s)
{
	const struct seven_gap *gap = &s->gap;
	size_t last = (size_t)(gap->delimiter.start + gap->delimiter.n) - 1;

	if (gap->delimiter.n == 0)
		return;
	if (!plan_of(s, gap->owner)->is_moved) {
		run_begin_lines(s, gap->delimiter, RUN_LINES);
		return;
	}
	buf_add_c(&s->held, "--");
	seven_boundary_write(s, gap->owner, &s->held);
	if (gap->next == NULL)
		buf_add_c(&s->held, "--");
	if (s->m.bytes.p[last] == '\n')
		buf_add_c(&s->held, "\r\n");
}

static void
at_header(struct seven_inner *s)
{
	const struct part *p = s->part;

	if (plan_of(s, p)->is_new)
		seven_header_begin(s, plan_of(s, p));
	else
		run_begin(s, p->header, RUN_COPY);
	switch (p->kind) {
	case PART_LEAF: s->stage = STAGE_BODY; break;
	case PART_MULTIPART: gap_begin(s, p, NULL); break;
	case PART_MESSAGE: s->part = p->child; break;
	}
}

static void
at_body(struct seven_inner *s)
{
	const struct part *p = s->part;

	switch (plan_of(s, p)->body) {
	case SEVEN_BODY_KEEP: run_begin(s, p->body, RUN_COPY); break;
	case SEVEN_BODY_LINES: run_begin(s, p->body, RUN_LINES); break;
	case SEVEN_BODY_QP:
	case SEVEN_BODY_BASE64:
		run_begin(s, p->body, RUN_ENCODE);
		encode_begin(s);
		break;
	}
	s->had_cr = false;
	s->stage = STAGE_UP;
}

static void
at_up(struct seven_inner *s)
{
	const struct part *parent = s->part->parent;

	if (parent == NULL)
		s->stage = STAGE_END;
	else if (parent->kind == PART_MULTIPART)
		gap_begin(s, parent, s->part);
	else
		s->part = parent;
}

/* The next stage; some write nothing. */
static void
walk(struct seven_inner *s)
{
	switch (s->stage) {
	case STAGE_HEADER: at_header(s); break;
	case STAGE_BODY: at_body(s); break;
	case STAGE_LEAD:
		run_begin_lines(s, s->gap.lead, RUN_JUNK);
		s->stage = STAGE_DELIMITER;
		break;
	case STAGE_DELIMITER:
		s->had_cr = false;
		write_delimiter(s);
		s->stage = STAGE_TRAIL;
		break;
	case STAGE_TRAIL:
		run_begin_lines(s, s->gap.trail, RUN_JUNK);
		s->part = s->gap.next ? s->gap.next : s->gap.owner;
		s->stage = s->gap.next ? STAGE_HEADER : STAGE_UP;
		break;
	case STAGE_UP: at_up(s); break;
	case STAGE_END: break;
	}
}

static void
run_next(struct seven_inner *s)
{
	switch (s->run.kind) {
	case RUN_COPY: break;
	case RUN_LINES: lines_write(&s->held, run_take(s), &s->had_cr); break;
	case RUN_JUNK: add_junk(s, run_take(s)); break;
	case RUN_ENCODE: encode_next(s); break;
	}
}

/* --- the outside ----------------------------------------------------------------------------------- */

enum fail
seven_init(struct seven *outer, struct str message, enum seven_target target)
{
	struct seven_inner *s = mem_new(1, sizeof *s);
	enum fail fail;

	outer->inner = s;
	s->target = target;
	s->bad = BAD_BINARY | (target == SEVEN_FOR_7BIT ? BAD_HIGH : 0u);
	s->part = &s->m.root;
	arena_init(&s->arena, ARENA_MAX);
	arena_init(&s->scratch, SCRATCH_MAX);
	buf_init(&s->held, HELD_MAX);
	buf_init(&s->piece, SIZE_MAX);
	message_parse(&s->m, message, &s->arena);
	/* No single thing in the tree is larger than a header: so much room left means that all fitted. */
	if (s->arena.used > ARENA_MAX - 2 * MESSAGE_HEADER_MAX)
		return FAIL_LIMIT;
	fail = seven_plan_all(s);
	if (fail == FAIL_NONE && !s->plans[0].has_news && !s->plans[0].is_new) {
		run_begin(s, (struct range){ 0, message.n }, RUN_COPY);
		s->stage = STAGE_END;
	}
	return fail;
}

static bool
give(struct buf *out, struct str piece)
{
	buf_add(out, piece);
	return buf_ok(out);
}

bool
seven_next(struct seven *outer, struct buf *out)
{
	struct seven_inner *s = outer->inner;

	for (;;) {
		if (s->held.n > 0) {
			struct str piece = str_head(buf_str(&s->held), SEVEN_PIECE_MAX);
			bool is_given = give(out, piece);

			buf_consume(&s->held, piece.n);
			return is_given;
		}
		if (s->header.plan) {
			if (!seven_header_next(s))
				s->header.plan = NULL;
		} else if (s->run.at < s->run.end && s->run.kind == RUN_COPY) {
			struct str rest = str_slice(s->m.bytes, s->run.at, s->run.end - s->run.at);

			rest = str_head(rest, SEVEN_PIECE_MAX);
			s->run.at += rest.n;
			return give(out, rest);
		} else if (s->run.at < s->run.end) {
			run_next(s);
		} else if (s->stage == STAGE_END) {
			return false;
		} else {
			walk(s);
		}
	}
}

void
seven_release(struct seven *outer)
{
	struct seven_inner *s = outer->inner;

	if (s == NULL)
		return;
	body_reader_free(&s->reader);
	buf_release(&s->held);
	buf_release(&s->piece);
	arena_release(&s->scratch);
	arena_release(&s->arena);
	mem_free(s);
	outer->inner = NULL;
}
