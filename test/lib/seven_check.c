#include "lib/seven_check.h"

/* base */
#include "base/arena.h"
#include "base/mem.h"

/* rooms */
#include "message/message.h"
#include "message/text.h"

#define LINE_MAX  998         /* RFC 5322 2.1.1 */
#define ARENA_MAX (64u << 20) /* bytes: never the limit here */

static enum fail
write_all(struct str message, enum seven_target target, struct buf *out)
{
	struct seven s = { 0 };
	enum fail fail = seven_init(&s, message, target);

	buf_clear(out);
	while (fail == FAIL_NONE) {
		size_t before = out->n;

		if (!seven_next(&s, out))
			break;
		invariant(out->n > before && out->n - before <= SEVEN_PIECE_MAX);
	}
	invariant(buf_ok(out));
	seven_release(&s);
	seven_release(&s);
	return fail;
}

/* Said once more in other words than seven.h's own. */
static void
check_bytes(struct str s, enum seven_target target)
{
	size_t column = 0;

	for (size_t i = 0; i < s.n; i++) {
		char next = i + 1 < s.n ? s.p[i + 1] : '\0';

		invariant(s.p[i] != '\0');
		invariant((s.p[i] == '\r') == (next == '\n'));
		invariant((unsigned char)s.p[i] < 128 || target == SEVEN_FOR_8BIT);
		column = s.p[i] == '\n' ? 0 : column + 1;
		invariant(column <= LINE_MAX || s.p[i] == '\r');
	}
	invariant(s.n == 0 || s.p[0] != '\n');
	invariant((seven_needs(s) &
		      (target == SEVEN_FOR_7BIT ? ~0u : (unsigned)SEVEN_NEEDS_BINARY)) == 0);
}

static void
read_leaf(const struct message *m, const struct part *p, struct buf *out)
{
	struct body_reader *r = body_reader_new(m, p, BODY_BYTES);

	buf_clear(out);
	while (body_read(r, out))
		continue;
	body_reader_free(&r);
	invariant(buf_ok(out));
}

/* The same but for LF instead of CRLF. */
static bool
is_same(struct str a, struct str b, bool is_text)
{
	size_t i = 0, k = 0;

	if (!is_text)
		return str_eq(a, b);
	while (i < a.n && k < b.n) {
		if (a.p[i] != b.p[k] && a.p[i] == '\n' && b.p[k] == '\r')
			k++;
		else if (a.p[i++] != b.p[k++])
			return false;
	}
	return i == a.n && k == b.n;
}

static void
check_leaf(const struct message *in, const struct part *p, const struct message *out,
    const struct part *q)
{
	bool is_text = p->encoding != ENCODING_7BIT || str_eq(p->type, STR("text")) ||
	    str_eq(p->type, STR("message"));
	struct buf a, b;

	buf_init(&a, SIZE_MAX);
	buf_init(&b, SIZE_MAX);
	read_leaf(in, p, &a);
	read_leaf(out, q, &b);
	/* Uuencoded text without a beginning is nothing to its decoder; its bytes are kept. */
	if (p->encoding == ENCODING_UUENCODE && a.n == 0)
		buf_add(&a, part_body(in, p));
	if (p->encoding == ENCODING_UUENCODE && q->encoding == ENCODING_UUENCODE && b.n == 0)
		buf_add(&b, part_body(out, q));
	invariant(is_same(buf_str(&a), buf_str(&b), is_text));
	buf_release(&a);
	buf_release(&b);
}

static void
check_parts(struct str in, struct str out)
{
	struct message m, n;
	struct arena a;
	const struct part *p, *q;

	arena_init(&a, ARENA_MAX);
	message_parse(&m, in, &a);
	message_parse(&n, out, &a);
	invariant(m.part_count == n.part_count);
	for (p = &m.root, q = &n.root; p; p = part_next(p), q = part_next(q)) {
		invariant(q != NULL && p->kind == q->kind && p->index == q->index);
		invariant((p->parent == NULL) == (q->parent == NULL));
		invariant(p->parent == NULL || p->parent->index == q->parent->index);
		if (p->kind == PART_LEAF)
			check_leaf(&m, p, &n, q);
	}
	arena_release(&a);
}

enum fail
seven_check(struct str message, enum seven_target target, struct buf *out)
{
	enum fail fail = write_all(message, target, out);
	unsigned takes = target == SEVEN_FOR_7BIT ? 0 : (unsigned)SEVEN_NEEDS_8BIT;
	struct buf again;

	if (fail != FAIL_NONE)
		return fail;
	check_bytes(buf_str(out), target);
	check_parts(message, buf_str(out));
	if ((seven_needs(message) & ~takes) == 0)
		invariant(str_eq(message, buf_str(out)));
	buf_init(&again, SIZE_MAX);
	invariant(write_all(buf_str(out), target, &again) == FAIL_NONE);
	invariant(str_eq(buf_str(&again), buf_str(out)));
	buf_release(&again);
	return FAIL_NONE;
}
