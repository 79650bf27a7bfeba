/*
 * net.h - listeners, limits, outbound connections: the shared part of all connections.
 *
 * One struct net per loop. It hangs its flush hook on TURN_FLUSH (loop.h), so it must be made after
 * the store. Limits: NET settings; connections over a limit are answered with the service's
 * `refusal` and closed. When descriptors run out, a spare one lets us close the newcomer instead of
 * spinning.
 *
 * Behind a proxy: connections from a listener's `proxies` begin with a PROXY header (proxy.h), and are
 * of the client that it names in everything that follows: address, limits, log.
 *
 * Not done: names. Addresses only; dns (a room above) looks them up.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/op.h"
#include "base/str.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/conn.h"
#include "net/settings.h"

struct tls_context; /* tls/tls.h; only carried here */

/* What a protocol room offers; embedded in the room's own struct. */
struct service {
	const char *name; /* "smtp", "imap": for logs */
	/* A peer came in: make a session that owns c and call conn_attach(). */
	void (*accept)(struct service *self, struct listener *l, struct conn *c);
	const char *refusal;     /* sent to plaintext peers over a limit, with CRLF; or NULL */
	const char *const *alpn; /* RFC 7301 names offered, best first, NULL at the end; or NULL */
};

struct listener {                /* zeroed, then the first group filled in by the caller */
	struct service *service; /* borrow */
	struct str name;         /* borrow: "[listener submission]" */
	void *settings;          /* borrow: what the room wants to know per listener */
	struct tls_context *tls; /* borrow: for implicit TLS and STARTTLS; NULL: no TLS */
	bool is_tls;             /* implicit TLS; the service calls tls_accept() itself */
	struct str proxies;      /* borrow: networks (networks.h) that send a PROXY header first */

	/* fields: read only */
	struct net *net;
	struct task task;
	struct watch watch;
	struct timer retry;
	struct list_node node;
	struct net_address address; /* with the real port, also when 0 was asked for */
	char unix_path[108];        /* removed at listener_stop(); empty when not unix */
};

/* Something that peers can cause at will: told now and then, not each time. */
struct net_tally {
	uint64_t count; /* since it was told */
	int64_t told_ms;
};

struct net { /* fields: read only */
	struct loop *loop;
	const struct net_settings *settings; /* borrow */
	struct turn_hook flush;
	struct list conns;     /* all */
	struct list unflushed; /* with output of this turn, or writable again */
	struct list listeners;
	struct list proxied; /* connections that wait for their PROXY header */
	struct map sites;    /* connections counted per address */
	size_t count;        /* inbound connections */
	uint64_t last_id;
	int spare_fd;                        /* given up for a moment when descriptors run out */
	struct net_tally refused, unproxied; /* over a limit; without a proper PROXY header */
	char scratch[CONN_READ_BYTES];
};

/* `settings` is borrowed as long as the net lives; net_settings_default() for tests. */
void net_init(struct net *net, struct loop *loop, const struct net_settings *settings);

/* Stops all listeners and closes all connections that are left. Sessions must be gone. */
void net_release(struct net *net);

/*
 * Listen. Addresses: "127.0.0.1:25", "[::1]:25", "*:25" (all of IPv4 and IPv6), "unix:/path",
 * "systemd:N" (the Nth descriptor of LISTEN_FDS, from 0) or "systemd:NAME" (LISTEN_FDNAMES). One
 * clear line is appended to `why` on failure:
 *   FAIL_SYNTAX  the address is none of these
 *   FAIL_DENIED  not allowed (a port under 1024 without root)
 *   FAIL_TEMP    in use by somebody else
 *   FAIL_PERM    no such address here, no such descriptor ..
 * The check only looks at the form: FAIL_SYNTAX.
 */
MUST_CHECK enum fail listener_check(struct str address, struct buf *why);
MUST_CHECK enum fail listener_start(struct net *net, struct listener *l, struct str address,
    struct buf *why);

/* Stop listening; connections stay. Safe in any state. */
void listener_stop(struct listener *l);

/* --- outbound ------------------------------------------------------------------------------- */

struct conn_dial {
	struct op op;
	struct conn *conn; /* own; set when op.fail is FAIL_NONE: take it and set NULL */
	struct net *net;   /* borrow */
};

/*
 * Connect to an address with its port. Ends with
 *   FAIL_NONE  d->conn is connected; attach it
 *   FAIL_TEMP  refused, unreachable, or not within timeout_ms
 */
void conn_dial_start(struct conn_dial *d, struct net *net, struct task *owner,
    const struct net_address *to, int64_t timeout_ms);

/* The same from an address of ours (family NONE: any); FAIL_PERM when it is none of this host's. */
void conn_dial_from_start(struct conn_dial *d, struct net *net, struct task *owner,
    const struct net_address *to, const struct net_address *from, int64_t timeout_ms);

/* Connect to a unix socket; FAIL_PERM when the path is too long for one. */
void conn_dial_unix_start(struct conn_dial *d, struct net *net, struct task *owner, struct str path,
    int64_t timeout_ms);

void conn_dial_cancel(struct conn_dial *d); /* safe in any state; frees d->conn too */

#endif
