/*
 * imap_model.h - mailboxes as the RFCs have them, written as plainly as can be, and what one client knows of them.
 *
 * The model is changed by the test with each command; learn() looks at the real mailbox through a session of its
 * own and compares all of it: UIDs, flags, and the rules of mod-sequences (RFC 7162 3.1). A client keeps what it
 * was told and nothing else; client_hear() checks every response against model and knowledge (RFC 9051 7.5.1).
 *
 * Two things are the store's own (mail/README.md): copies of a message share their keywords, and COPY does not
 * take \Deleted along.
 */
#ifndef TEST_LIB_IMAP_MODEL_H
#define TEST_LIB_IMAP_MODEL_H

#include "lib/dialogue.h"

#define MODEL_BOXES    2
#define MODEL_MESSAGES 100 /* at most, in one mailbox */
#define MODEL_UIDS     65536
#define MODEL_FLAGS    7
#define MODEL_DELETED  16u

extern const char *const model_flag_names[MODEL_FLAGS];

struct model_message {
	uint32_t uid;
	unsigned flags, learned_flags;
	uint64_t modseq; /* 0: not learned yet */
	unsigned email;  /* copies have the same */
	unsigned recent; /* the opening of the mailbox that has it as \Recent; 0: nobody was told */
};

struct model_box {
	const char *name;
	uint32_t validity, uid_next;
	uint64_t highest; /* learned */
	bool is_expunged; /* since that */
	struct model_message messages[MODEL_MESSAGES];
	size_t count;
	uint64_t gone[MODEL_UIDS]; /* by UID: it went after this mod-sequence; 0: it did not */
};

extern struct model_box model_boxes[MODEL_BOXES];
extern unsigned model_emails;

struct model_message *model_find(struct model_box *b, uint32_t uid);
uint32_t model_add(struct model_box *b, unsigned email, unsigned flags);
void model_remove(struct model_box *b, uint32_t uid);
void model_flags_set(struct model_box *b, uint32_t uid, unsigned flags);

/* "(\Seen work)" as bits; \Recent in *is_recent. */
unsigned model_flags_parse(struct str text, bool *is_recent);

/* The next range of "1:3,5". */
bool model_range_next(struct str *set, uint32_t *first, uint32_t *last);

/* What a peer is told for these lines. */
struct str model_ask(struct dialogue_peer *p, const char *lines);

/* Compare the model with the real mailboxes, and learn their mod-sequences. */
void model_learn(struct dialogue_peer *observer);

/* --- a client ------------------------------------------------------------------------------------------ */

enum { CLIENT_CONDSTORE = 1, CLIENT_QRESYNC = 2, CLIENT_UIDONLY = 4, CLIENT_REV2 = 8 };

struct client_message {
	uint32_t uid;
	unsigned flags;
	bool has_flags; /* it was told them */
};

struct client_cache { /* of a mailbox that it left */
	struct client_message messages[MODEL_MESSAGES];
	size_t count;
	uint64_t modseq; /* 0: there is none */
};

struct client {
	struct dialogue_peer *peer;
	size_t number;
	unsigned have;
	struct model_box *box; /* NULL: none is selected */
	bool is_read_only, is_idle;
	unsigned opening;
	struct client_message messages[MODEL_MESSAGES];
	size_t count;
	uint64_t highest; /* as RFC 7162 section 6 tells clients to count */
	struct client_cache caches[MODEL_BOXES];

	/* of the command that runs */
	bool no_expunges;                 /* none may be told */
	bool is_earlier;                  /* VANISHED (EARLIER) may come */
	uint64_t code, seen;              /* HIGHESTMODSEQ, and the largest MODSEQ */
	uint32_t fetched[MODEL_MESSAGES]; /* UIDs of FETCH responses */
	size_t fetched_count;
	uint32_t vanished[MODEL_MESSAGES * 2][2]; /* EARLIER; ranges */
	size_t vanished_count;
	char untagged[4000],
	    tagged[4000]; /* the last SEARCH, STATUS, COPYUID; the tagged response */
};

/* Tell it nothing more than it knows: of a mailbox just opened, UIDs without flags. */
void client_open(struct client *c, struct model_box *b);

/* It leaves the mailbox, or is cut off: what it knows goes into the cache. */
void client_leave(struct client *c);

/* Check all that it was told; `tag` NULL: nothing tagged (IDLE). */
void client_hear(struct client *c, const char *tag);

bool client_fetched(const struct client *c, uint32_t uid);
struct client_message *client_find(struct client *c, uint32_t uid);

#endif
