/*
 * The line reader and the mail data reader: however the bytes are cut, the answers are the same.
 * The first byte of the input chooses the reader and the size of the pieces.
 */

/* system */
#include <stdint.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "net/memory.h"

static struct loop loop;
static struct net net;

static void
read_lines(struct conn *c, struct buf *out)
{
	struct str line;
	enum line got;

	while ((got = conn_line(c, 40, &line)) != LINE_NONE) {
		buf_add_char(out, (char)('0' + got));
		buf_add(out, line);
		buf_add_char(out, '\n');
	}
}

static bool
read_dots(struct conn *c, struct dots_state *state, struct buf *out)
{
	struct str text;
	enum dots got;

	while ((got = conn_dots(c, state, &text)) != DOTS_NONE) {
		buf_add(out, text);
		if (got == DOTS_END)
			return true;
	}
	return false;
}

static void
run(struct str in, bool is_dots, size_t piece, struct buf *out)
{
	struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));
	struct dots_state state = { 0 };
	bool has_ended = !is_dots;

	while (in.n > 0) {
		conn_memory_feed(c, str_head(in, piece));
		in = str_from(in, piece);
		if (!has_ended) {
			has_ended = read_dots(c, &state, out);
			if (has_ended)
				buf_add_c(out, state.has_bare ? "<bare end>" : "<end>");
		}
		if (has_ended)
			read_lines(c, out);
	}
	conn_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	struct str in = str_of(data, size);

	if (size < 2)
		return 0;
	if (net.loop == NULL) {
		invariant(loop_init(&loop) == FAIL_NONE);
		net_init(&net, &loop, &net_settings_default);
	}
	buf_init(&whole, 1 << 22);
	buf_init(&pieces, 1 << 22);
	in = str_from(in, 1);
	run(in, data[0] & 1, SIZE_MAX, &whole);
	run(in, data[0] & 1, 1 + (data[0] >> 1) % 7, &pieces);
	invariant(str_eq(buf_str(&whole), buf_str(&pieces)));
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
