/*
 * client_private.h - what the files of the client know of each other (private to http).
 *
 * client.c is the life of fetches and the client's task; client_order.c what an order says to libcurl;
 * client_curl.c how libcurl runs; client_tunnel.c one connection. README.md has the states.
 */
#ifndef HTTP_CLIENT_PRIVATE_H
#define HTTP_CLIENT_PRIVATE_H

/* rooms */
#include "http/client.h"

#define HTTP_TUNNELS_MAX     64   /* at most, whatever the settings say: one poll() looks at all */
#define HTTP_ADDRESSES_MAX   8    /* addresses of a host that are tried */
#define HTTP_CONNECT_MS      5000 /* for each address but the last */
#define HTTP_CONNECT_LAST_MS 30000

enum http_tunnel_state {
	HTTP_TUNNEL_RESOLVE,   /* two questions are out */
	HTTP_TUNNEL_DIAL,      /* connecting to addresses[at] */
	HTTP_TUNNEL_HANDSHAKE, /* TLS */
	HTTP_TUNNEL_PUMP,      /* bytes go both ways */
	HTTP_TUNNEL_DRAIN,     /* the server is gone; libcurl was told and will close */
};

struct http_tunnel {
	struct http_client *client; /* borrow */
	struct http_fetch *fetch;   /* borrow: that uses it now; NULL when kept or given up */
	enum http_tunnel_state state;
	struct task task;
	struct watch ours;  /* our end; woken: task */
	struct watch curls; /* libcurl's end; woken: the client's task; fd -1 once libcurl closed */
	unsigned wants;     /* WATCH_ bits that libcurl waits for */
	struct timer idle;
	struct dns_query query[2]; /* AAAA, A */
	struct net_address addresses[HTTP_ADDRESSES_MAX];
	size_t address_count, at;
	struct conn_dial dial;
	struct conn *conn; /* own */
	uint16_t port;
	bool is_tls, allow_private;
	char host[HTTP_HOST_MAX + 1];
	struct list_node node; /* in client->tunnels */
};

/* --- client.c ------------------------------------------------------------------------------- */

/* Let the client end it with `fail` in its own step; the first reason stays. */
void fetch_doom(struct http_fetch *f, enum fail fail);

/* --- client_order.c ------------------------------------------------------------------------- */

/* Tell the easy handle what is asked for. FAIL_SYNTAX for headers. */
MUST_CHECK enum fail curl_set_order(struct http_fetch *f, const struct http_order *order,
    const struct http_url *url);

/* --- client_curl.c -------------------------------------------------------------------------- */

/* Make the easy handle, not yet running. FAIL_SYNTAX for headers. */
MUST_CHECK enum fail curl_prepare(struct http_fetch *f, const struct http_order *order,
    const struct http_url *url);

/* Hand it to libcurl; take it back (also one that never ran) and forget the handle. */
void curl_begin(struct http_fetch *f);
void curl_forget(struct http_fetch *f);

/* Run what is due: its timer, sockets that are ready, paused fetches. False: there was nothing. */
bool curl_run(struct http_client *c);

/* The next fetch that ended by itself, and how; NULL when there is none. */
struct http_fetch *curl_next_ended(struct http_client *c, enum fail *fail_out);

/* Close all kept connections and give all memory back. */
void curl_rest(struct http_client *c);

/* Once per client. */
void curl_start(void);
void curl_stop(void);

/* --- client_tunnel.c ------------------------------------------------------------------------ */

/* A new connection for a fetch; libcurl's end of it, or -1 and the fetch is doomed. */
int tunnel_open(struct http_fetch *f);

/* The one whose libcurl end is `fd`, or NULL. */
struct http_tunnel *tunnel_find(const struct http_client *c, int fd);

/* libcurl closes its end. */
void tunnel_shut(struct http_tunnel *t);

/* From now on this fetch uses it; NULL: nobody does. */
void tunnel_lend(struct http_tunnel *t, struct http_fetch *f);

void tunnel_free(struct http_tunnel *t);

#endif
