/*
 * queue_stage.h - a queue with its store and mail, two other hosts beside it (lib/sink.h), the fake directory
 * and a fake clock.
 *
 * Files of accounts are far away (lib/fake_blobs.h). Mail for elsewhere.test goes to stage.sink by SMTP, for lmtp.test to stage.other by LMTP, for bin.test
 * nowhere. Everything happens in one process, in stage_settle(): until nobody has anything to do.
 */
#ifndef TEST_LIB_QUEUE_STAGE_H
#define TEST_LIB_QUEUE_STAGE_H

/* base */
#include "base/test.h"

/* rooms */
#include "lib/sink.h"
#include "mail/mail.h"
#include "queue/admin.h"
#include "queue/queue.h"
#include "smtpc/smtpc.h"

#define STAGE_WALL      ((int64_t)1700000000) /* the wall clock when a row begins */
#define STAGE_RCPTS_MAX 20

#define ALICE "alice@example.test"

struct stage {
	struct loop loop;
	struct net net;
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct queue *queue;
	struct sink sink, other;
	struct queue_settings settings;
	struct smtpc_settings outbound;
	struct route_settings route_settings[6];
	struct queue_route routes[6];
	struct queue_routes list;
	char path[300], blob_path[300];
	int64_t now_s; /* since STAGE_WALL */
	unsigned stores;
};

extern struct stage stage;

/* A new stage for this row of the test, and its end. */
void stage_begin(const char *row);
void stage_end(void);

/* As after a kill: what was not committed is gone, the rest is opened again. */
void stage_crash(void);

void stage_add_route(const char *name, const char *domains, enum route_way way, uint16_t port);

/* --- time ---------------------------------------------------------------------------------------------- */

/* Until nobody has anything to do for a while; sockets on loopback are ready at once. */
void stage_settle(void);

/* Seconds since the row began. */
void stage_set_time(int64_t now_s);

/* Time passes at once, then stage_settle(). */
void stage_pass(int64_t seconds);

/* --- messages ------------------------------------------------------------------------------------------ */

struct stage_order {
	struct envelope envelope;
	struct envelope_rcpt rcpts[STAGE_RCPTS_MAX];
	size_t rcpt_count;
	bool is_remote;
	const char *text;
};

extern const char stage_text[]; /* what every message says; its Return-Path is for mailboxes only */

/* One recipient whose domain is not ours; more by stage_also(). */
struct stage_order stage_order(const char *sender, const char *rcpt);
void stage_also(struct stage_order *o, const char *rcpt);

/* Its id. */
uint64_t stage_add(const struct stage_order *o);

/* stage_order(), stage_add(), stage_settle() */
uint64_t stage_send_one(const char *sender, const char *rcpt);

/* The same for a domain of ours, with these wishes (NOTIFY_ bits). */
uint64_t stage_send_here(const char *sender, const char *rcpt, unsigned notify);

/* --- looking ------------------------------------------------------------------------------------------- */

/* The number of messages in an Inbox; the newest one's bytes, unless NULL. */
size_t stage_inbox(const char *name, struct buf *newest);

/* How many of them are what stage_add() sent, and no reports about it. */
size_t stage_copies(const char *name);

/* The newest one has this text; shows it when not. */
bool stage_inbox_has(const char *name, const char *text);

/* Messages in the queue, and files that are left of all that were. */
uint64_t stage_left(void);
size_t stage_files_left(void);

/* The row of a recipient of a message, valid until the next. */
struct queue_rcpt stage_look(uint64_t id, size_t at);

#endif
