/*
 * view.h - one mailbox in UID order in memory, shared, and the sequence numbers of a session.
 *
 * A view holds all that SELECT, FETCH (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ EMAILID THREADID),
 * SEARCH by flags, dates and sizes, and Email/query in a mailbox need. It is read with one range
 * scan, kept current by every change, shared by all sessions, and kept for some minutes after the
 * last one left (VIEW_KEEP_MS), in all not more than VIEW_CACHE_BYTES of unused ones.
 *
 * A view_session is what one IMAP session knows of a mailbox. Its sequence numbers change only when
 * it takes an event from view_session_next(): what others expunged meanwhile stays numbered as a
 * ghost, what arrived is not there yet, and the change of flags is remembered (RFC 9051 5.2, 7.5.1).
 * An idle session costs no memory per message.
 *
 * Entry pointers are valid until the next call that changes mail or until the step ends.
 */
#ifndef MAIL_VIEW_H
#define MAIL_VIEW_H

#include "base/list.h"
#include "mail/mail.h"

#define VIEW_KEEP_MS     (10 * 60 * 1000)   /* an unused view is kept this long */
#define VIEW_CACHE_BYTES (32 * 1024 * 1024) /* unused views in all */

struct view_entry { /* 48 bytes */
	uint32_t uid;
	uint32_t size;  /* RFC822.SIZE */
	uint64_t flags; /* keyword.h, FLAG_DELETED included */
	uint64_t modseq;
	uint64_t email_id, thread_id;
	int64_t received_s; /* INTERNALDATE */
};

/* When entries[i * VIEW_SPAN] and the VIEW_SPAN - 1 behind it were received: none before, none after. */
#define VIEW_SPAN 64
struct view_span {
	int64_t earliest_s, latest_s;
};

struct view {                    /* fields: read only */
	struct account *account; /* borrow: counted */
	uint32_t mailbox;
	struct view_entry *entries; /* own; by uid */
	size_t count;
	struct view_span *spans;      /* own; a walk by date passes over those that are too old */
	struct view_private *private; /* own; this room's */
};

/* The current view, counted. FAIL_MISSING no such mailbox · FAIL_TEMP the store failed. */
MUST_CHECK enum fail view_open(struct account *a, uint32_t mailbox, struct view **out);
void view_close(struct view **v);

/* Index of the first entry whose uid is not below `uid` (count when there is none). */
size_t view_lower(const struct view *v, uint32_t uid);

/* The entry with this uid, or NULL. */
const struct view_entry *view_find(const struct view *v, uint32_t uid);

/* --- what one session sees --------------------------------------------------------------------- */

struct view_range {
	uint32_t first, last;
};

struct view_session { /* embedded in the IMAP session; fields: read only */
	struct list_node node;
	struct view *view;  /* own: counted; NULL when not open */
	bool is_read_only;  /* EXAMINE: takes no \Recent */
	bool is_gone;       /* the mailbox was deleted, or memory was lost: nothing is valid */
	uint32_t known_uid; /* messages above it were not announced yet */
	size_t known;       /* entries of the view at or below known_uid */
	uint32_t *ghosts;   /* own; uids expunged and not yet told, ascending */
	size_t ghost_start, ghost_count, ghost_cap;
	uint64_t ghost_modseq; /* of the oldest of them; 0: there is none */
	uint32_t *changed;     /* own; uids whose flags changed, not yet told */
	size_t changed_start, changed_count, changed_cap;
	bool is_changed_lost;      /* more than VIEW_CHANGED_MAX: told_modseq decides */
	uint64_t told_modseq;      /* flag changes up to this were told */
	uint64_t scan_modseq;      /* private: the search for those ends here */
	size_t scan_at;            /* and stands here */
	struct view_range *recent; /* own; \Recent for this session */
	size_t recent_ranges;
	uint32_t recent_count;
};

#define VIEW_CHANGED_MAX 1000 /* uids remembered one by one */

/* SELECT or EXAMINE. Zeroed or closed before. Failures as view_open(). */
MUST_CHECK enum fail view_session_open(struct view_session *s, struct account *a, uint32_t mailbox,
    bool is_read_only);

/* UNSELECT, CLOSE, hang-up; safe in any state. */
void view_session_close(struct view_session *s);

/* Messages as this session counts them: what EXISTS said last. */
static inline uint32_t
view_session_count(const struct view_session *s)
{
	return (uint32_t)(s->known + s->ghost_count - s->ghost_start);
}

/* The uid with sequence number `seq` (1 .. count); *entry_out (may be NULL) is NULL for a ghost. */
uint32_t view_session_uid(const struct view_session *s, uint32_t seq,
    const struct view_entry **entry_out);

/* The sequence number of a uid, ghosts too; 0 when this session does not know it. */
uint32_t view_session_seq(const struct view_session *s, uint32_t uid);

/* How many messages that this session knows have a uid below `uid`, ghosts too. */
uint32_t view_session_lower(const struct view_session *s, uint32_t uid);

/* Highest uid this session knows (what "*" means in a UID set), 0 when empty. */
uint32_t view_session_last_uid(const struct view_session *s);

/*
 * Walk ascending from the first message whose uid is not below `uid`. Ghosts come with entry NULL.
 * A walk does not survive a change or the end of the step: start it again from the last uid + 1.
 */
struct view_walk {
	const struct view_session *session;
	size_t at, ghost; /* next entry, next ghost */
};
struct view_seen {
	uint32_t seq, uid;
	const struct view_entry *entry;
};
void view_walk_start(struct view_walk *w, const struct view_session *s, uint32_t uid);
static inline bool
view_walk_next(struct view_walk *w, struct view_seen *out)
{
	const struct view_session *s = w->session;
	const struct view_entry *entry = s->view->entries + w->at;
	bool has_entry = w->at < s->known;

	if (w->ghost < s->ghost_count && (!has_entry || s->ghosts[w->ghost] < entry->uid)) {
		out->uid = s->ghosts[w->ghost++];
		out->entry = NULL;
	} else if (has_entry) {
		out->uid = entry->uid;
		out->entry = entry;
		w->at++;
	} else {
		return false;
	}
	out->seq = (uint32_t)(w->at + w->ghost - s->ghost_start);
	return true;
}

/*
 * The next thing to tell the client; false when there is nothing. Taking it changes the session's
 * numbers as the client's will. Order: expunges (`seq` is the number at that moment), then at most
 * one EXISTS, then flags. \Recent is given out with EXISTS.
 */
enum view_expunges {
	VIEW_EXPUNGES_LATER, /* ghosts stay: during FETCH, STORE, SEARCH with sequence numbers */
	VIEW_EXPUNGES_UP,    /* from the lowest UID */
	VIEW_EXPUNGES_DOWN,  /* from the highest */
};
enum view_event_type { VIEW_EXPUNGE, VIEW_EXISTS, VIEW_FLAGS };
struct view_event {
	enum view_event_type type;
	uint32_t seq;                   /* EXPUNGE, FLAGS: of the message; EXISTS: the count */
	uint32_t uid;                   /* EXPUNGE, FLAGS */
	const struct view_entry *entry; /* FLAGS: flags and modseq as they are now */
};
bool view_session_next(struct view_session *s, enum view_expunges expunges, struct view_event *out);

/* There is something to tell (for NOTIFY-free IDLE: same as next, without taking it). */
bool view_session_pending(const struct view_session *s);

/* \Recent of rev1: this session was the first that was told of the message. */
bool view_session_is_recent(const struct view_session *s, uint32_t uid);

/* Messages no session was told of yet (STATUS RECENT). */
uint32_t view_recent(const struct account *a, const struct mailbox *m);

#endif
