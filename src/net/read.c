/* The readers of conn.h: lines, counted bytes, looking ahead, mail data. */

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "net/private.h"

#define LINE_PULLS_MAX 8 /* reads of one conn_line(): the longest line, and some to be skipped */

void
conn_settle(struct conn *c)
{
	if (c->used == 0)
		return;
	buf_consume(&c->in, c->used);
	c->used = 0;
	c->scanned = 0;
}

/*
 * A client may have ended its stream behind the last bytes that it compressed: then an empty block comes (RFC 1951 3.2.6),
 * which no line begins with.
 */
static void
skip_end(struct conn *c)
{
	static const struct str block = STR_INIT("\x03\x00");
	struct str in = buf_str(&c->in);

	if (in.n < block.n && str_starts(block, in))
		return;
	c->skips_end = false;
	if (str_starts(in, block))
		buf_consume(&c->in, block.n);
}

bool
conn_pull(struct conn *c)
{
	size_t room = c->in.max - c->in.n, got = 0;

	if (c->is_held || c->is_ended || c->is_finishing || c->before || room == 0)
		return false;
	switch (c->top->ops->read(c->top, c->net->scratch, size_min(room, CONN_READ_BYTES), &got)) {
	case IO_OK:
		buf_add(&c->in, str_of(c->net->scratch, got));
		if (c->skips_end)
			skip_end(c);
		return true;
	case IO_AGAIN: break;
	case IO_END: c->is_ended = true; break;
	case IO_BROKEN: conn_break(c); break;
	}
	return false;
}

/* Nothing to hand out: an idle connection keeps no buffer. */
static void
starve(struct conn *c)
{
	c->is_starved = true;
	if (c->in.n == 0)
		buf_release(&c->in);
}

/* Consume at once, what is not handed out. */
static void
discard(struct conn *c, size_t n)
{
	buf_consume(&c->in, n);
	c->scanned = 0;
}

static void
hand_out(struct conn *c, size_t n)
{
	c->used = (uint32_t)n;
	c->is_starved = false;
}

static bool
has_cr(struct str s)
{
	return str_find_char(s, '\r') != STR_NONE;
}

/* --- lines ---------------------------------------------------------------------------------- */

/* A line is too long: its first bytes stay, the others are dropped as they come. */
static void
begin_skipping(struct conn *c, size_t max)
{
	c->is_skipping = true;
	c->head = (uint32_t)size_min(max, CONN_LINE_HEAD);
	c->skipped = c->head;
}

/* The n bytes behind the head go. */
static void
drop(struct conn *c, size_t n)
{
	char *at = c->in.p + c->in.start + c->head;

	memmove(at, at + n, c->in.n - c->head - n);
	buf_truncate(&c->in, c->in.n - n);
	c->skipped += n;
}

/* In a line that is too long: drop bytes up to its CRLF. */
static enum line
skip_line(struct conn *c, struct str *head_out)
{
	for (;;) {
		struct str s = str_from(buf_str(&c->in), c->head);
		size_t at = str_find_char(s, '\n');

		if (at == STR_NONE) { /* a CR at the end may belong to the next byte */
			drop(c, s.n > 0 && s.p[s.n - 1] == '\r' ? s.n - 1 : s.n);
			return LINE_NONE;
		}
		if (at > 0 && s.p[at - 1] == '\r') {
			*head_out = str_head(buf_str(&c->in), c->head);
			hand_out(c, c->head + at + 1);
			c->is_skipping = c->is_tainted = false;
			c->skipped = 0;
			return LINE_TOO_LONG;
		}
		drop(c, at + 1);
	}
}

static enum line
scan_line(struct conn *c, size_t max, struct str *line_out)
{
	struct str s = buf_str(&c->in), line;
	size_t at;
	bool is_crlf, is_bare;

	if (c->is_skipping)
		return skip_line(c, line_out);
	at = str_find_char(str_from(s, c->scanned), '\n');
	if (at == STR_NONE) {
		c->scanned = (uint32_t)s.n;
		if (s.n <= max + 1) /* max bytes and a CR are still a line */
			return LINE_NONE;
		begin_skipping(c, max);
		return skip_line(c, line_out);
	}
	at += c->scanned;
	is_crlf = at > 0 && s.p[at - 1] == '\r';
	line = str_head(s, is_crlf ? at - 1 : at);
	if (line.n > max) {
		begin_skipping(c, max);
		return skip_line(c, line_out);
	}
	is_bare = !is_crlf || c->is_tainted || has_cr(line);
	c->is_tainted = !is_crlf;
	hand_out(c, at + 1);
	*line_out = line;
	return is_bare ? LINE_BARE : LINE_READY;
}

uint64_t
conn_skipped(const struct conn *c)
{
	return c->skipped;
}

enum line
conn_line(struct conn *c, size_t max, struct str *line_out)
{
	invariant(max <= CONN_IN_MAX);
	conn_settle(c);
	*line_out = (struct str){ 0 };
	for (unsigned i = 0; i < LINE_PULLS_MAX; i++) {
		enum line line = c->in.n > 0 ? scan_line(c, max, line_out) : LINE_NONE;

		if (line != LINE_NONE)
			return line;
		if (!conn_pull(c)) {
			starve(c);
			return LINE_NONE;
		}
	}
	conn_wake(c); /* an endless line, as fast as we read it: others come first */
	return LINE_NONE;
}

/* --- counted, and looking ahead ------------------------------------------------------------- */

struct str
conn_peek(struct conn *c)
{
	conn_settle(c);
	if (c->in.n == 0 && !conn_pull(c))
		starve(c);
	else
		c->is_starved = false;
	return buf_str(&c->in);
}

bool
conn_more(struct conn *c)
{
	conn_settle(c);
	if (c->in.n < CONN_IN_MAX && conn_pull(c)) {
		c->is_starved = false;
		return true;
	}
	starve(c);
	return false;
}

void
conn_skip(struct conn *c, size_t n)
{
	invariant(n <= c->in.n - c->used);
	c->used += (uint32_t)n;
}

struct str
conn_take(struct conn *c, size_t most)
{
	struct str s = str_head(conn_peek(c), most);

	conn_skip(c, s.n);
	return s;
}

/* --- mail data ------------------------------------------------------------------------------ */

/*
 * The longest piece at the front of s that is text as it stands: it stops before a line that begins
 * with a dot, and before a CR at the end of what is there (its LF may be the next byte). It tells
 * whether a bare CR or LF is in it, and whether it ends inside a line.
 */
static size_t
plain_text(struct str s, bool *bare_out, bool *in_line_out)
{
	size_t start = 0;

	for (;;) {
		struct str rest = str_from(s, start);
		size_t at = str_find_char(rest, '\n');

		*in_line_out = at == STR_NONE;
		if (at == STR_NONE) {
			size_t n = rest.n;

			if (n > 0 && rest.p[n - 1] == '\r')
				n--;
			*bare_out = *bare_out || has_cr(str_head(rest, n));
			return start + n;
		}
		if (at == 0 || rest.p[at - 1] != '\r') { /* a bare LF: the line goes on */
			*bare_out = *in_line_out = true;
			start += at + 1;
			if (start < s.n)
				continue;
			return start;
		}
		*bare_out = *bare_out || has_cr(str_head(rest, at - 1));
		start += at + 1;
		if (start >= s.n || s.p[start] == '.')
			return start;
	}
}

/*
 * At the start of a line that begins with a dot. Its second and third byte decide: CRLF is the end,
 * anything else makes the dot a stuffed one. They are left in the buffer until they are all there.
 */
enum dot { DOT_WAIT, DOT_STUFFED, DOT_LAST };

static enum dot
what_dot(struct str s)
{
	if (s.n < 2 || (s.p[1] == '\r' && s.n < 3))
		return DOT_WAIT;
	return s.p[1] == '\r' && s.p[2] == '\n' ? DOT_LAST : DOT_STUFFED;
}

static enum dots
scan_dots(struct conn *c, struct dots_state *state, struct str *out)
{
	struct str s = buf_str(&c->in);
	bool is_bare = false, is_in_line;
	size_t n;

	if (!state->is_in_line && s.n > 0 && s.p[0] == '.') {
		switch (what_dot(s)) {
		case DOT_WAIT: return DOTS_NONE;
		case DOT_LAST: hand_out(c, 3); return DOTS_END;
		case DOT_STUFFED:
			discard(c, 1);
			state->is_in_line = true;
			s = buf_str(&c->in);
			break;
		}
	}
	n = plain_text(s, &is_bare, &is_in_line);
	if (n == 0)
		return DOTS_NONE;
	if (is_bare && !state->has_bare) {
		state->has_bare = true;
		return DOTS_BARE;
	}
	state->is_in_line = is_in_line;
	hand_out(c, n);
	*out = str_head(s, n);
	return DOTS_TEXT;
}

enum dots
conn_dots(struct conn *c, struct dots_state *state, struct str *out)
{
	conn_settle(c);
	*out = (struct str){ 0 };
	do {
		enum dots dots = c->in.n > 0 ? scan_dots(c, state, out) : DOTS_NONE;

		if (dots != DOTS_NONE)
			return dots;
	} while (conn_pull(c));
	starve(c);
	return DOTS_NONE;
}
