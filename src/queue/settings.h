/*
 * settings.h - what the owner may set about sending: [queue], [route NAME].
 */
#ifndef QUEUE_SETTINGS_H
#define QUEUE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"

struct queue_settings {
	struct setting_durations retry; /* waits between tries; the last one repeats */
	int64_t notice_ms;              /* the sender is told of a delay after this; 0: never */
	int64_t expire_ms;              /* then it is given up */
	int64_t connections;            /* at the same time, to all sites */
	int64_t site_connections;       /* .. to one site */
	int64_t site_rate;              /* messages a minute to one site; 0: no limit */
	int64_t connection_messages;    /* over one connection, before others get their turn */
	int64_t linger_ms;              /* a connection waits this long for another message */
	int64_t messages;               /* in the queue at most */
	bool has_srs;                   /* forwarded mail goes out under a sender of ours */
};

extern const struct setting_section queue_section;

/* Do the times fit together? FAIL_SYNTAX, and a line in `why`. */
MUST_CHECK enum fail queue_settings_check(const struct queue_settings *s, struct buf *why);

/* The defaults of the table, for tests and tools. */
extern const struct queue_settings queue_settings_default;

enum route_way { ROUTE_DIRECT, ROUTE_RELAY, ROUTE_LMTP, ROUTE_DISCARD, ROUTE_REFUSE };

enum route_tls { ROUTE_TLS_MAY, ROUTE_TLS_MUST, ROUTE_TLS_VERIFY, ROUTE_TLS_NEVER };

struct route_settings {
	struct str
	    domains; /* recipients' domains: "example.org", ".example.org" with all below, "*" */
	int way;     /* enum route_way */
	struct str host;         /* relay, LMTP: a name, an address, or unix:PATH */
	int64_t port;            /* 0: what is usual for the way */
	int tls;                 /* enum route_tls */
	bool is_implicit_tls;    /* TLS from the first byte (port 465) */
	struct str user, secret; /* to log in there */
	struct str fallback;     /* name of the route to take .. */
	int64_t fallback_after;  /* .. after so many failures in a row */
	int64_t connections;     /* at the same time; 0: as [queue] says */
	int64_t rate;            /* messages a minute; 0: as [queue] says */
};

extern const struct setting_section route_section;

#endif
