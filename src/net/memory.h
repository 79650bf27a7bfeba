/*
 * memory.h - a connection without a socket: what tests talk to.
 *
 *     c = conn_memory(&net, &listener, STR("192.0.2.1"));   service.accept(.., c);
 *     conn_memory_feed(c, STR("EHLO x\r\n"));
 *     loop_turn(&loop, 0);
 *     CHECK_STR(conn_memory_sent(c), ..);
 *
 * Output still passes the gate at the end of the turn. Two of them can be joined: what one sends
 * the other receives.
 */
#ifndef NET_MEMORY_H
#define NET_MEMORY_H

#include "net/net.h"

/* `l` may be NULL; `peer` is an address text ("127.0.0.1" counts as loopback). */
struct conn *conn_memory(struct net *net, struct listener *l, struct str peer);

/* The peer sends bytes, or closes. */
void conn_memory_feed(struct conn *c, struct str bytes);
void conn_memory_end(struct conn *c);

/* All that was sent to the peer and not yet forgotten. */
struct str conn_memory_sent(const struct conn *c);
void conn_memory_forget(struct conn *c);

/* At most `most` bytes are taken until the next call (a slow peer); SIZE_MAX for no limit. */
void conn_memory_accept(struct conn *c, size_t most);

/* We closed our side (FIN). */
bool conn_memory_finished(const struct conn *c);

/* Hand over what each sent, `piece` bytes at a time at most; true when anything moved. */
bool conn_memory_pump(struct conn *a, struct conn *b, size_t piece);

#endif
