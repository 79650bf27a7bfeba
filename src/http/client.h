/*
 * client.h - ask other servers over HTTP/1.1 (RFC 9110, RFC 9112), without waiting in place.
 *
 * libcurl's multi-socket interface on our loop. It sees plain HTTP only: each of its sockets is one
 * end of a socketpair, and a tunnel of ours moves the bytes between the other end and a connection
 * of the net room, plain or TLS, to an address that the dns room gave. So names, certificates and
 * addresses are decided in one place each, and libcurl never blocks the loop. Connections are kept
 * and used again per scheme, host, port and guard.
 *
 * https always means a verified certificate (RFC 9110 4.3.4). Unless the order allows them, addresses
 * that are not of the public Internet are never connected to, whatever the name says: URLs come from
 * users. Not done: redirects (the status is handed back), proxies, HTTP/2, cookies, decompression,
 * authentication other than by headers of the caller, streamed requests.
 *
 * Ownership: the client is one per program and outlives its fetches. A fetch is the caller's, zeroed
 * at first, until http_fetch_release(). Of an order only `body` is borrowed until the fetch ended.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* base */
#include "base/buf.h"
#include "base/op.h"
#include "base/str.h"

/* rooms */
#include "dns/dns.h"
#include "http/request.h"
#include "http/settings.h"
#include "http/url.h"
#include "loop/loop.h"
#include "net/net.h"
#include "tls/tls.h"

#define HTTP_STREAM_MAX        (64 * 1024) /* bytes of a streamed body that wait for their owner */
#define HTTP_REPLY_HEADERS_MAX (64 * 1024) /* bytes of header lines kept of one reply */

struct http_client { /* fields: read only, but `trust` */
	struct loop *loop;
	struct net *net;
	struct dns *dns;
	const struct http_client_settings *settings; /* borrow */
	struct tls_trust *trust; /* borrow: whom https trusts; may be changed between turns */
	struct task task;
	struct timer timer;  /* libcurl's */
	void *multi;         /* own: CURLM; NULL while there is nothing to do */
	struct list fetches; /* waiting or running */
	struct list tunnels;
	size_t tunnel_count;
	bool is_due; /* libcurl wants to run now */
	struct {     /* since the start */
		uint64_t fetches, failed, connections;
	} counts;
};

struct http_order {
	enum http_method method;
	struct str url;
	const struct http_header *headers; /* not those that say where a message ends, nor Host */
	size_t header_count;
	struct str body;    /* borrow: until the fetch ended */
	uint64_t body_max;  /* bytes of the reply's body at most */
	int64_t timeout_ms; /* for all of it; > 0 */
	int64_t stall_ms; /* without a byte either way, in whole seconds; 0: as long as all of it */
	bool is_streamed; /* body passes through f->body in pieces; see http_fetch_more() */
	bool is_discarded;  /* only count the reply's body */
	bool may_repeat;    /* a POST or PATCH that does no harm twice: may use a kept connection */
	bool allow_private; /* addresses that are not public are fine: the owner gave this URL */
};

enum http_fetch_state {
	HTTP_FETCH_OFF,     /* zeroed or ended */
	HTTP_FETCH_WAITING, /* until the client's task runs */
	HTTP_FETCH_RUNNING, /* libcurl has it */
};

struct http_tunnel; /* private */

struct http_fetch { /* zeroed before the first start; fields: read only, but `body` is consumed */
	struct op op;
	unsigned status;     /* of the reply; 0 when none came */
	struct buf headers;  /* "Name: value\r\n" .. of the last head; no trailers */
	struct buf body;     /* the whole, or when streamed what the owner has not consumed */
	uint64_t body_bytes; /* that came */
	bool is_reused;      /* went over a connection that was there */

	struct http_client *client;
	enum http_fetch_state state;
	enum fail why; /* set: to be ended with it */
	uint64_t body_max;
	bool is_streamed, is_discarded, is_tls, allow_private;
	bool is_head_done; /* the empty line behind the last head came */
	bool is_cut;       /* its TLS connection ended without a close_notify */
	bool is_paused;    /* streamed: libcurl waits for http_fetch_more() */
	bool wants_more;
	uint16_t port;
	struct net_address address; /* a literal one, else NET_ADDRESS_NONE */
	char host[HTTP_HOST_MAX + 1];
	void *easy, *header_lines, *connect_to; /* own: libcurl's */
	struct http_tunnel *tunnel;             /* in use by it, or NULL */
	struct timer timer;                     /* its deadline; owner: the client's task */
	struct list_node node;
};

/* `trust` may be NULL: then every https URL fails. Settings are borrowed. */
void http_client_init(struct http_client *c, struct loop *loop, struct net *net, struct dns *dns,
    struct tls_trust *trust, const struct http_client_settings *settings);

/* Closes kept connections. Fetches must have ended or been cancelled. */
void http_client_release(struct http_client *c);

/*
 * Load whom to trust by these settings: the system's authorities and those of `ca-file`. Takes some
 * 50 ms: at start and reload only. Failures as tls_trust_load().
 */
MUST_CHECK enum fail http_client_trust(const struct http_client_settings *settings,
    struct tls_trust **out, struct buf *why);

/*
 * Start fetching. May be done on return. Any status of a server, also 4xx and 5xx, is FAIL_NONE.
 *   FAIL_NONE     status, headers and body are there
 *   FAIL_SYNTAX   the URL or a header is malformed, or a header is not the caller's to set
 *   FAIL_LIMIT    the reply's body or head is too large
 *   FAIL_DENIED   the certificate is not valid for this host, the host of an https URL is an address,
 *                 or only addresses that are not public were found
 *   FAIL_MISSING  the host name does not exist
 *   FAIL_TEMP     no connection, no reply in time, or the reply ended too early
 *   FAIL_PERM     the reply is not HTTP, or https without anybody to trust
 */
void http_fetch_start(struct http_client *c, struct http_fetch *f, struct task *owner,
    const struct http_order *order);

/*
 * Streamed: the owner is woken when bytes come, takes them with buf_consume(&f->body) and calls this,
 * so that more come. Bytes may be left when the fetch ended.
 */
void http_fetch_more(struct http_fetch *f);

/* The value of the first header of that name, or p == NULL. */
struct str http_fetch_header(const struct http_fetch *f, struct str name);

/* Stop; safe in any state. What came so far stays until release, which leaves f as zeroed. */
void http_fetch_cancel(struct http_fetch *f);
void http_fetch_release(struct http_fetch *f);

/* libcurl's own version, as linked: "8.14.1". */
const char *http_client_version(void);

#endif
