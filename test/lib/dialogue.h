/*
 * dialogue.h - play files of dialogues against real sessions of a protocol room, in this process.
 *
 * Each file is played three ways: the client's bytes at once, one byte at a time, and with every answer of
 * the directory and the resolver (fake_directory.h, fake_dns.h) held back a turn, files far away (fake_blobs.h), and
 * slices of time that are over when somebody looks a second time. The replies must be the same. Lines:
 *
 *     # comment            C: line the client sends      S: line the server must send next
 *     C2: S2:              of a second, third .. session; each begins when first named
 *     C| line of a literal; "{=}", "{=+}" or "(=)" in the line before stands for their bytes
 *     C\ bytes without a line end of their own; \r \n \0 \\ and \xHH are what they are in C
 *     C* N text            the line N times          C+ N text   the text N times, without a line end
 *     S* text              the server sends any number of such lines
 *     @bare                sessions are not logged in by themselves (must be first)
 *     @deliver BOX text    a message arrives from outside
 *     @wait MS             time passes
 *     @peer ADDRESS        where sessions come from that begin after this (127.0.0.1)
 *     @stop                the server shuts down
 *     @closed N            session N was closed by the server
 *     @lost N              session N was dropped by the server, with what it would have said
 *     @hangup N            its client goes away
 *     @break N             its connection breaks
 *     @reindex             the full-text index is made anew
 *     @far                 files are far away in all three ways (must be first)
 *     @far down|stuck|well they cannot be reached; nothing of them ends; all is well
 *     @far after N         .. after N more of them went well
 *     @far fail N          the next N of them cannot be reached
 *     @far lost N          .. are not there any more
 *     @disk full|bad|well  writing fails; what was written does not become durable; all is well
 *
 * "..." in S: stands for anything. Everything the server sends must be named. A room may have
 * more directives.
 */
#ifndef TEST_LIB_DIALOGUE_H
#define TEST_LIB_DIALOGUE_H

#include "base/buf.h"
#include "base/list.h"
#include "blob/blob.h"
#include "mail/index.h"
#include "mail/mail.h"
#include "net/memory.h"
#include "store/store.h"

#define DIALOGUE_PEERS_MAX 4
#define DIALOGUE_ACCOUNT   "alice@example.test" /* whose mail @deliver reaches */

enum dialogue_way { DIALOGUE_WHOLE, DIALOGUE_BYTES, DIALOGUE_HELD, DIALOGUE_WAY_COUNT };

struct dialogue_peer {
	struct conn *conn; /* borrow: the session's; NULL when it is gone */
	struct buf seen;   /* sent by the server, not yet expected */
};

/* The stage; fields: read only, but for those that a room's open() fills in. */
struct dialogue {
	enum dialogue_way way;
	struct loop loop;
	struct net net;
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct search *search;
	struct dialogue_peer peers[DIALOGUE_PEERS_MAX + 1]; /* from 1 */
	struct str from;                                    /* address of the next peers */
	int64_t now_ms;
	bool is_bare;
	unsigned stores;
	/* by open(): */
	struct listener *listener; /* of the next peers */
	struct list *sessions;     /* empty in the end */
};

extern struct dialogue dialogue;

struct dialogue_room {
	const char *folder;                     /* of the files */
	void (*open)(void);                     /* make the service */
	void (*greet)(struct dialogue_peer *p); /* a session began; log in; may be NULL */
	void (*stop)(void);                     /* @stop */
	void (*close)(void);                    /* give back what open() made; may be NULL */
	bool (*directive)(struct str word, struct str rest); /* false: unknown; may be NULL */
};

/* Play the named files, or all of the folder. */
void dialogue_play(const struct dialogue_room *room, int count, char **files);

/* Does a client of any file of the room begin a line with this word? */
bool dialogue_has_command(const struct dialogue_room *room, const char *word);

/* For tests that are no dialogue: the stage itself. */
void dialogue_open(const struct dialogue_room *room, enum dialogue_way way);
void dialogue_close(void);
struct dialogue_peer *dialogue_peer(size_t number);
void dialogue_settle(void);      /* until nobody has anything to do */
void dialogue_later(int64_t ms); /* time passes: the clock alone */
void dialogue_collect(void);     /* what the server sent, into `seen` */
bool dialogue_next_line(struct dialogue_peer *p, struct str *out); /* without CRLF, not consumed */
bool dialogue_matches(struct str line, struct str want);           /* "..." is anything */

#endif
