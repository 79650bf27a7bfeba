#include "http/websocket.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "http/session.h"
#include "http/websocket_handshake.h"

#define TAIL_BYTES \
	4 /* 00 00 FF FF, which is not sent behind a compressed message (RFC 7692 7.2.1) */

/* --- the opening handshake ---------------------------------------------------------------------- */

static bool
refuse(struct http_exchange *x, unsigned status, const char *detail)
{
	http_reply_problem_start(x, status);
	if (status == 426) {
		http_reply_header(x, "Upgrade", STR("websocket"));
		http_reply_header(x, "Connection", STR("Upgrade"));
		http_reply_header(x, "Sec-WebSocket-Version", STR(WEBSOCKET_VERSION));
	}
	http_reply_problem_body(x, NULL, detail);
	return false;
}

bool
websocket_accept(struct websocket *ws, struct http_exchange *x, struct str protocol,
    size_t message_max)
{
	unsigned status = websocket_request_status(&x->request);
	struct buf value;

	if (status)
		return refuse(x, status, "This is for WebSocket, version 13.");
	/*
	 * RFC 6455 10.2: browsers let any page open a WebSocket to us, and send the password that the user typed for
	 * our own. A page cannot send one of its own here, so "any origin" is no leave for that.
	 */
	if (!http_origin_is_own(x) && !http_origin_is_named(x))
		return refuse(x, 403, "Pages of other sites may not connect.");
	if (!websocket_protocol_is_offered(&x->request, protocol))
		return refuse(x, 400, "The subprotocol of this place is not offered.");
	http_reply_start(x, 101, NULL);
	http_reply_header(x, "Upgrade", STR("websocket"));
	http_reply_header(x, "Connection", STR("Upgrade"));
	buf_init(&value, 256);
	websocket_accept_write(&x->request, &value);
	http_reply_header(x, "Sec-WebSocket-Accept", buf_str(&value));
	http_reply_header(x, "Sec-WebSocket-Protocol", protocol);
	buf_clear(&value);
	ws->may_deflate = websocket_deflate_write(&x->request, &value);
	if (ws->may_deflate)
		http_reply_header(x, "Sec-WebSocket-Extensions", buf_str(&value));
	buf_release(&value);
	http_reply_switch(x);
	websocket_reader_init(&ws->reader, message_max, ws->may_deflate);
	buf_init(&ws->packed, WEBSOCKET_FRAME_BYTES + TAIL_BYTES);
	ws->is_open = true;
	conn_deadline(x->conn, WEBSOCKET_PING_MS);
	return true;
}

/* --- sending ----------------------------------------------------------------------------------- */

static void
send_frame(struct websocket *ws, struct http_exchange *x, enum websocket_opcode opcode,
    bool is_final, struct str payload)
{
	bool is_control = websocket_is_control(opcode);
	struct buf *out = conn_out(x->conn);

	websocket_frame_write(out, is_control || ws->is_first ? opcode : WEBSOCKET_OP_CONTINUATION,
	    is_final, !is_control && ws->is_first && ws->is_packing, payload.n);
	buf_add(out, payload);
	x->reply_bytes += payload.n;
	if (is_control)
		return;
	ws->moved += payload.n;
	ws->is_first = false;
	ws->is_sending = !is_final;
}

void
websocket_close(struct websocket *ws, struct http_exchange *x, unsigned code)
{
	unsigned char bytes[2] = { (unsigned char)(code >> 8), (unsigned char)code };

	if (ws->is_over || !ws->is_open)
		return;
	ws->is_over = true;
	send_frame(ws, x, WEBSOCKET_OP_CLOSE, true,
	    str_of(bytes, code == WEBSOCKET_NO_CODE ? 0 : sizeof(bytes)));
	log_debug(x->log, "http.websocket.close", LOG_NUM("code", code));
}

void
websocket_send(struct websocket *ws, struct http_exchange *x, struct buf *text)
{
	invariant(!ws->is_sending);
	ws->rest = *text;
	buf_init(text, text->max);
	ws->is_sending = ws->is_first = true;
	ws->is_packing = ws->may_deflate && buf_str(&ws->rest).n >= WEBSOCKET_DEFLATE_MIN;
	if (ws->is_packing)
		deflate_start(&ws->deflate, DEFLATE_RAW, true);
	task_wake(x->task); /* it leaves from websocket_next() */
}

static void
send_end(struct websocket *ws)
{
	buf_release(&ws->rest);
	deflate_release(&ws->deflate);
	buf_release(&ws->packed);
}

static void
send_plain(struct websocket *ws, struct http_exchange *x)
{
	struct str piece = str_head(buf_str(&ws->rest), WEBSOCKET_FRAME_BYTES);

	send_frame(ws, x, WEBSOCKET_OP_TEXT, piece.n == buf_str(&ws->rest).n, piece);
	buf_consume(&ws->rest, piece.n);
}

/* One frame of deflated text; the last four bytes are kept back until it is clear that more follow. */
static void
send_packed(struct websocket *ws, struct http_exchange *x)
{
	struct str in = str_head(buf_str(&ws->rest), WEBSOCKET_FRAME_BYTES), out;
	bool is_last = in.n == buf_str(&ws->rest).n;
	size_t given = in.n;
	enum fail fail =
	    deflate_feed(&ws->deflate, &in, is_last ? DEFLATE_SYNC : DEFLATE_MORE, &ws->packed);

	buf_consume(&ws->rest, given - in.n);
	is_last = is_last && fail == FAIL_NONE;
	out = buf_str(&ws->packed);
	if (!is_last && (fail == FAIL_NONE || out.n <= TAIL_BYTES))
		return;
	send_frame(ws, x, WEBSOCKET_OP_TEXT, is_last, str_head(out, out.n - TAIL_BYTES));
	buf_consume(&ws->packed, out.n - TAIL_BYTES);
}

static void
send_piece(struct websocket *ws, struct http_exchange *x)
{
	if (ws->is_packing)
		send_packed(ws, x);
	else
		send_plain(ws, x);
	if (!ws->is_sending)
		send_end(ws);
}

/* What fits now of the message under way; true when there is more to do at once. */
static bool
send_some(struct websocket *ws, struct http_exchange *x)
{
	if (!ws->is_sending || conn_is_high(x->conn))
		return false;
	send_piece(ws, x);
	return true;
}

void
websocket_close_with(struct websocket *ws, struct http_exchange *x, struct buf *text, unsigned code)
{
	websocket_send(ws, x, text);
	while (ws->is_sending)
		send_piece(ws, x);
	websocket_close(ws, x, code);
}

/* --- receiving --------------------------------------------------------------------------------- */

/* The peer was heard, or a message moved: how long it has now. */
static void
renew_deadline(struct websocket *ws, struct http_exchange *x, bool was_heard)
{
	bool is_busy = ws->is_sending || websocket_reader_is_inside(&ws->reader);

	if (is_busy && (!ws->is_busy || ws->moved - ws->paid >= HTTP_RATE_BYTES)) {
		ws->paid = ws->moved;
		conn_deadline(x->conn, HTTP_RATE_MS);
	} else if (!is_busy && (ws->is_busy || was_heard)) {
		ws->is_pinged = false;
		conn_deadline(x->conn, WEBSOCKET_PING_MS);
	}
	ws->is_busy = is_busy;
}

/* The deadline passed: ask a silent peer whether it is there; one that was asked is not. */
static enum websocket_said
be_late(struct websocket *ws, struct http_exchange *x)
{
	if (ws->is_busy || ws->is_pinged) {
		ws->is_over = true;
		log_info(x->log, "http.websocket.silent", LOG_NUM("inside", ws->is_busy));
		return WEBSOCKET_SAID_OVER;
	}
	ws->is_pinged = true;
	send_frame(ws, x, WEBSOCKET_OP_PING, true, (struct str){ 0 });
	conn_deadline(x->conn, WEBSOCKET_PONG_MS);
	return WEBSOCKET_SAID_WAIT;
}

/* What came, as far as it is for us; TEXT or TOO_BIG when it is for the handler, YIELD when not. */
static enum websocket_said
take_event(struct websocket *ws, struct http_exchange *x, enum websocket_event event)
{
	struct websocket_reader *r = &ws->reader;

	switch (event) {
	case WEBSOCKET_MORE:
	case WEBSOCKET_PONG: return WEBSOCKET_SAID_YIELD;
	case WEBSOCKET_PING:
		send_frame(ws, x, WEBSOCKET_OP_PONG, true, str_of(r->control, r->control_count));
		return WEBSOCKET_SAID_YIELD;
	case WEBSOCKET_MESSAGE:
		if (!r->is_binary)
			return WEBSOCKET_SAID_TEXT;
		websocket_close(ws, x, WEBSOCKET_UNSUPPORTED);
		break;
	case WEBSOCKET_BAD:
		if (r->code == WEBSOCKET_TOO_BIG)
			return WEBSOCKET_SAID_TOO_BIG;
		websocket_close(ws, x, r->code);
		break;
	case WEBSOCKET_CLOSE: websocket_close(ws, x, r->code); break;
	}
	return WEBSOCKET_SAID_OVER;
}

/* 5.5: between the frames of a message of ours control frames are heard; all else waits behind it. */
static bool
may_read(const struct websocket *ws, struct str in)
{
	return !ws->is_sending || websocket_frame_is_control(&ws->reader.frame, in);
}

/* Read until a message is whole, input is dry, or the slice is over. */
static enum websocket_said
receive(struct websocket *ws, struct http_exchange *x, bool *was_heard_out)
{
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;

	while (!conn_is_high(x->conn)) {
		struct str in = conn_peek(x->conn), left = in;
		enum websocket_event event;
		enum websocket_said said;

		if (str_empty(in) || !may_read(ws, in))
			return WEBSOCKET_SAID_WAIT;
		event = websocket_read(&ws->reader, &left);
		conn_skip(x->conn, in.n - left.n);
		ws->moved += in.n - left.n;
		*was_heard_out = true;
		said = take_event(ws, x, event);
		if (said != WEBSOCKET_SAID_YIELD || clock_precise_us() >= end_us)
			return said;
	}
	return WEBSOCKET_SAID_WAIT;
}

enum websocket_said
websocket_meanwhile(struct websocket *ws, struct http_exchange *x)
{
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;
	struct websocket_reader *r = &ws->reader;

	while (!conn_is_high(x->conn)) {
		struct str in = conn_peek(x->conn), left = in;
		enum websocket_event event;

		if (str_empty(in) || !websocket_frame_is_control(&r->frame, in) ||
		    websocket_frame_is_close(&r->frame, in))
			return WEBSOCKET_SAID_WAIT;
		event = websocket_read(r, &left);
		conn_skip(x->conn, in.n - left.n);
		ws->moved += in.n - left.n;
		if (take_event(ws, x, event) == WEBSOCKET_SAID_OVER)
			return WEBSOCKET_SAID_OVER;
		if (clock_precise_us() >= end_us)
			return WEBSOCKET_SAID_YIELD;
	}
	return WEBSOCKET_SAID_WAIT;
}

enum websocket_said
websocket_next(struct websocket *ws, struct http_exchange *x, struct str *text_out)
{
	enum websocket_said said;
	bool was_heard = false;

	if (ws->reader.is_whole)
		websocket_reader_clear(&ws->reader);
	if (!ws->is_over && x->service->is_stopping)
		websocket_close(ws, x, WEBSOCKET_GOING_AWAY);
	if (ws->is_over || conn_broken(x->conn))
		return WEBSOCKET_SAID_OVER;
	said = receive(ws, x, &was_heard);
	if (said == WEBSOCKET_SAID_WAIT && send_some(ws, x))
		said = WEBSOCKET_SAID_YIELD;
	if (said == WEBSOCKET_SAID_OVER || said == WEBSOCKET_SAID_TOO_BIG)
		return said;
	if (said == WEBSOCKET_SAID_TEXT)
		*text_out = buf_str(&ws->reader.message);
	renew_deadline(ws, x, was_heard);
	if (said == WEBSOCKET_SAID_WAIT && !was_heard && conn_expired(x->conn))
		return be_late(ws, x);
	if (said == WEBSOCKET_SAID_WAIT && str_empty(conn_peek(x->conn)) && conn_closed(x->conn))
		return WEBSOCKET_SAID_OVER;
	return said;
}

void
websocket_release(struct websocket *ws)
{
	if (!ws->is_open)
		return;
	websocket_reader_release(&ws->reader);
	send_end(ws);
	*ws = (struct websocket){ 0 };
}
