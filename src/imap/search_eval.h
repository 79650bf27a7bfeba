/*
 * search_eval.h - does a message match a SEARCH key (RFC 9051 6.4.4)?
 *
 * Asks the full-text index once which messages can match at all; then of each of those the mailbox's index, the
 * stored summary, and the message's file, each only when a key needs it (search.h sorts the keys so). Parsing a large
 * message, and looking through it, takes its time: when the slice is over in the middle of that, or the session has to
 * wait for the file, the answer is MATCH_LATER, and asking again for the same message goes on from there.
 */
#ifndef IMAP_SEARCH_EVAL_H
#define IMAP_SEARCH_EVAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "blob/blob.h"
#include "imap/search.h"
#include "imap/session.h"
#include "message/message.h"
#include "message/text.h"
#include "search/search.h"

enum imap_match { MATCH_NO, MATCH_YES, MATCH_LATER };

struct imap_matcher {
	struct imap_session *session;   /* borrow */
	struct view_session *view;      /* borrow: the mailbox */
	struct account *account;        /* borrow: its account */
	int64_t now_s;                  /* for OLDER and YOUNGER: when it began */
	struct search_query query;      /* which messages can match */
	struct arena arena;             /* of one message */
	struct view_seen seen;          /* the message */
	struct message *summary;        /* arena; NULL: not yet asked for */
	struct message parsed;          /* when is_parsed */
	struct message_parser *parser;  /* arena: .. when this is through with it */
	struct text_finder *finder;     /* own: a text is looked for .. */
	const struct imap_key *finding; /* borrow: .. by this key */
	struct blob_map map;
	struct blob_wait wait;    /* for its file */
	struct imap_slice *slice; /* borrow: of this step */
	uint64_t number;          /* counts messages, for imap_key.asked */
	unsigned scores, score;   /* of the FUZZY keys that held: how many, their sum */
	bool has_looked;          /* through a file, in this step */
	bool is_cut;              /* .. and there was no time for all of it, or it is waited for */
	bool has_record;          /* the store was asked for the message */
	bool is_parsed;
	bool is_unreadable; /* its file cannot be read: nothing in it matches */
	bool is_away;       /* .. now; it may match later */
	enum fail unread;   /* of all: FAIL_TEMP some cannot be read now, FAIL_PERM some are lost */
	bool is_unreached;  /* .. a file is far away, and was waited for in vain */
};

/* `view` is s->view, or another mailbox, for which "$" is empty. */
void imap_matcher_init(struct imap_matcher *m, struct imap_session *s, struct view_session *view);
void imap_matcher_release(struct imap_matcher *m);

/* Before the first message: ids and keywords of the tree are looked up once. */
MUST_CHECK enum fail imap_matcher_prepare(struct imap_matcher *m, struct imap_key *root);

/*
 * Ask the full-text index for the texts of the tree: then only messages match that are there now. For a matcher of
 * this command, and not for one that waits for messages to come.
 */
void imap_matcher_narrow(struct imap_matcher *m, struct imap_key *root);

/* At the start of each slice. False: the index has not answered, again in the next one. */
MUST_CHECK bool imap_matcher_is_ready(struct imap_matcher *m, const struct imap_slice *slice);

/* Does this message match? After MATCH_LATER the same message is asked for again in a later step. */
enum imap_match imap_matches(struct imap_matcher *m, struct imap_key *key,
    const struct view_seen *seen, struct imap_slice *slice);

/* The last message is to be asked about again. */
bool imap_matcher_is_cut(const struct imap_matcher *m);

/* A record or a file was looked at for the last message. */
bool imap_matcher_was_slow(const struct imap_matcher *m);

/* How relevant the last message is, 1 .. 100 (RFC 6203 section 4). */
unsigned imap_matcher_score(const struct imap_matcher *m);

/*
 * What lists need of the last message, from the summary or from its file; NULL: it cannot be read, or the session
 * waits for it or the slice is over, and it is to be asked for again (imap_matcher_is_cut()).
 */
const struct message *imap_matcher_outline(struct imap_matcher *m);

#endif
