#include "http/websocket_reader.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/utf8.h"

#define INFLATED_BYTES (16 * 1024) /* taken out of zlib at a time */

/* RFC 7692 7.2.1: what the sender cut off behind a compressed message. */
static const struct str deflate_tail = STR_INIT("\x00\x00\xff\xff");

void
websocket_reader_init(struct websocket_reader *r, size_t max, bool may_inflate)
{
	*r = (struct websocket_reader){ .may_inflate = may_inflate };
	buf_init(&r->message, max);
}

void
websocket_reader_release(struct websocket_reader *r)
{
	deflate_release(&r->inflate);
	buf_release(&r->message);
}

void
websocket_reader_clear(struct websocket_reader *r)
{
	buf_release(&r->message);
	r->is_in_message = r->is_whole = r->is_binary = r->is_compressed = false;
	r->checked = 0;
	if (r->state == WEBSOCKET_READ_MESSAGE) /* else a control frame is under way */
		r->state = WEBSOCKET_READ_HEAD;
}

bool
websocket_reader_is_inside(const struct websocket_reader *r)
{
	return r->is_in_message || r->frame.have > 0;
}

bool
websocket_code_is_valid(unsigned code)
{
	if (code >= 3000)
		return code <= 4999; /* 7.4.2: libraries, applications */
	return code >= 1000 && code <= 1014 && code != 1004 && code != WEBSOCKET_NO_CODE &&
	    code != 1006;
}

static enum websocket_event
reader_bad(struct websocket_reader *r, enum websocket_code code)
{
	r->code = code;
	r->state = WEBSOCKET_READ_END;
	return WEBSOCKET_BAD;
}

/* --- the message ------------------------------------------------------------------------------- */

/* How many bytes at the end of `s` begin a sequence that may still be completed. */
static size_t
open_end(struct str s)
{
	for (size_t back = 1; back <= 3 && back <= s.n; back++) {
		unsigned char c = (unsigned char)s.p[s.n - back];
		size_t needed = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if (c < 0x80 || c >= 0xc0)
			return needed > back ? back : 0;
	}
	return 0;
}

/* 8.1: a text is UTF-8 as a whole; fragments may cut a character. */
static bool
check_text(struct websocket_reader *r, bool is_end)
{
	struct str rest = str_from(buf_str(&r->message), r->checked);

	if (r->is_binary)
		return true;
	if (!is_end)
		rest = str_head(rest, rest.n - open_end(rest));
	r->checked += rest.n;
	return utf8_is_valid(rest);
}

/* 0, or an enum websocket_code. */
static unsigned
add_inflated(struct websocket_reader *r, struct str bytes)
{
	enum fail fail = FAIL_LIMIT;
	struct buf piece;
	unsigned code = 0;

	buf_init(&piece, INFLATED_BYTES);
	while (!code && (fail == FAIL_LIMIT || bytes.n > 0)) {
		if (r->inflate
			.has_ended) { /* RFC 7692 7.2.3.4: a last block may be followed by more */
			deflate_release(&r->inflate);
			inflate_start(&r->inflate, DEFLATE_RAW);
		}
		fail = inflate_feed(&r->inflate, &bytes, &piece);
		buf_add(&r->message, buf_str(&piece));
		buf_clear(&piece);
		if (!buf_ok(&r->message))
			code = WEBSOCKET_TOO_BIG;
		else if (fail == FAIL_SYNTAX)
			code = WEBSOCKET_BAD_DATA;
	}
	buf_release(&piece);
	return code;
}

static unsigned
add_payload(struct websocket_reader *r, struct str bytes)
{
	if (r->is_compressed)
		return add_inflated(r, bytes);
	buf_add(&r->message, bytes);
	return buf_ok(&r->message) ? 0 : WEBSOCKET_TOO_BIG;
}

static enum websocket_event
message_end(struct websocket_reader *r)
{
	unsigned code = r->is_compressed ? add_inflated(r, deflate_tail) : 0;

	deflate_release(&r->inflate);
	if (code)
		return reader_bad(r, (enum websocket_code)code);
	if (!check_text(r, true))
		return reader_bad(r, WEBSOCKET_BAD_DATA);
	r->is_whole = true;
	r->state = WEBSOCKET_READ_MESSAGE;
	return WEBSOCKET_MESSAGE;
}

/* --- frames ------------------------------------------------------------------------------------ */

/* 5.5.1: no payload, or a code and a reason for people. */
static enum websocket_event
take_close(struct websocket_reader *r)
{
	struct str text = str_of(r->control, r->control_count);

	r->code = WEBSOCKET_NO_CODE;
	r->state = WEBSOCKET_READ_END;
	if (text.n == 0)
		return WEBSOCKET_CLOSE;
	if (text.n == 1)
		return reader_bad(r, WEBSOCKET_PROTOCOL_ERROR);
	r->code = (unsigned)r->control[0] << 8 | r->control[1];
	if (!websocket_code_is_valid(r->code))
		return reader_bad(r, WEBSOCKET_PROTOCOL_ERROR);
	return utf8_is_valid(str_from(text, 2)) ? WEBSOCKET_CLOSE
						: reader_bad(r, WEBSOCKET_BAD_DATA);
}

static enum websocket_event
frame_end(struct websocket_reader *r)
{
	struct websocket_frame frame = r->frame;

	r->frame = (struct websocket_frame){ 0 };
	r->state = r->is_whole ? WEBSOCKET_READ_MESSAGE : WEBSOCKET_READ_HEAD;
	switch (frame.opcode) {
	case WEBSOCKET_OP_PING: return WEBSOCKET_PING;
	case WEBSOCKET_OP_PONG: return WEBSOCKET_PONG;
	case WEBSOCKET_OP_CLOSE: return take_close(r);
	case WEBSOCKET_OP_CONTINUATION:
	case WEBSOCKET_OP_TEXT:
	case WEBSOCKET_OP_BINARY: break;
	}
	return frame.is_final ? message_end(r) : WEBSOCKET_MORE;
}

/* 5.4: a message is one frame of its type, then continuations; RFC 7692 6: the first has the bit. */
static enum websocket_event
frame_begin(struct websocket_reader *r)
{
	const struct websocket_frame *f = &r->frame;

	r->state = WEBSOCKET_READ_PAYLOAD;
	if (websocket_is_control(f->opcode)) {
		r->control_count = 0;
		return WEBSOCKET_MORE;
	}
	if ((f->opcode == WEBSOCKET_OP_CONTINUATION) != r->is_in_message ||
	    (f->is_compressed && (r->is_in_message || !r->may_inflate)))
		return reader_bad(r, WEBSOCKET_PROTOCOL_ERROR);
	if (f->left > r->message.max - r->message.n)
		return reader_bad(r, WEBSOCKET_TOO_BIG);
	if (!r->is_in_message) {
		r->is_in_message = true;
		r->is_binary = f->opcode == WEBSOCKET_OP_BINARY;
		r->is_compressed = f->is_compressed;
		if (r->is_compressed)
			inflate_start(&r->inflate, DEFLATE_RAW);
	}
	return WEBSOCKET_MORE;
}

static enum websocket_event
read_payload(struct websocket_reader *r, struct str *cur)
{
	unsigned char piece[WEBSOCKET_PIECE];
	struct str masked = str_head(*cur, size_min(cur->n, sizeof(piece)));
	unsigned code;

	if (masked.n > r->frame.left)
		masked.n = (size_t)r->frame.left;
	*cur = str_from(*cur, masked.n);
	websocket_frame_unmask(&r->frame, masked, piece);
	if (websocket_is_control(r->frame.opcode)) {
		memcpy(r->control + r->control_count, piece, masked.n);
		r->control_count += masked.n;
	} else if (masked.n > 0) {
		code = add_payload(r, str_of(piece, masked.n));
		if (code)
			return reader_bad(r, (enum websocket_code)code);
		if (!check_text(r, false))
			return reader_bad(r, WEBSOCKET_BAD_DATA);
	}
	return r->frame.left > 0 ? WEBSOCKET_MORE : frame_end(r);
}

enum websocket_event
websocket_read(struct websocket_reader *r, struct str *cur)
{
	bool is_kept = r->state == WEBSOCKET_READ_MESSAGE;
	enum websocket_event event;

	if (r->state == WEBSOCKET_READ_END ||
	    (is_kept && !websocket_frame_is_control(&r->frame, *cur)))
		return WEBSOCKET_MORE;
	if (r->state != WEBSOCKET_READ_PAYLOAD) {
		switch (websocket_frame_head(&r->frame, cur)) {
		case WEBSOCKET_HEAD_MORE: return WEBSOCKET_MORE;
		case WEBSOCKET_HEAD_BAD: return reader_bad(r, WEBSOCKET_PROTOCOL_ERROR);
		case WEBSOCKET_HEAD_DONE: break;
		}
		event = frame_begin(r);
		if (event != WEBSOCKET_MORE)
			return event;
	}
	return read_payload(r, cur);
}
