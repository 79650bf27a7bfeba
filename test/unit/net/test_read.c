/* The readers, each row fed whole and split at every byte. */

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "net/memory.h"

static struct loop loop;
static struct net net;

/* Lines come out as "text|", bare ones as "!text|", too long ones as "#" and their first bytes; at most 8 bytes a line. */
static const struct {
	const char *name, *in, *want;
} line_rows[] = {
	{ "plain", "NOOP\r\n", "NOOP|" },
	{ "two", "A\r\nB\r\n", "A|B|" },
	{ "empty", "\r\n\r\n", "||" },
	{ "unfinished", "A\r\nB", "A|" },
	{ "unfinished CR", "A\r", "" },
	{ "just fits", "12345678\r\n", "12345678|" },
	{ "one too long", "123456789\r\nA\r\n", "#12345678|A|" },
	{ "much too long", "123456789012345678901234567890\r\nA\r\n", "#12345678|A|" },
	{ "too long with CR", "12345678\r9\r\nA\r\n", "#12345678|A|" },
	{ "too long with LF inside", "123456789\nEVIL\r\nA\r\n", "#12345678|A|" },
	{ "too long, LF first", "1234567890123\r\r\nA\r\n", "#12345678|A|" },
	{ "bare LF", "A\nB\r\nC\r\n", "!A|!B|C|" },
	{ "only bare LF", "A\nB\n", "!A|!B|" },
	{ "bare LF hides a command", "RCPT\nDATA\r\nX\r\n", "!RCPT|!DATA|X|" },
	{ "bare CR", "A\rB\r\nC\r\n", "!A\rB|C|" },
	{ "CR CR LF", "A\r\r\nC\r\n", "!A\r|C|" },
	{ "LF CR", "A\n\r\nB\r\n", "!A|!|B|" },
};

static void
feed(struct conn *c, struct str in, size_t split, bool by_byte, void (*read)(struct conn *))
{
	size_t at = 0;

	while (at < in.n) {
		size_t n = by_byte ? 1 : at < split ? split : in.n - at;

		if (n > in.n - at)
			n = in.n - at;
		conn_memory_feed(c, str_slice(in, at, n));
		at += n;
		read(c);
	}
}

static struct buf got;

static void
read_lines(struct conn *c)
{
	struct str line;

	for (;;) {
		switch (conn_line(c, 8, &line)) {
		case LINE_NONE: return;
		case LINE_READY: break;
		case LINE_TOO_LONG: buf_add_char(&got, '#'); break;
		case LINE_BARE: buf_add_char(&got, '!'); break;
		}
		buf_add(&got, line);
		buf_add_char(&got, '|');
	}
}

static struct dots_state dots_state;
static bool dots_ended;

/* Text as it comes; "!" at the first bare CR or LF goes to the front, "<END>" at the end. */
static bool dots_bare_told;

static void
read_dots(struct conn *c)
{
	struct str text;

	while (!dots_ended) {
		switch (conn_dots(c, &dots_state, &text)) {
		case DOTS_NONE: return;
		case DOTS_TEXT: buf_add(&got, text); break;
		case DOTS_BARE: dots_bare_told = true; break;
		case DOTS_END: dots_ended = true; break;
		}
	}
	read_lines(c); /* what follows are commands */
}

static const struct {
	const char *name, *in, *want;
	bool is_ended, is_bare;
} dots_rows[] = {
	{ "plain", "a\r\nb\r\n.\r\nQUIT\r\n", "a\r\nb\r\nQUIT|", true, false },
	{ "empty message", ".\r\nQUIT\r\n", "QUIT|", true, false },
	{ "stuffed", "..a\r\n..\r\n.b\r\n.\r\n", ".a\r\n.\r\nb\r\n", true, false },
	{ "dot inside", "a.\r\nb.c\r\n.\r\n", "a.\r\nb.c\r\n", true, false },
	{ "dots only", "....\r\n.\r\n", "...\r\n", true, false },
	{ "not ended", "a\r\n.", "a\r\n", false, false },
	{ "not ended, CR", "a\r\n.\r", "a\r\n", false, false },
	{ "8 bit", "\xff\xfe\r\n.\r\n", "\xff\xfe\r\n", true, false },
	/* SMTP smuggling: none of these may end the data */
	{ "LF.LF", "a\n.\nRCPT\r\n.\r\n", "a\n.\nRCPT\r\n", true, true },
	{ "LF.CRLF", "a\n.\r\nRCPT\r\n.\r\n", "a\n.\r\nRCPT\r\n", true, true },
	{ "CRLF.LF", "a\r\n.\nRCPT\r\n.\r\n", "a\r\n\nRCPT\r\n", true, true },
	{ "CR.CR", "a\r.\rRCPT\r\n.\r\n", "a\r.\rRCPT\r\n", true, true },
	{ "CR.CRLF", "a\r.\r\nRCPT\r\n.\r\n", "a\r.\r\nRCPT\r\n", true, true },
	{ "CRLF.CR", "a\r\n.\rRCPT\r\n.\r\n", "a\r\n\rRCPT\r\n", true, true },
	{ "CR.LF", "a\r.\nRCPT\r\n.\r\n", "a\r.\nRCPT\r\n", true, true },
	{ "LF.CR", "a\n.\rRCPT\r\n.\r\n", "a\n.\rRCPT\r\n", true, true },
	{ "CRLF.CRCRLF", "a\r\n.\r\r\nRCPT\r\n.\r\n", "a\r\n\r\r\nRCPT\r\n", true, true },
	{ "CRCRLF.CRLF ends", "a\r\r\n.\r\nQUIT\r\n", "a\r\r\nQUIT|", true, true },
	{ "LF first", "\n.\r\nRCPT\r\n.\r\n", "\n.\r\nRCPT\r\n", true, true },
	{ "LF LF.CRLF", "a\r\n\n.\r\nb\r\n.\r\n", "a\r\n\n.\r\nb\r\n", true, true },
	{ "CR at the end of the data", "a\r\n\r\r\n.\r\n", "a\r\n\r\r\n", true, true },
	{ "stuffed behind bare LF", "a\n..\r\n.\r\n", "a\n..\r\n", true, true },
};

static const struct {
	const char *name, *in, *want;
	bool is_bare;
} nul_rows[] = {
	/* CRLF NUL . CRLF, CRLF . NUL CRLF */
	{ "NUL before the dot", "a\r\n@.\r\nb\r\n.\r\n", "a\r\n@.\r\nb\r\n", false },
	{ "NUL behind the dot", "a\r\n.@\r\nb\r\n.\r\n", "a\r\n@\r\nb\r\n", false },
};

static struct conn *
fresh(void)
{
	buf_clear(&got);
	dots_state = (struct dots_state){ 0 };
	dots_ended = dots_bare_told = false;
	return conn_memory(&net, NULL, STR("192.0.2.1"));
}

static void
check_lines(struct str in, struct str want, size_t split, bool by_byte)
{
	struct conn *c = fresh();

	feed(c, in, split, by_byte, read_lines);
	CHECK_STR(buf_str(&got), want);
	conn_free(&c);
}

static void
check_dots(struct str in, struct str want, bool is_ended, bool is_bare, size_t split, bool by_byte)
{
	struct conn *c = fresh();

	feed(c, in, split, by_byte, read_dots);
	CHECK_STR(buf_str(&got), want);
	CHECK(dots_ended == is_ended);
	CHECK(dots_state.has_bare == is_bare);
	CHECK(dots_bare_told == is_bare);
	conn_free(&c);
}

static void
test_nul(size_t row)
{
	char in[64], want[64];
	struct str i = str_of(in, strlen(nul_rows[row].in)),
		   w = str_of(want, strlen(nul_rows[row].want));

	for (size_t at = 0; at < i.n; at++)
		in[at] = nul_rows[row].in[at] == '@' ? '\0' : nul_rows[row].in[at];
	for (size_t at = 0; at < w.n; at++)
		want[at] = nul_rows[row].want[at] == '@' ? '\0' : nul_rows[row].want[at];
	check_dots(i, w, true, nul_rows[row].is_bare, 0, false);
	check_dots(i, w, true, nul_rows[row].is_bare, 0, true);
}

static void
test_counted(void)
{
	struct conn *c = fresh();
	struct str s;

	TEST_ROW("counted");
	CHECK(str_empty(conn_take(c, 5)));
	conn_memory_feed(c, STR("A {5}\r\nhel"));
	CHECK(conn_line(c, 20, &s) == LINE_READY);
	CHECK_STR(conn_take(c, 5), STR("hel"));
	CHECK(str_empty(conn_take(c, 2)));
	conn_memory_feed(c, STR("lo\r\nnext"));
	CHECK_STR(conn_take(c, 2), STR("lo"));
	CHECK(conn_line(c, 20, &s) == LINE_READY && str_empty(s));
	CHECK_STR(conn_peek(c), STR("next"));
	CHECK(!conn_more(c));
	conn_memory_feed(c, STR("!"));
	CHECK(conn_more(c));
	CHECK_STR(conn_peek(c), STR("next!"));
	conn_skip(c, 2);
	conn_skip(c, 1);
	CHECK_STR(conn_peek(c), STR("t!"));
	conn_hold(c, true);
	conn_memory_feed(c, STR("held"));
	CHECK_STR(conn_take(c, 99), STR("t!"));
	CHECK(str_empty(conn_take(c, 99)));
	conn_hold(c, false);
	CHECK(!conn_closed(c));
	conn_memory_end(c);
	CHECK_STR(conn_take(c, 99), STR("held"));
	CHECK(!conn_closed(c));
	CHECK(str_empty(conn_take(c, 99)));
	CHECK(conn_closed(c));
	conn_free(&c);
}

static void
test_bounded(void)
{
	struct conn *c = fresh();
	char block[1000];
	size_t n;

	TEST_ROW("peek is bounded");
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 500; i++)
		conn_memory_feed(c, str_of(block, sizeof block));
	while (conn_more(c))
		continue;
	n = conn_peek(c).n;
	CHECK(n >= CONN_IN_MAX && n <= CONN_IN_MAX + CONN_READ_BYTES);
	conn_free(&c);
}

/* A line without end, all there at once, is skipped in slices: the session is woken for the next. */
static void
test_endless(void)
{
	struct conn *c = fresh();
	struct str line;
	char block[1000];
	unsigned slices = 0;

	TEST_ROW("endless line");
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 2000; i++)
		conn_memory_feed(c, str_of(block, sizeof block));
	conn_memory_feed(c, STR("\r\nA\r\n"));
	while (conn_line(c, 8, &line) == LINE_NONE && slices < 100)
		slices++;
	CHECK(slices > 4 && slices < 100);
	CHECK(conn_line(c, 8, &line) == LINE_READY);
	CHECK_STR(line, STR("A"));
	conn_free(&c);
}

/* Of a line that is too long, what went by is counted until its end. */
static void
test_skipped(void)
{
	struct conn *c = fresh();

	TEST_ROW("skipped");
	buf_clear(&got);
	feed(c, STR("12345678\r"), 9, false, read_lines);
	CHECK_NUM(conn_skipped(c), 0);
	feed(c, STR("90\n1234"), 7, false, read_lines);
	CHECK_NUM(conn_skipped(c), 16);
	feed(c, STR("5678"), 1, true, read_lines);
	CHECK_NUM(conn_skipped(c), 20);
	feed(c, STR("\r\nA\r\n"), 5, false, read_lines);
	CHECK_NUM(conn_skipped(c), 0);
	CHECK_STR(buf_str(&got), STR("#12345678|A|"));
	conn_free(&c);
}

int
main(void)
{
	invariant(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(line_rows); i++) {
		struct str in = str_c(line_rows[i].in), want = str_c(line_rows[i].want);

		TEST_ROW(line_rows[i].name);
		check_lines(in, want, 0, true);
		for (size_t split = 0; split < in.n; split++)
			check_lines(in, want, split, false);
	}
	for (size_t i = 0; i < ARRAY_LEN(dots_rows); i++) {
		struct str in = str_c(dots_rows[i].in), want = str_c(dots_rows[i].want);

		TEST_ROW(dots_rows[i].name);
		check_dots(in, want, dots_rows[i].is_ended, dots_rows[i].is_bare, 0, true);
		for (size_t split = 0; split < in.n; split++)
			check_dots(in, want, dots_rows[i].is_ended, dots_rows[i].is_bare, split,
			    false);
	}
	test_skipped();
	for (size_t i = 0; i < ARRAY_LEN(nul_rows); i++) {
		TEST_ROW(nul_rows[i].name);
		test_nul(i);
	}
	test_counted();
	test_bounded();
	test_endless();
	buf_release(&got);
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
