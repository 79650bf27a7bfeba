/*
 * append.h - an APPEND or REPLACE under way (private to cmd_append.c, append_take.c, append_store.c).
 *
 *     PARSE --literal--> BYTES --all came--> LINE --a line--> PARSE .. --nothing follows--> stored, REPLY
 *       |---URL literal--> GATHER --> COPY --> LINE
 *       `---URL--> COPY --> PARSE            COPY: FETCH before, while its file is far away
 *     nothing follows: PUT until all files are where they are kept --> stored, REPLY
 *     refused: what the client sends anyway is dropped (BYTES, LINE) --the command is over--> REPLY
 */
#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include "blob/blob.h"
#include "imap/append_parse.h"
#include "imap/fetch_content.h"
#include "imap/flag.h"
#include "imap/session.h"

#define APPEND_RATE_BYTES (64 * 1024)     /* so many bytes .. */
#define APPEND_RATE_MS    (5 * 60 * 1000) /* .. must come in this time: slow drips lose */
#define APPEND_URL_MAX    8192            /* bytes of a URL that is a literal */

enum append_doing {
	APPEND_PARSE,
	APPEND_LINE,
	APPEND_BYTES,
	APPEND_GATHER,
	APPEND_FETCH,
	APPEND_COPY,
	APPEND_PUT
};

/* One message: its bytes go to its file as they come. */
struct append_message {
	struct blob_writer writer;
	struct blob_wait wait;   /* of PUT */
	struct imap_flags asked; /* arena: the command's */
	uint64_t flags;
	int64_t received_s;
};

struct imap_append {
	struct account *account; /* own: counted; whose mailbox it is */
	unsigned rights;         /* what the user may with it (mail/acl.h) */
	enum append_doing doing;
	enum append_doing after; /* .. COPY */
	struct append_parser parser;
	struct buf line;             /* own; the line under way, unless it is the command's first */
	struct str at;               /* what is left of it */
	struct imap_literal literal; /* at its end; mark 0: none */
	struct append_message *messages; /* own; the last one is under way */
	size_t count, cap;
	uint32_t mailbox;
	uint32_t replaced_uid;       /* of the selected mailbox; 0: APPEND */
	uint64_t total;              /* bytes of all messages */
	uint64_t left;               /* bytes of the literal still to come */
	uint64_t paid;               /* bytes since the deadline was moved */
	bool has_line;               /* a line was read, and the literal at its end was not begun */
	bool is_refused;             /* answered already: what comes goes nowhere */
	struct buf url;              /* own; of GATHER */
	struct imap_content content; /* what URLs point to */
	bool has_content;
	struct imap_fetch_item item; /* .. what of it; arena: the command's */
	struct str url_text; /* .. of FETCH: the URL as it was said; of the line, or of url */
	struct str copy;     /* of content: still to be copied */
};

/* append_take.c: what the parser found. IMAP_APPEND, or a state after refusing. */
enum imap_state imap_append_begin(struct imap_session *s, const struct append_item *item);
enum imap_state imap_append_text(struct imap_session *s);
enum imap_state imap_append_url(struct imap_session *s, struct str url);
enum imap_state imap_append_fetch(struct imap_session *s); /* FETCH: is it there? */
enum imap_state imap_append_complete(struct imap_session *s);

/* The next piece of the literal, or of the URL's bytes; false when there is none now. */
bool imap_append_bytes(struct imap_session *s);
enum imap_state imap_append_copy(struct imap_session *s);

/* append_store.c: all of them, or none, and the answer. */
enum imap_state imap_append_store(struct imap_session *s);

#endif
