/*
 * request.h - the head of an HTTP/1.x request, line by line (RFC 9112, RFC 9110).
 *
 * Pure: lines without their CRLF go in, a struct comes out; it may stop after any line. What decides
 * where a message ends is read strictly, because two programs that disagree about it are how requests
 * are smuggled (RFC 9112 11.2): no folded headers, no blank before the colon, one Content-Length of
 * digits only, never together with Transfer-Encoding, and no transfer coding but chunked.
 * Not done: HTTP/0.9, HTTP/2, CONNECT.
 *
 * Ownership: the request owns an arena; every str in it lives there until http_request_release() or
 * http_request_reset().
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* base */
#include "base/arena.h"
#include "base/limits.h"
#include "base/str.h"

#define HTTP_LINE_MAX    8192 /* bytes of the request line or one header; RFC 9112 3 asks for 8000 */
#define HTTP_HEADERS_MAX 100  /* header lines of one request; browsers behind proxies send 40 */

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHOD_COUNT
};
extern const char *const http_method_names[HTTP_METHOD_COUNT];

struct http_header {
	struct str name;  /* as sent; compare without case */
	struct str value; /* without blanks at both ends */
};

struct http_request { /* fields: read only */
	struct arena arena;
	enum http_method method;
	struct str path;  /* undecoded, begins with '/', or "*" of OPTIONS */
	struct str query; /* undecoded, behind '?'; empty without one */
	struct str host;  /* "mail.example.test:8443": what the client called us */
	unsigned minor;   /* HTTP/1.<minor>: 0 or 1 */
	struct http_header *headers;
	size_t header_count;
	uint64_t length;       /* bytes of body, when has_length */
	bool has_length;       /* a Content-Length was sent */
	bool is_chunked;       /* Transfer-Encoding: chunked */
	bool expects_continue; /* Expect: 100-continue */
	bool is_last;       /* the client closes after this one: Connection: close, or HTTP/1.0 */
	unsigned status;    /* why HTTP_HEAD_BAD: 400, 414, 417, 431, 501 or 505 */
	bool has_line;      /* the request line was read */
	bool has_host;      /* in an absolute target */
	bool has_host_line; /* a Host field, also an empty one */
	size_t head_bytes;
	unsigned blanks; /* empty lines before the request line */
};

enum http_head {
	HTTP_HEAD_MORE, /* the next line, please */
	HTTP_HEAD_DONE, /* all fields are valid; the body follows */
	HTTP_HEAD_BAD,  /* answer with r->status and close */
};

void http_request_init(struct http_request *r);
void http_request_reset(struct http_request *r);
void http_request_release(struct http_request *r);

/* One line without its CRLF (copied). */
enum http_head http_request_line(struct http_request *r, struct str line);

/* token = 1*tchar (RFC 9110 5.6.2) */
bool http_is_token(struct str s);

/* The value of the first header of that name, or p == NULL. */
struct str http_request_header(const struct http_request *r, struct str name);

/*
 * A chunk's first line: its size in hexadecimal, extensions ignored (RFC 9112 7.1). False when it is
 * not one, or larger than 2^48.
 */
MUST_CHECK bool http_chunk_size(struct str line, uint64_t *size_out);

/*
 * Percent-decoding (RFC 3986 2.1) into the arena. False for a bad escape, an escaped NUL, or a full
 * arena. '+' stays '+'.
 */
MUST_CHECK bool http_unescape(struct str s, struct arena *a, struct str *out);

/* The parameter `name` of a query string, decoded; false when it is not there or malformed. */
MUST_CHECK bool http_query_find(struct str query, struct str name, struct arena *a,
    struct str *out);

#endif
