/*
 * sink.h - another host that takes mail, within the loop of a test: plain SMTP or LMTP on loopback.
 *
 * What it answers is a field that a test may change at any time; what it took is a list. A recipient whose
 * local part begins with "temp" gets 451, with "perm" 550, whatever else is set.
 */
#ifndef TEST_LIB_SINK_H
#define TEST_LIB_SINK_H

#include "base/buf.h"
#include "base/list.h"
#include "net/net.h"

struct sink_message {
	struct list_node node;
	struct buf mail, rcpts,
	    content; /* own; the argument of MAIL, those of RCPT each with LF, the text */
};

enum sink_break { /* the connection is closed in place of the answer to .. */
	SINK_BREAK_NEVER,
	SINK_BREAK_GREETING,
	SINK_BREAK_MAIL,
	SINK_BREAK_DATA,
	SINK_BREAK_END,   /* .. the end of the data; the message is kept */
	SINK_BREAK_AFTER, /* and not in its place, but behind it */
};

struct sink {
	struct service service;
	struct listener listener; /* .address has its port */
	struct list sessions;
	/* set by the test: */
	const char *greeting;   /* "220 ..", "554 .."; NULL: "220 sink.test" */
	const char *extensions; /* "250-X\r\n250-Y\r\n" of EHLO; NULL: PIPELINING, 8BITMIME */
	const char *end;        /* the answer to the end of the data; NULL: "250 2.0.0 kept" */
	bool is_lmtp;
	enum sink_break break_at;
	/* seen: */
	struct list messages; /* in order */
	size_t message_count, connection_count, open_count, most_open;
};

/* Listen on 127.0.0.1 at any port. */
void sink_start(struct sink *s, struct net *net);

/* Close everything and forget the messages. */
void sink_stop(struct sink *s);
void sink_forget(struct sink *s);

/* Close the connections that are open. */
void sink_leave(struct sink *s);

/* The message at that place, from 0; NULL: there are not so many. */
struct sink_message *sink_message(struct sink *s, size_t at);

#endif
