#include "http/request.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/mem.h"

#define HTTP_BLANKS_MAX 4 /* empty lines that old clients send behind a body (RFC 9112 2.2) */
#define HTTP_CHUNK_MAX  ((uint64_t)1 << 48)

const char *const http_method_names[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE",
	"OPTIONS" };
static_assert(ARRAY_LEN(http_method_names) == HTTP_METHOD_COUNT, "a name per method");

/* tchar of RFC 9110 5.6.2. */
static const struct str_set token_set = { { 0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff } };

/* What a host and port may be made of here: names, IPv4, [IPv6], port. Strict: no user part. */
static const struct str_set host_set = { { 0, 0x07ff6000, 0xaffffffe, 0x07fffffe } };

void
http_request_init(struct http_request *r)
{
	*r = (struct http_request){ 0 };
	arena_init(&r->arena, 4 * HTTP_HEADER_MAX);
}

void
http_request_reset(struct http_request *r)
{
	struct arena arena = r->arena;

	arena_reset(&arena);
	*r = (struct http_request){ .arena = arena };
}

void
http_request_release(struct http_request *r)
{
	arena_release(&r->arena);
	http_request_init(r);
}

static enum http_head
head_bad(struct http_request *r, unsigned status)
{
	r->status = status;
	return HTTP_HEAD_BAD;
}

static bool
is_all(struct str s, const struct str_set *set)
{
	return str_take_set(&s, set).n > 0 && str_empty(s);
}

bool
http_is_token(struct str s)
{
	return is_all(s, &token_set);
}

/* field-value: VCHAR, obs-text, blanks; the same holds for what stands in a request target. */
static bool
is_field_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* request-target = origin-form / absolute-form / asterisk-form (RFC 9112 3.2) */
static bool
take_target(struct http_request *r, struct str target)
{
	bool has_authority = false;
	size_t at;

	if (str_skip_nocase(&target, STR("http://")) || str_skip_nocase(&target, STR("https://"))) {
		for (at = 0; at < target.n && target.p[at] != '/' && target.p[at] != '?'; at++)
			continue;
		r->host = str_head(target, at);
		r->has_host = true;
		if (!is_all(r->host, &host_set))
			return false;
		target = str_from(target, at);
		has_authority = true;
	}
	at = str_find_char(target, '?');
	r->path = str_head(target, at);
	r->query = at == STR_NONE ? (struct str){ 0 } : str_from(target, at + 1);
	if (has_authority && str_empty(r->path))
		r->path = STR("/");
	if (str_eq(r->path, STR("*")))
		return r->method == HTTP_OPTIONS;
	return str_starts(r->path, STR("/"));
}

/* request-line = method SP request-target SP HTTP-version (RFC 9112 3) */
static enum http_head
take_request_line(struct http_request *r, struct str line)
{
	struct str method, target;
	unsigned m;

	if (str_empty(line))
		return ++r->blanks > HTTP_BLANKS_MAX ? head_bad(r, 400) : HTTP_HEAD_MORE;
	if (!str_take_until(&line, ' ', &method) || !http_is_token(method) ||
	    !str_take_until(&line, ' ', &target) || !is_field_text(target))
		return head_bad(r, 400);
	if (!str_skip(&line, STR("HTTP/")) || line.n != 3 || !char_is_digit(line.p[0]) ||
	    line.p[1] != '.' || !char_is_digit(line.p[2]))
		return head_bad(r, 400);
	if (line.p[0] != '1')
		return head_bad(r, 505);
	r->minor = line.p[2] == '0' ? 0 : 1;
	r->is_last = r->minor == 0; /* Strict: no keep-alive for HTTP/1.0; nobody needs it */
	for (m = 0; m < HTTP_METHOD_COUNT; m++)
		if (str_eq(method, str_c(http_method_names[m])))
			break;
	if (m == HTTP_METHOD_COUNT)
		return head_bad(r, 501);
	r->method = (enum http_method)m;
	if (!take_target(r, target))
		return head_bad(r, 400);
	r->headers = arena_alloc(&r->arena, HTTP_HEADERS_MAX, sizeof(*r->headers));
	if (!r->headers)
		return head_bad(r, 431);
	r->has_line = true;
	return HTTP_HEAD_MORE;
}

/* Connection = #connection-option (RFC 9110 7.6.1) */
static void
take_connection(struct http_request *r, struct str value)
{
	struct str part;

	while (str_next_part(&value, ',', &part))
		if (str_eq_nocase(str_trim(part), STR("close")))
			r->is_last = true;
}

/* The headers that say how the message is framed and whom it is for. 0, or a status. */
static unsigned
take_framing(struct http_request *r, const struct http_header *h)
{
	struct str digits = h->value;

	if (str_eq_nocase(h->name, STR("content-length"))) {
		/* Strict: a second one is refused even when equal; RFC 9110 8.6 lets us. */
		if (r->has_length || r->is_chunked || h->value.n > 19 ||
		    !str_u64(&digits, INT64_MAX, &r->length) || !str_empty(digits))
			return 400;
		r->has_length = true;
	} else if (str_eq_nocase(h->name, STR("transfer-encoding"))) {
		if (r->is_chunked || r->has_length || r->minor == 0)
			return 400;
		if (!str_eq_nocase(h->value, STR("chunked")))
			return 501;
		r->is_chunked = true;
	} else if (str_eq_nocase(h->name, STR("host"))) {
		/* The host of an absolute target wins over this one (RFC 9112 3.2.2). */
		if (r->has_host_line)
			return 400;
		r->has_host_line = true;
		if (!str_empty(h->value) && !is_all(h->value, &host_set))
			return 400;
		if (!r->has_host)
			r->host = h->value;
	} else if (str_eq_nocase(h->name, STR("connection"))) {
		take_connection(r, h->value);
	} else if (str_eq_nocase(h->name, STR("expect"))) {
		if (!str_eq_nocase(h->value, STR("100-continue")))
			return 417;
		r->expects_continue = r->minor > 0;
	}
	return 0;
}

/* field-line = field-name ":" OWS field-value OWS (RFC 9112 5) */
static enum http_head
take_header(struct http_request *r, struct str line)
{
	struct http_header h;
	unsigned status;

	if (r->header_count == HTTP_HEADERS_MAX)
		return head_bad(r, 431);
	/* A folded line begins with a blank, which is no token: refused here (RFC 9112 5.2). */
	if (!str_take_until(&line, ':', &h.name) || !http_is_token(h.name))
		return head_bad(r, 400);
	h.value = str_trim(line);
	if (!is_field_text(h.value))
		return head_bad(r, 400);
	status = take_framing(r, &h);
	if (status)
		return head_bad(r, status);
	r->headers[r->header_count++] = h;
	return HTTP_HEAD_MORE;
}

enum http_head
http_request_line(struct http_request *r, struct str line)
{
	r->head_bytes += line.n + 2;
	if (line.n > HTTP_LINE_MAX)
		return head_bad(r, r->has_line ? 431 : 414);
	if (r->head_bytes > HTTP_HEADER_MAX)
		return head_bad(r, 431);
	if (r->has_line && str_empty(line)) {
		if (r->minor > 0 && !r->has_host_line)
			return head_bad(r, 400); /* RFC 9112 3.2 */
		return HTTP_HEAD_DONE;
	}
	line = arena_str(&r->arena, line);
	if (!line.p)
		return head_bad(r, 431);
	return r->has_line ? take_header(r, line) : take_request_line(r, line);
}

struct str
http_request_header(const struct http_request *r, struct str name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (str_eq_nocase(r->headers[i].name, name))
			return r->headers[i].value;
	return (struct str){ 0 };
}

/* chunk-size [ chunk-ext ], chunk-ext = *( BWS ";" .. ) */
bool
http_chunk_size(struct str line, uint64_t *size_out)
{
	uint64_t size;

	if (!is_field_text(line) || !str_hex(&line, HTTP_CHUNK_MAX, &size))
		return false;
	line = str_trim(line);
	if (!str_empty(line) && line.p[0] != ';')
		return false;
	*size_out = size;
	return true;
}

bool
http_unescape(struct str s, struct arena *a, struct str *out)
{
	struct str copy = arena_str(a, s);
	char *to;
	size_t n = 0;

	if (!copy.p)
		return false;
	if (!memchr(copy.p, '%', copy.n)) {
		*out = copy;
		return true;
	}
	to = arena_alloc(a, s.n, 1);
	if (!to)
		return false;
	while (s.n > 0) {
		struct str pair;
		uint64_t byte;

		if (!str_skip_char(&s, '%')) {
			to[n++] = s.p[0];
			s = str_from(s, 1);
			continue;
		}
		if (!str_take(&s, 2, &pair) || !str_hex(&pair, 255, &byte) || !str_empty(pair) ||
		    byte == 0)
			return false;
		to[n++] = (char)(unsigned char)byte;
	}
	*out = str_of(to, n);
	return true;
}

bool
http_query_find(struct str query, struct str name, struct arena *a, struct str *out)
{
	struct str pair, key;

	while (str_next_part(&query, '&', &pair)) {
		if (!str_take_until(&pair, '=', &key))
			continue;
		if (str_eq(key, name))
			return http_unescape(pair, a, out);
	}
	return false;
}
