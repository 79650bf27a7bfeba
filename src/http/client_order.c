/* What an order asks for, in libcurl's terms: lines of the header, where it goes, method and body. */

/* system */
#include <curl/curl.h>
#include <string.h>

/* base */
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "http/client_private.h"

/* --- lines of the header -------------------------------------------------------------------- */

/* What decides where a message ends, and for whom it is, is not the caller's to say. */
static bool
is_ours(struct str name)
{
	static const struct str ours[] = { STR_INIT("Host"), STR_INIT("Content-Length"),
		STR_INIT("Transfer-Encoding"), STR_INIT("Connection"), STR_INIT("Expect"),
		STR_INIT("TE"), STR_INIT("Trailer"), STR_INIT("Upgrade") };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (str_eq_nocase(name, ours[i]))
			return true;
	return false;
}

/* field-name = token; field-value without controls (RFC 9110 5.1, 5.5) */
static bool
is_good_header(const struct http_header *h)
{
	static const struct str marks = STR_INIT("!#$%&'*+-.^_`|~");

	for (size_t i = 0; i < h->name.n; i++) {
		char c = h->name.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && str_find_char(marks, c) == STR_NONE)
			return false;
	}
	for (size_t i = 0; i < h->value.n; i++) {
		unsigned char c = (unsigned char)h->value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return h->name.n > 0 && !is_ours(h->name);
}

static bool
has_good_headers(const struct http_order *order)
{
	for (size_t i = 0; i < order->header_count; i++)
		if (!is_good_header(&order->headers[i]))
			return false;
	return true;
}

static void
add_line(void **list, struct buf *text)
{
	*list = curl_slist_append(*list, buf_c(text));
	invariant(*list != NULL);
	buf_clear(text);
}

/* libcurl's spelling: "Name:" leaves a header of its own out, "Name;" sends an empty one. */
static void
add_headers(struct http_fetch *f, const struct http_order *order)
{
	struct buf line = { .max = SIZE_MAX / 2 };
	bool has_type = false;

	for (size_t i = 0; i < order->header_count; i++) {
		const struct http_header *h = &order->headers[i];
		struct str value = str_trim(h->value);

		has_type |= str_eq_nocase(h->name, STR("Content-Type"));
		buf_add(&line, h->name);
		buf_add_c(&line, str_empty(value) ? ";" : ": ");
		buf_add(&line, value);
		add_line(&f->header_lines, &line);
	}
	buf_add_c(&line, "Expect:");
	add_line(&f->header_lines, &line);
	if (!has_type) {
		buf_add_c(&line, "Content-Type:");
		add_line(&f->header_lines, &line);
	}
	buf_release(&line);
}

/* --- where it goes -------------------------------------------------------------------------- */

static void
add_authority(struct buf *out, const struct http_fetch *f, bool has_port)
{
	bool is_ipv6 = memchr(f->host, ':', sizeof f->host) != NULL;

	buf_add_c(out, is_ipv6 ? "[" : "");
	buf_add_c(out, f->host);
	buf_add_c(out, is_ipv6 ? "]" : "");
	if (has_port) {
		buf_add_char(out, ':');
		buf_add_u64(out, f->port);
	}
}

/* "::127.KIND.x.y:" for libcurl, where nobody ever connects to: with TLS or not, with the guard or not, and a host. */
static void
add_place(struct buf *out, const struct http_fetch *f)
{
	char name[HTTP_HOST_MAX + 1];
	size_t n = 0;
	uint64_t lot;

	for (; f->host[n] != '\0'; n++)
		name[n] = char_lower(f->host[n]);
	lot = map_hash(str_of(name, n));
	buf_add_c(out, "::127.");
	buf_add_u64(out, 1 + 2 * (unsigned)f->is_tls + (unsigned)f->allow_private);
	buf_add_char(out, '.');
	buf_add_u64(out, lot & 255);
	buf_add_char(out, '.');
	buf_add_u64(out, lot >> 8 & 255);
	buf_add_char(out, ':');
}

/*
 * libcurl is told http://host:port/ and, so that it keeps connections apart that it must not mix up, a loopback address
 * to "connect to". It reuses a connection for the same address, host and port only, but counts how many there are by
 * address and port: so each host has an address of its own, by a lot that peers cannot foresee, or slow hosts would
 * leave no connection to others. Two hosts with the same lot share a limit, and that is all.
 */
static void
set_address(struct http_fetch *f, const struct http_url *url)
{
	struct buf text = { .max = HTTP_URL_MAX + 100 };

	add_place(&text, f);
	add_line(&f->connect_to, &text);
	buf_add_c(&text, "Host: ");
	add_authority(&text, f, f->port != (f->is_tls ? 443 : 80));
	add_line(&f->header_lines, &text);
	buf_add_c(&text, "http://");
	add_authority(&text, f, true);
	buf_add_c(&text, str_starts(url->target, STR("/")) ? "" : "/");
	buf_add(&text, url->target);
	curl_easy_setopt(f->easy, CURLOPT_URL, buf_c(&text));
	curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect_to);
	buf_release(&text);
}

/* --- method and body ------------------------------------------------------------------------ */

static void
set_method(struct http_fetch *f, const struct http_order *order)
{
	bool is_safe_twice = true, has_body = !str_empty(order->body);

	switch (order->method) {
	case HTTP_POST:
	case HTTP_PATCH: is_safe_twice = order->may_repeat; /* fall through */
	case HTTP_PUT: has_body = true; break;
	case HTTP_HEAD: curl_easy_setopt(f->easy, CURLOPT_NOBODY, 1L); break;
	case HTTP_GET:
	case HTTP_DELETE:
	case HTTP_OPTIONS:
	case HTTP_METHOD_COUNT: break;
	}
	if (has_body) {
		curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)order->body.n);
		curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, order->body.n ? order->body.p : "");
	}
	if (order->method != HTTP_HEAD)
		curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, http_method_names[order->method]);
	/* On a kept connection that the server just closed libcurl sends again (RFC 9110 9.2.2). */
	curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, is_safe_twice ? 0L : 1L);
}

enum fail
curl_set_order(struct http_fetch *f, const struct http_order *order, const struct http_url *url)
{
	if (!has_good_headers(order))
		return FAIL_SYNTAX;
	add_headers(f, order);
	set_address(f, url);
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->header_lines);
	set_method(f, order);
	if (order->stall_ms > 0) {
		curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_TIME,
		    (long)i64_max(order->stall_ms / 1000, 1));
	}
	return FAIL_NONE;
}
