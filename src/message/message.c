#include "message/message.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "message/fields.h"
#include "message/header.h"
#include "message/mime.h"

/*
 * The scanner keeps the stack of parts that are open at its place: multiparts, embedded messages,
 * and a leaf on top. Each line that begins with "--" is compared with the boundaries on the stack,
 * which is at most MESSAGE_DEPTH_MAX deep, so the work per byte is bounded.
 */
#define OPEN_MAX (MESSAGE_DEPTH_MAX + 1)

struct open_part {
	struct part *part;
	struct part *last;    /* the newest child */
	struct str boundary;  /* empty: not a multipart, or its close delimiter was seen */
	uint64_t lines_start; /* line ends before the body */
};

struct message_parser {
	struct message *m;
	struct arena *a; /* borrow: the caller's */
	struct str bytes;
	size_t at;
	uint64_t lines; /* line ends before `at` */
	struct open_part open[OPEN_MAX];
	unsigned depth;
	unsigned boundaries;    /* on the stack */
	bool is_full;           /* no more parts */
	struct part *part;      /* whose header is under way; NULL: bodies are .. */
	struct fields *fields;  /* .. where it goes; NULL: it is no message's */
	struct collected found; /* .. and what it has so far */
};

static const struct fields no_fields;

/* --- one part ------------------------------------------------------------------------------ */

static uint64_t
count_lines(struct str s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += s.p[i] == '\n';
	return count;
}

/*
 * Is this line a delimiter of an open multipart? The position on the stack, or OPEN_MAX. A line that
 * is exactly a delimiter wins, the innermost first; else the longest boundary that the line begins
 * with (RFC 2046 5.1.1 asks for no more than that).
 */
static unsigned
match_delimiter(const struct message_parser *ps, struct str line, bool *is_close)
{
	unsigned found = OPEN_MAX;
	size_t longest = 0;

	if (ps->boundaries == 0 || ps->is_full || line.n < 3 || line.p[0] != '-' ||
	    line.p[1] != '-')
		return OPEN_MAX;
	while (line.n > 2 && strchr(" \t\r\n", line.p[line.n - 1]) != NULL && line.p[line.n - 1])
		line.n--;
	line = str_from(line, 2);
	for (unsigned i = ps->depth; i-- > 0;) {
		struct str boundary = ps->open[i].boundary, rest;

		if (boundary.n == 0 || !str_starts(line, boundary))
			continue;
		rest = str_from(line, boundary.n);
		if (rest.n == 0 || str_eq(rest, STR("--"))) {
			*is_close = rest.n > 0;
			return i;
		}
		if (boundary.n > longest) {
			longest = boundary.n;
			found = i;
			*is_close = str_starts(rest, STR("--"));
		}
	}
	return found;
}

/* A part begins at ps->at with its header. */
static void
header_begin(struct message_parser *ps, struct part *p, bool is_root, bool in_digest)
{
	p->decoded_size = PART_SIZE_UNKNOWN;
	p->header.start = ps->at;
	ps->part = p;
	ps->fields = is_root ? arena_alloc(ps->a, 1, sizeof *ps->fields) : NULL;
	ps->found = (struct collected){ .in_digest = in_digest };
	if (is_root)
		p->fields = ps->fields ? ps->fields : &no_fields;
}

static void
make_leaf(struct part *p, struct str type, struct str subtype)
{
	p->kind = PART_LEAF;
	p->type = type;
	p->subtype = subtype;
	p->params = NULL;
	p->param_count = 0;
}

static struct part *
add_child(struct message_parser *ps, struct open_part *parent)
{
	struct part *p = NULL;

	if (ps->m->part_count < MESSAGE_PARTS_MAX)
		p = arena_alloc(ps->a, 1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->parent = parent->part;
	p->index = ps->m->part_count++;
	p->number = parent->last ? parent->last->number + 1 : 1;
	if (parent->last)
		parent->last->next = p;
	else
		parent->part->child = p;
	parent->last = p;
	return p;
}

/* Put a part whose header was read on the stack, by its kind. */
static struct open_part *
push(struct message_parser *ps, struct part *p)
{
	struct open_part *open = &ps->open[ps->depth++];
	bool is_deep = ps->depth == OPEN_MAX;

	*open = (struct open_part){ .part = p, .lines_start = ps->lines };
	if (str_eq(p->type, STR("multipart"))) {
		open->boundary = param_raw(p->params, p->param_count, STR("boundary"));
		if (is_deep)
			make_leaf(p, STR("application"), STR("octet-stream"));
		else if (open->boundary.n == 0)
			make_leaf(p, STR("text"), STR("plain"));
		else
			p->kind = PART_MULTIPART;
		if (p->kind == PART_LEAF)
			open->boundary.n = 0;
		ps->boundaries += open->boundary.n > 0;
	} else if (str_eq(p->type, STR("message")) && p->encoding == ENCODING_7BIT && !is_deep &&
	    (str_eq(p->subtype, STR("rfc822")) || str_eq(p->subtype, STR("global")))) {
		p->kind = PART_MESSAGE;
	}
	return open;
}

/* Nothing more at `rest` belongs to the header; another one may follow: of a message embedded right there. */
static void
header_end(struct message_parser *ps, struct str rest)
{
	struct part *p = ps->part, *child;
	struct open_part *open;

	if (str_starts(rest, STR("\r\n")))
		rest = str_from(rest, 2);
	else if (str_starts(rest, STR("\n")))
		rest = str_from(rest, 1);
	ps->at = ps->bytes.n - rest.n;
	ps->part = NULL;
	p->header.n = ps->at - p->header.start;
	p->body.start = ps->at;
	ps->lines += count_lines(part_header(ps->m, p));
	fields_apply(&ps->found, p, ps->a);
	open = push(ps, p);
	if (p->kind != PART_MESSAGE)
		return;
	child = add_child(ps, open);
	if (child)
		header_begin(ps, child, true, false);
	else
		p->kind = PART_LEAF;
}

/* One field: there are more up to the blank line, to a line that is no field, or to a delimiter. */
static void
header_step(struct message_parser *ps)
{
	struct str cur = str_from(ps->bytes, ps->at), line = str_head(cur, 2);
	struct header h;
	bool is_close;

	if (line.n == 2 && line.p[0] == '-' && line.p[1] == '-') {
		size_t end = str_find_char(cur, '\n');

		line = str_head(cur, end == STR_NONE ? cur.n : end + 1);
		if (match_delimiter(ps, line, &is_close) != OPEN_MAX) {
			header_end(ps, cur);
			return;
		}
	}
	if (!header_next(&cur, &h)) {
		header_end(ps, cur);
		return;
	}
	ps->at = ps->bytes.n - cur.n;
	if (ps->at - ps->part->header.start <= MESSAGE_HEADER_MAX)
		fields_collect(&ps->found, ps->fields, &h);
}

/* --- the whole ----------------------------------------------------------------------------- */

/*
 * A delimiter cut an embedded message in its header: the line end before it is the delimiter's, so
 * that the header lies within the body of the part which holds it.
 */
static void
cut_header(struct part *p, size_t end)
{
	if (p->parent == NULL || p->parent->kind != PART_MESSAGE || p->body.start <= end)
		return;
	p->header.start = p->header.start < end ? p->header.start : end;
	p->header.n = end - p->header.start;
	p->body.start = end;
}

/* End all parts above `depth`; their bodies end at `end`, with `lines` line ends before it. */
static void
close_to(struct message_parser *ps, unsigned depth, size_t end, uint64_t lines)
{
	while (ps->depth > depth) {
		struct open_part *open = &ps->open[--ps->depth];
		struct part *p = open->part;

		cut_header(p, end);
		p->body.n = end > p->body.start ? end - p->body.start : 0;
		p->lines =
		    p->body.n > 0 && lines > open->lines_start ? lines - open->lines_start : 0;
		ps->boundaries -= open->boundary.n > 0;
		if (p->kind == PART_MULTIPART && p->child == NULL)
			make_leaf(p, STR("text"), STR("plain"));
	}
}

/* A delimiter of the multipart at `depth` on the stack, from ps->at to `next`. */
static void
at_delimiter(struct message_parser *ps, unsigned depth, size_t next, bool is_close)
{
	struct open_part *open = &ps->open[depth];
	struct part *child = NULL;
	size_t end = ps->at;
	uint64_t lines = ps->lines;

	if (!is_close) {
		child = add_child(ps, open);
		ps->is_full = child == NULL;
		if (ps->is_full)
			return;
	}
	if (end > 0 && ps->bytes.p[end - 1] == '\n') {
		end--;
		lines--;
		if (end > 0 && ps->bytes.p[end - 1] == '\r')
			end--;
	}
	close_to(ps, depth + 1, end, lines);
	ps->lines += ps->bytes.p[next - 1] == '\n';
	ps->at = next;
	if (is_close) {
		open->boundary.n = 0;
		ps->boundaries--;
	} else {
		header_begin(ps, child, false,
		    part_is(child->parent, STR("multipart"), STR("digest")));
	}
}

/* One line of a body. */
static void
body_step(struct message_parser *ps)
{
	struct str rest = str_from(ps->bytes, ps->at);
	const char *lf = memchr(rest.p, '\n', rest.n);
	size_t n = lf ? (size_t)(lf - rest.p) + 1 : rest.n;
	bool is_close = false;
	unsigned depth = OPEN_MAX;

	if (rest.p[0] == '-')
		depth = match_delimiter(ps, str_head(rest, n), &is_close);
	if (depth != OPEN_MAX) {
		at_delimiter(ps, depth, ps->at + n, is_close);
		if (!ps->is_full)
			return;
	}
	ps->at += n;
	ps->lines += lf != NULL;
}

static void
parse_begin(struct message_parser *ps, struct message *m, struct str bytes, struct arena *a)
{
	*ps = (struct message_parser){ .m = m, .a = a, .bytes = bytes };
	*m = (struct message){ .bytes = bytes, .size = bytes.n, .part_count = 1 };
	m->root.number = 1;
	header_begin(ps, &m->root, true, false);
}

struct message_parser *
message_parse_begin(struct message *m, struct str bytes, struct arena *a)
{
	struct message_parser *ps = arena_alloc(a, 1, sizeof *ps);

	if (ps)
		parse_begin(ps, m, bytes, a);
	return ps;
}

bool
message_parse_step(struct message_parser *ps, size_t bytes)
{
	size_t start = ps->at;

	while (ps->part || ps->at < ps->bytes.n) {
		if (ps->part)
			header_step(ps);
		else
			body_step(ps);
		if (ps->at - start >= bytes)
			return false;
	}
	close_to(ps, 0, ps->bytes.n, ps->lines);
	return true;
}

void
message_parse(struct message *m, struct str bytes, struct arena *a)
{
	struct message_parser ps;

	parse_begin(&ps, m, bytes, a);
	(void)!message_parse_step(&ps, SIZE_MAX);
}

/* --- the tree ------------------------------------------------------------------------------ */

const struct part *
part_next(const struct part *p)
{
	if (p->child)
		return p->child;
	while (p && p->next == NULL)
		p = p->parent;
	return p ? p->next : NULL;
}

bool
part_is(const struct part *p, struct str type, struct str subtype)
{
	return str_eq(p->type, type) && (subtype.n == 0 || str_eq(p->subtype, subtype));
}

struct str
part_header(const struct message *m, const struct part *p)
{
	return str_slice(m->bytes, (size_t)p->header.start, (size_t)p->header.n);
}

struct str
part_body(const struct message *m, const struct part *p)
{
	return str_slice(m->bytes, (size_t)p->body.start, (size_t)p->body.n);
}

struct str
message_field(const struct part *root, enum field field)
{
	return root->fields ? root->fields->raw[field] : (struct str){ NULL, 0 };
}
