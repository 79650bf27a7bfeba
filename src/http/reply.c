/*
 * Writing replies: one writer for the head, one for the body in its three framings.
 */
#include "http/session.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 426, "Upgrade Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

static const char *
reason_of(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* IMF-fixdate (RFC 9110 5.6.7): Sun, 06 Nov 1994 08:49:37 GMT */
static void
add_date(struct buf *out, int64_t now_s)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day = now_s / 86400, second = now_s % 86400;
	/* Civil date from a day number, in eras of 400 years that begin on 1 March. */
	int64_t era_day = day + 719468, era = era_day / 146097, doe = era_day % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), shifted = (5 * doy + 2) / 153;
	int64_t month = shifted < 10 ? shifted + 2 : shifted - 10; /* 0 .. 11 */

	buf_add(out, str_of(days + 3 * (day % 7), 3));
	buf_add_c(out, ", ");
	buf_add_u64_padded(out, (uint64_t)(doy - (153 * shifted + 2) / 5 + 1), 2);
	buf_add_char(out, ' ');
	buf_add(out, str_of(months + 3 * month, 3));
	buf_add_char(out, ' ');
	buf_add_u64_padded(out, (uint64_t)(yoe + era * 400 + (month < 2)), 4);
	buf_add_char(out, ' ');
	buf_add_u64_padded(out, (uint64_t)(second / 3600), 2);
	buf_add_char(out, ':');
	buf_add_u64_padded(out, (uint64_t)(second / 60 % 60), 2);
	buf_add_char(out, ':');
	buf_add_u64_padded(out, (uint64_t)(second % 60), 2);
	buf_add_c(out, " GMT");
}

void
http_reply_start(struct http_exchange *x, unsigned status, const char *type)
{
	struct buf *out = conn_out(x->conn);

	invariant(x->reply == HTTP_REPLY_NONE);
	x->reply = HTTP_REPLY_HEAD;
	x->status = status;
	x->framing = x->request.minor > 0 ? HTTP_FRAME_CHUNKED : HTTP_FRAME_CLOSE;
	buf_add_c(out, "HTTP/1.1 ");
	buf_add_u64(out, status);
	buf_add_char(out, ' ');
	buf_add_c(out, reason_of(status));
	buf_add_c(out, "\r\nDate: ");
	add_date(out, clock_wall_s());
	buf_add_c(out, "\r\n");
	http_origin_write(x);
	if (type)
		http_reply_header(x, "Content-Type", str_c(type));
	else if (status == 204 || status == 304)
		x->is_head = true; /* these have no body (RFC 9110 15.3.5, 15.4.5) */
}

void
http_reply_header(struct http_exchange *x, const char *name, struct str value)
{
	struct buf *out = conn_out(x->conn);

	invariant(x->reply == HTTP_REPLY_HEAD);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			return;
	buf_add_c(out, name);
	buf_add_c(out, ": ");
	buf_add(out, value);
	buf_add_c(out, "\r\n");
}

void
http_reply_length(struct http_exchange *x, uint64_t n)
{
	struct buf *out = conn_out(x->conn);

	invariant(x->reply == HTTP_REPLY_HEAD);
	x->framing = HTTP_FRAME_LENGTH;
	x->reply_left = n;
	buf_add_c(out, "Content-Length: ");
	buf_add_u64(out, n);
	buf_add_c(out, "\r\n");
}

/* The empty line; before it what says how the body ends and whether another request may follow. */
static void
end_head(struct http_exchange *x)
{
	struct buf *out = conn_out(x->conn);

	if (x->framing == HTTP_FRAME_CLOSE && !x->is_head)
		x->closes = true;
	if (x->framing == HTTP_FRAME_CHUNKED && !x->is_head)
		buf_add_c(out, "Transfer-Encoding: chunked\r\n");
	if (x->closes)
		buf_add_c(out, "Connection: close\r\n");
	buf_add_c(out, "\r\n");
	x->reply = HTTP_REPLY_BODY;
}

void
http_reply_body(struct http_exchange *x, struct str piece)
{
	struct buf *out = conn_out(x->conn);

	if (x->reply == HTTP_REPLY_HEAD)
		end_head(x);
	if (str_empty(piece) || x->is_head)
		return;
	x->reply_bytes += piece.n;
	if (x->framing == HTTP_FRAME_LENGTH) {
		invariant(piece.n <= x->reply_left);
		x->reply_left -= piece.n;
	} else if (x->framing == HTTP_FRAME_CHUNKED) {
		char size[16];
		size_t at = sizeof(size);

		for (size_t n = piece.n; n > 0; n >>= 4)
			size[--at] = char_hex((unsigned)(n & 15));
		buf_add(out, str_of(size + at, sizeof(size) - at));
		buf_add_c(out, "\r\n");
	}
	buf_add(out, piece);
	if (x->framing == HTTP_FRAME_CHUNKED)
		buf_add_c(out, "\r\n");
}

void
http_exchange_settle(struct http_exchange *x)
{
	struct http_request said = x->request, kept;

	http_request_init(&kept);
	kept.method = said.method;
	kept.minor = said.minor;
	kept.path = arena_str(&kept.arena, said.path);
	kept.head_bytes = said.head_bytes;
	if (x->log->user.n > 0) /* it may stand in what goes */
		x->log->user = arena_str(&kept.arena, x->log->user);
	x->request = kept;
	http_request_release(&said);
}

void
http_reply_endless(struct http_exchange *x)
{
	http_exchange_settle(x);
	x->is_endless = true;
	conn_deadline(x->conn, -1);
}

void
http_reply_switch(struct http_exchange *x)
{
	invariant(x->reply == HTTP_REPLY_HEAD && x->status == 101);
	buf_add_c(conn_out(x->conn), "\r\n");
	http_exchange_settle(x);
	x->reply = HTTP_REPLY_ENDED;
	x->is_switched = true;
}

bool
http_reply_is_full(struct http_exchange *x)
{
	return conn_is_high(x->conn);
}

void
http_reply_whole(struct http_exchange *x, unsigned status, const char *type, struct str body)
{
	http_reply_start(x, status, type);
	http_reply_length(x, body.n);
	http_reply_body(x, body);
}

void
http_reply_buf(struct http_exchange *x, struct buf *body)
{
	http_reply_length(x, buf_str(body).n);
	http_reply_body(x, (struct str){ 0 });
	buf_release(&x->rest);
	x->rest = *body;
	buf_init(body, body->max);
}

bool
http_reply_flush(struct http_exchange *x)
{
	if (x->is_head)
		buf_release(&x->rest);
	while (buf_str(&x->rest).n > 0) {
		struct str piece = str_head(buf_str(&x->rest), CONN_OUT_HIGH);

		if (conn_is_high(x->conn))
			return false;
		http_reply_body(x, piece);
		buf_consume(&x->rest, piece.n);
	}
	buf_release(&x->rest);
	return true;
}

void
http_reply_end(struct http_exchange *x)
{
	if (x->reply == HTTP_REPLY_HEAD && x->framing == HTTP_FRAME_CHUNKED && !x->is_head)
		http_reply_length(x, 0);
	if (x->reply == HTTP_REPLY_HEAD)
		end_head(x);
	if (x->framing == HTTP_FRAME_CHUNKED && !x->is_head)
		buf_add_c(conn_out(x->conn), "0\r\n\r\n");
	if (x->framing == HTTP_FRAME_LENGTH && x->reply_left > 0 && !x->is_head)
		x->closes = true; /* cut short: only the end of the connection tells the client */
	x->reply = HTTP_REPLY_ENDED;
}

void
http_reply_problem_start(struct http_exchange *x, unsigned status)
{
	http_reply_start(x, status, "application/problem+json");
}

/* Texts are ours and need no escaping. */
void
http_reply_problem_body(struct http_exchange *x, const char *type, const char *detail)
{
	struct buf text;

	buf_init(&text, 2048);
	buf_add_c(&text, "{\"type\":\"");
	buf_add_c(&text, type ? type : "about:blank");
	buf_add_c(&text, "\",\"status\":");
	buf_add_u64(&text, x->status);
	buf_add_c(&text, ",\"title\":\"");
	buf_add_c(&text, reason_of(x->status));
	buf_add_c(&text, "\",\"detail\":\"");
	buf_add_c(&text, detail);
	buf_add_c(&text, "\"}");
	http_reply_length(x, buf_str(&text).n);
	http_reply_body(x, buf_str(&text));
	buf_release(&text);
}

void
http_reply_problem(struct http_exchange *x, unsigned status, const char *type, const char *detail)
{
	http_reply_problem_start(x, status);
	http_reply_problem_body(x, type, detail);
}
