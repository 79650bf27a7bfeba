/*
 * The request's body as it comes: counted or chunked (RFC 9112 6 and 7).
 */
#include "http/session.h"

#define HTTP_CHUNK_LINE_MAX 1024 /* bytes of a chunk's first line with its extensions */
#define HTTP_TRAILERS_MAX   HTTP_HEADERS_MAX

void
http_body_begin(struct http_exchange *x)
{
	const struct http_request *r = &x->request;

	x->body_left = r->has_length ? r->length : 0;
	if (r->is_chunked)
		x->body = HTTP_BODY_CHUNK_LINE;
	else
		x->body = x->body_left > 0 ? HTTP_BODY_BYTES : HTTP_BODY_DONE;
	x->is_continued = !r->expects_continue;
}

/* RFC 9110 10.1.1: the client waits for a sign before it sends. */
static void
send_continue(struct http_exchange *x)
{
	if (x->is_continued)
		return;
	x->is_continued = true;
	if (x->reply == HTTP_REPLY_NONE && x->body_bytes == 0)
		buf_add(conn_out(x->conn), STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

/* One line of the chunked framing; the state changes, or BAD, or nothing came yet (false). */
static bool
take_framing_line(struct http_exchange *x)
{
	struct str line;
	uint64_t size;

	switch (conn_line(x->conn, HTTP_CHUNK_LINE_MAX, &line)) {
	case LINE_NONE: return false;
	case LINE_TOO_LONG:
	case LINE_BARE: x->body = HTTP_BODY_BAD; return true;
	case LINE_READY: break;
	}
	switch (x->body) {
	case HTTP_BODY_CHUNK_LINE:
		if (!http_chunk_size(line, &size)) {
			x->body = HTTP_BODY_BAD;
			return true;
		}
		x->body_left = size;
		x->body = size > 0 ? HTTP_BODY_CHUNK : HTTP_BODY_TRAILER;
		return true;
	case HTTP_BODY_CHUNK_END:
		x->body = str_empty(line) ? HTTP_BODY_CHUNK_LINE : HTTP_BODY_BAD;
		return true;
	case HTTP_BODY_TRAILER:
		if (str_empty(line))
			x->body = HTTP_BODY_DONE;
		else if (++x->trailers > HTTP_TRAILERS_MAX)
			x->body = HTTP_BODY_BAD;
		return true;
	case HTTP_BODY_BYTES:
	case HTTP_BODY_CHUNK:
	case HTTP_BODY_DONE:
	case HTTP_BODY_BAD: break;
	}
	return true;
}

/* Some of the body_left bytes; false when none is there. */
static bool
take_bytes(struct http_exchange *x, struct str *out)
{
	size_t most = x->body_left < SIZE_MAX ? (size_t)x->body_left : SIZE_MAX;
	struct str piece = conn_take(x->conn, most);

	if (str_empty(piece))
		return false;
	x->body_left -= piece.n;
	x->body_bytes += piece.n;
	if (x->body_left == 0)
		x->body = x->body == HTTP_BODY_CHUNK ? HTTP_BODY_CHUNK_END : HTTP_BODY_DONE;
	*out = piece;
	return true;
}

enum http_body
http_body_next(struct http_exchange *x, struct str *piece_out)
{
	bool moved = true;

	send_continue(x);
	while (moved) {
		switch (x->body) {
		case HTTP_BODY_DONE: return HTTP_BODY_END;
		case HTTP_BODY_BAD: return HTTP_BODY_BROKEN;
		case HTTP_BODY_BYTES:
		case HTTP_BODY_CHUNK:
			if (take_bytes(x, piece_out))
				return HTTP_BODY_PIECE;
			moved = false;
			break;
		case HTTP_BODY_CHUNK_LINE:
		case HTTP_BODY_CHUNK_END:
		case HTTP_BODY_TRAILER: moved = take_framing_line(x); break;
		}
	}
	if (!conn_closed(x->conn))
		return HTTP_BODY_WAIT;
	x->body = HTTP_BODY_BAD;
	return HTTP_BODY_BROKEN;
}
