/*
 * session.h - one IMAP connection (private to the room).
 *
 * What we are doing now, each transition with the function that decides it:
 *
 *     READ --a line--> (dispatch, command.c) --a command's handler--> one of
 *       WORK       in slices: FETCH, SEARCH, STORE, COPY, MOVE, EXPUNGE, LIST ..   (its own function)
 *       REPLY      what changed is told, then the tagged response    (imap_reply_step) --> READ
 *       AUTH_READ  the next SASL message --> AUTH_WAIT for the directory --> REPLY
 *                                            AUTH_DELAY: a wrong password --> REPLY
 *       IDLING     until DONE                                        (imap_idle_step) --> REPLY
 *     READ --a message literal, or CATENATE--> APPEND                (imap_append_step) --> REPLY
 *     any --BYE--> CLOSING --all output left--> reaped
 *
 * In any of them but CLOSING it may have to wait for a file that is far away (imap_wait()): the state stays.
 *
 * Facts: a mailbox is selected exactly when view.view is set; an account is open exactly when
 * HAVE_AUTH; sasl exists in the AUTH states only; WORK has a work function; in READ no command runs
 * and arena and reply are empty.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/task.h"
#include "blob/blob.h"
#include "directory/sasl.h"
#include "imap/capability.h"
#include "imap/fetch.h"
#include "imap/imap.h"
#include "imap/partial.h"
#include "imap/set.h"
#include "imap/token.h"
#include "mail/acl.h"
#include "mail/mail.h"
#include "mail/mailbox.h"
#include "mail/namespace.h"
#include "mail/notify.h"
#include "mail/view.h"
#include "net/conn.h"

#define IMAP_ARENA_MAX      (4 * 1024 * 1024) /* bytes: what a command of 128 KB parses into */
#define IMAP_TEXT_MAX       (128 * 1024)      /* bytes of a command with its literals */
#define IMAP_TEXT_LOGIN_MAX (16 * 1024)       /* the same before login */
#define IMAP_FLOOD_MAX      (1024 * 1024)     /* bytes of a line before we see that it has no end */
#define IMAP_REPLY_MAX      (32 * 1024 * 1024) /* bytes of SEARCH results, COPYUID */
#define IMAP_PIECE_BYTES    (32 * 1024)        /* appended to the output in one go */
#define IMAP_HELD_MAX       2           /* accounts: COPY and RENAME name one, beside the own */
#define IMAP_GROUPS_MAX     (64 * 1024) /* bytes of the names of a user's groups */
#define IMAP_CONTEXTS_MAX   8           /* searches that tell their changes (context.h) */
#define IMAP_SLICE_ITEMS    64          /* cheap things between two looks at the clock */

enum { /* what has happened, in terms of the RFC */
	HAVE_TLS = 1,
	HAVE_AUTH = 2,
	HAVE_REV2 = 4,       /* ENABLE IMAP4rev2 */
	HAVE_UTF8 = 8,       /* ENABLE UTF8=ACCEPT */
	HAVE_CONDSTORE = 16, /* a CONDSTORE enabling command (RFC 7162 3.1) */
	HAVE_QRESYNC = 32,   /* ENABLE QRESYNC */
	HAVE_UIDONLY = 64,   /* ENABLE UIDONLY */
};

enum imap_state { /* what we are doing now */
	IMAP_READ,
	IMAP_APPEND,
	IMAP_WORK,
	IMAP_REPLY,
	IMAP_AUTH_READ,
	IMAP_AUTH_WAIT,
	IMAP_AUTH_DELAY,
	IMAP_IDLING,
	IMAP_CLOSING,
	IMAP_STATE_COUNT
};

struct imap_session;
struct imap_append;
struct imap_entries;
struct imap_context;
struct imap_notify;
struct imap_command;

/* The command that is being read: its text so far (read.c). */
struct imap_reader {
	struct buf text;  /* own; lines and literals in place */
	uint64_t literal; /* bytes of the current literal still to come */
	bool is_refused;  /* answered when it is over; literals are dropped */
};

/* The command that runs. */
struct imap_run {
	const struct imap_command *row; /* NULL: none, or not known */
	struct str tag;                 /* in the reader's text; empty: "*" */
	bool is_uid;
	struct arena arena; /* arguments */
	enum imap_state (*work)(struct imap_session *s);
	void *data;                              /* arena; of work */
	void (*release)(struct imap_session *s); /* of what data holds outside the arena; or NULL */
	struct buf before;                       /* own; leaves before what changed is told */
	struct buf reply;                        /* own; the tagged response, leaves last */
	bool is_leaving;                         /* close behind it */
	bool keeps_numbers;                      /* no EXPUNGE may be told while it runs */
	bool is_updated;                         /* what changed was told */
	bool has_modseq;                         /* a MODSEQ was told */
	uint32_t
	    limited_uid; /* it took messages from this UID on, not all (message_limit.h); or 0 */
	int64_t progress_ms;                 /* when it began, or its progress was told last */
	struct account *held[IMAP_HELD_MAX]; /* own: counted; others whose mailboxes it names */
};

struct imap_session {
	struct task task;
	struct list_node node;                /* of service->sessions */
	struct imap_service *service;         /* borrow */
	const struct imap_listener *listener; /* borrow */
	struct conn *conn;                    /* own */
	struct log log;
	enum imap_state state;
	unsigned have;
	struct imap_capabilities off; /* switched off for it */
	unsigned errors;              /* BAD replies since the last OK */
	unsigned login_failures;
	struct imap_reader reader;
	struct imap_run run;
	struct sasl *sasl;          /* own; only while logging in */
	struct timer delay;         /* behind a wrong login; behind "+ idling" */
	struct imap_append *append; /* own; only while an APPEND runs */
	const struct op *waits;  /* borrow: nothing is done before it ends (imap_wait()); or NULL */
	struct account *account; /* own: counted; the user's; of the selected mailbox: imap_box() */
	struct buf groups;       /* own; of the user, since the login; with blanks between them */
	unsigned box_rights;     /* what the user may with the selected mailbox (mail/acl.h) */
	struct mail_watch watch; /* of the selected mailbox */
	struct view_session view; /* the selected mailbox */
	uint64_t told_keywords;   /* the keywords that its FLAGS response named */
	bool is_modseq_held;      /* the HIGHESTMODSEQ told last is below that of the mailbox */
	uint64_t modseq_told;     /* ghost_modseq when that was told last */
	struct imap_ranges saved; /* UIDs of "$" */
	struct imap_context *contexts[IMAP_CONTEXTS_MAX]; /* own; RETURN (UPDATE), some are NULL */
	struct imap_notify *notify; /* own; NULL: the client never asked for events */
	bool is_told;               /* BYE was said */
};

/* --- session.c ------------------------------------------------------------------------------- */

void imap_enter(struct imap_session *s, enum imap_state state);
bool imap_is_selected(const struct imap_session *s);

/* Whose the selected mailbox is: the user's own account, or one that shares it with the user. */
struct account *imap_box(const struct imap_session *s);
bool imap_box_is(const struct imap_session *s, const struct mailbox *m);
bool imap_box_has_id(const struct imap_session *s, const struct account *a, uint32_t id);

bool imap_is_rev2(const struct imap_session *s);
bool imap_is_utf8(const struct imap_session *s);   /* names and strings are UTF-8 */
bool imap_can_login(const struct imap_session *s); /* with a password in clear */
bool imap_can_start_tls(const struct imap_session *s);

/* "* BYE text", then close. */
enum imap_state imap_bye(struct imap_session *s, const char *text);

/*
 * A file may be far away (blob.h): true when this is not over yet. Then the session does nothing until it is, but
 * for ending, and what it was doing is asked again. imap_wait_end() is the only way to be done with such a wait.
 */
bool imap_wait(struct imap_session *s, const struct blob_wait *w);
bool imap_is_waiting(const struct imap_session *s);
void imap_wait_end(struct imap_session *s, struct blob_wait *w);

/* The command is over: forget it. */
enum imap_state imap_command_end(struct imap_session *s);

/* --- read.c: lines and literals to commands ----------------------------------------------------- */

enum imap_read {
	READ_WAIT,    /* not all is there */
	READ_COMMAND, /* reader.text is a whole command */
	READ_ENTERED, /* something else was begun: APPEND, a reply, BYE; *state_out says what */
};
enum imap_read imap_read(struct imap_session *s, enum imap_state *state_out);

/* --- reply.c: tagged responses ------------------------------------------------------------------ */

/* "tag OK [code] text"; code may be NULL. All answer IMAP_REPLY. */
enum imap_state imap_ok(struct imap_session *s, const char *code, const char *text);
enum imap_state imap_no(struct imap_session *s, const char *code, const char *text);
enum imap_state imap_bad(struct imap_session *s, const char *text);

/* NO, or BAD, by the outcome of another room; not for FAIL_NONE. */
enum imap_state imap_fail(struct imap_session *s, enum fail fail);

/* NO of some messages: FAIL_TEMP, they cannot be read now; else they are lost or damaged. */
enum imap_state imap_unread(struct imap_session *s, enum fail fail);

/* What a cursor did not like. */
enum imap_state imap_wrong(struct imap_session *s, const struct imap_cursor *c);

/* BAD [UIDREQUIRED]: a sequence number after ENABLE UIDONLY (RFC 9586). */
enum imap_state imap_uid_required(struct imap_session *s);

/* Begin a tagged response by hand: "tag OK " stands there, append the rest with its CRLF. */
struct buf *imap_reply(struct imap_session *s, const char *status);

/* Tell what changed, then let the reply leave: IMAP_REPLY until done. */
enum imap_state imap_reply_step(struct imap_session *s);

/* Move `from` to the output up to its mark; true when all of it left. */
bool imap_drain(struct imap_session *s, struct buf *from);

/* --- update.c: untagged responses of the selected mailbox --------------------------------------- */

/* Tell what changed until the output is high; true when all was told. */
bool imap_update(struct imap_session *s, bool with_expunges);

enum { TELL_UID = 1, TELL_FLAGS = 2, TELL_MODSEQ = 4 };

/*
 * "* 3 FETCH (UID 7 FLAGS (..) MODSEQ (9))", with what was asked for. A session that has CONDSTORE gets UID and
 * MODSEQ always (RFC 7162 3.2.4); with UIDONLY it is "* 7 UIDFETCH (FLAGS ..)" (RFC 9586 3.3).
 */
void imap_tell(struct imap_session *s, uint32_t seq, const struct view_entry *entry, unsigned what);

/* "* 3 FETCH (", "* 7 UIDFETCH (" */
void imap_message_begin(struct imap_session *s, struct buf *out, uint32_t seq, uint32_t uid);

/* "FLAGS (\Seen ..)", with \Recent for the session that has it. */
void imap_flags_write(struct imap_session *s, struct buf *out, const struct view_entry *entry);

/* "* FLAGS (..)" when the set has keywords that the client was not told of. */
void imap_flags_announce(struct imap_session *s, uint64_t flags);

/* The same, of those that the user may change. */
void imap_permanent_flags_write(struct imap_session *s, struct buf *out, uint64_t keywords);

/* "(\Answered .. $Junk)", with \* when new ones may be made. */
void imap_flag_names_write(struct imap_session *s, struct buf *out, uint64_t keywords,
    bool has_star);

/* --- modseq.c: what CONDSTORE and QRESYNC tell (RFC 7162) ----------------------------------------- */

/* A CONDSTORE enabling command: the first one is told the HIGHESTMODSEQ of the selected mailbox. */
void imap_condstore_begin(struct imap_session *s);

/* "MODSEQ (9)" */
void imap_modseq_write(struct imap_session *s, struct buf *out, uint64_t modseq);

/* HIGHESTMODSEQ of the selected mailbox: true for the client once all that changed so far was told. */
uint64_t imap_mailbox_modseq(const struct imap_session *s);

/* "tag OK [HIGHESTMODSEQ n] text" for who has CONDSTORE, after a command that expunged. */
enum imap_state imap_ok_modseq(struct imap_session *s, const char *text);

/* All that may be told was told: when expunges are held back, say how far the client really is. */
void imap_modseq_settle(struct imap_session *s);

/* --- walk.c: the messages that a command names -------------------------------------------------- */

struct imap_walk {           /* arena; survives slices */
	struct imap_set set; /* resolved */
	bool is_uid;         /* the set's numbers are UIDs */
	uint32_t next;       /* the first number not yet given */
	size_t range;        /* where in the set */
	bool
	    is_down; /* from the last message to the first: `next` is the last number given, 0: none */
	struct view_walk at; /* of this slice */
};

/*
 * sequence-set of a command, with "$". FAIL_SYNTAX: not a set, or beyond the last message; FAIL_LIMIT.
 */
MUST_CHECK enum fail imap_walk_parse(struct imap_session *s, struct imap_cursor *args,
    struct imap_walk *w);

/* All messages that the session knows. */
void imap_walk_all(struct imap_session *s, struct imap_walk *w);

/* Only some of the messages that a set of UIDs names (RFC 9394 3.3): those that exist count. */
void imap_walk_partial(struct imap_session *s, struct imap_walk *w, const struct imap_partial *p);

/* At the start of each slice, and after each change of mail; then one message after the other. */
void imap_walk_resume(struct imap_session *s, struct imap_walk *w);
bool imap_walk_next(struct imap_session *s, struct imap_walk *w, struct view_seen *out);

/* Before the first: give the messages from the highest to the lowest (RFC 9738 3.1). */
void imap_walk_downwards(struct imap_walk *w);

/* The next UIDs that exist, at most `max`; 0 at the end. Ghosts are counted in *ghosts. */
size_t imap_walk_uids(struct imap_session *s, struct imap_walk *w, uint32_t *uids, size_t max,
    size_t *ghosts);

/* --- progress.c: commands that take long (RFC 9585) ------------------------------------------------ */

/* At the start of a slice, outside of any response: "* OK [INPROGRESS ..]" when it is time for it. */
void imap_progress(struct imap_session *s, size_t done, size_t count);
void imap_walk_progress(struct imap_session *s, const struct imap_walk *w);

/* --- slices ------------------------------------------------------------------------------------- */

struct imap_slice {
	int64_t end_us;
	unsigned count;
};
struct imap_slice imap_slice_begin(void);

/* This slice is used up: time, or the output is above its mark. Cheap to ask. */
bool imap_slice_over(struct imap_session *s, struct imap_slice *slice);
/* The same behind something expensive: looks at the clock each time. */
bool imap_slice_over_now(struct imap_session *s, struct imap_slice *slice);

/* --- what they share ---------------------------------------------------------------------------- */

/* cmd_login.c: a SASL line, the directory's answer, the end of the delay, the end of it all. */
enum imap_state imap_auth_line(struct imap_session *s, struct str line);
enum imap_state imap_auth_answer(struct imap_session *s);
enum imap_state imap_auth_delayed(struct imap_session *s);
void imap_auth_release(struct imap_session *s);

/* cmd_idle.c: tell what changed, read DONE; *stop_out: nothing more to do now. */
enum imap_state imap_idle_step(struct imap_session *s, bool *stop_out);

/* cmd_append.c: the literal at the end of reader.text is a message of APPEND or REPLACE: true, and *state_out. */
bool imap_append_literal(struct imap_session *s, const struct imap_literal *literal,
    enum imap_state *state_out);
enum imap_state imap_append_step(struct imap_session *s, bool *stop_out);
void imap_append_release(struct imap_session *s);

/* notify.c: what NOTIFY (RFC 5465) lets a session tell; without it, all of the selected mailbox. */
void imap_notify_release(struct imap_session *s);
bool imap_tells_messages(const struct imap_session *s);
bool imap_tells_flags(const struct imap_session *s);

/* Between two commands, or in IDLE: tell all there is; false when there is more, and the session will be woken. */
bool imap_notify_tell(struct imap_session *s, bool is_idle);

/* A message was begun and cannot be ended; an account of others could not be stored: say BYE. */
bool imap_notify_is_broken(const struct imap_session *s);
bool imap_notify_is_lost(const struct imap_session *s);

/* These messages of the selected mailbox were told by EXISTS; this one is the session's own; it was left. */
void imap_notify_arrived(struct imap_session *s, uint32_t first_uid, uint32_t last_uid);
void imap_notify_own(struct imap_session *s, const struct mailbox *m, uint32_t uid);
void imap_notify_left(struct imap_session *s);

/*
 * RFC 5465 5: what a session changes itself it need not be told. Before and behind what changes in one step: true
 * before, when nothing of others is left to be told.
 */
bool imap_notify_is_quiet(const struct imap_session *s);
void imap_notify_skip(struct imap_session *s);

/* cmd_select.c: leave the selected mailbox, if there is one. */
void imap_unselect(struct imap_session *s);

/* place.c: the path of a name that stands next; false after answering, then *state_out is set. */
bool imap_path(struct imap_session *s, struct imap_cursor *args, struct str *path_out,
    enum imap_state *state_out);

/* The path of a name in the account; FAIL_SYNTAX, FAIL_LIMIT, FAIL_MISSING: in no namespace. */
MUST_CHECK enum fail imap_name_path(struct imap_session *s, struct str name, struct str *path_out);
/* The same of a URL: its names are in UTF-8 always (RFC 5092 section 8). */
MUST_CHECK enum fail imap_url_path(struct imap_session *s, struct str name, struct str *path_out);

/* Paths as the client sees them, with "/" and with the prefix; patterns, too. */
MUST_CHECK enum fail imap_visible_path(struct imap_session *s, struct str name,
    struct str *path_out);
void imap_visible_path_of(struct imap_session *s, struct buf *out, const struct mailbox *m);
void imap_visible_path_write(struct imap_session *s, struct buf *out, struct str path);

/* A path of the user's own account, which may not be there any more. */
void imap_own_path_write(struct imap_session *s, struct buf *out, struct str path);

/* What stands between levels; what before personal names. */
char imap_delimiter(const struct imap_session *s);
void imap_delimiter_write(const struct imap_session *s, struct buf *out); /* quoted */
struct str imap_prefix(const struct imap_session *s); /* one level, without delimiter; or empty */

void imap_path_write(struct imap_session *s, struct buf *out, const struct mailbox *m);

/* cmd_status.c: these items are asked for; false when they are not offered. */
bool imap_status_begin(struct imap_session *s, unsigned items);

/* --- access.c: whose mailboxes, and what the user may with them ---------------------------------- */

struct imap_place {              /* where a path leads, whether there is a mailbox or not */
	struct account *account; /* borrow: the session's, or held for the command */
	struct str path;         /* in that account */
};
/* The account whose /shared annotations of the server all users have ([imap] admin); NULL: there is none. */
MUST_CHECK enum fail imap_shared_account(struct imap_session *s, struct account **out);
/* FAIL_MISSING: nobody's, for all that the user may know; FAIL_TEMP. */
MUST_CHECK enum fail imap_place(struct imap_session *s, struct str path, struct imap_place *out);
void imap_held_release(struct imap_session *s);

struct imap_need {         /* what a command wants of a mailbox */
	unsigned all, any; /* rights that must be there; of these one must (0: none) */
	bool is_target;    /* it could be created */
};
/* The mailbox, own or not, of a path; NULL after answering: what may not be seen does not exist. */
struct mailbox *imap_find(struct imap_session *s, struct str path, struct imap_need need,
    enum imap_state *state_out);
/* The mailbox of the last argument: what stands behind it is BAD whether there is such a mailbox or not. */
struct mailbox *imap_mailbox_last(struct imap_session *s, struct imap_cursor *args,
    struct imap_need need, enum imap_state *state_out);

struct acl_user imap_user(const struct imap_session *s);
bool imap_is_own(const struct imap_session *s, const struct account *a);
MUST_CHECK enum fail imap_rights(struct imap_session *s, const struct mailbox *m,
    unsigned *rights_out);

/* Look again what the user may with the selected mailbox: others change it at any time. */
void imap_box_look(struct imap_session *s);

/* Is the path one of others' mailboxes? In which namespace do those of an account stand? */
bool imap_in_namespace(const struct imap_session *s, struct str path, enum mail_namespace *out);
enum mail_namespace imap_namespace_of(const struct imap_session *s, const struct account *a);

/* Making a mailbox: the nearest one above that exists, or NULL; may the user, FAIL_DENIED; with its list. */
struct mailbox *imap_nearest(struct account *a, struct str path);
MUST_CHECK enum fail imap_may_create(struct imap_session *s, const struct imap_place *place);
MUST_CHECK enum fail imap_create_at(struct account *a, struct str path, enum mailbox_role role,
    uint32_t *id_out);

/* cmd_status.c: "STATUS name (..)" with its line end, behind "* ". */
void imap_status_write(struct imap_session *s, struct buf *out, const struct mailbox *m,
    unsigned items);

/*
 * cmd_metadata.c: "* METADATA name (..)" for the annotations that `entries` means, nothing when there are none;
 * m NULL: those of the server. *longest_out: of the values that were longer than wanted, 0 when none was.
 */
MUST_CHECK enum fail imap_metadata_write(struct imap_session *s, struct buf *out,
    const struct mailbox *m, const struct imap_entries *entries, uint64_t *longest_out);

/* cmd_fetch.c: an item that the mailbox's index answers; false when it is none. */
bool imap_fetch_light(struct imap_session *s, struct buf *out, enum imap_fetch kind,
    const struct view_entry *entry);

/* Any item, behind another; false when nothing was written and the session waits for the file. */
struct imap_content;
MUST_CHECK bool imap_fetch_item_write(struct imap_session *s, struct imap_content *content,
    bool is_behind, const struct imap_fetch_item *item, const struct view_entry *entry);

/* cmd_acl.c: "* MYRIGHTS name rights" with its line end. */
void imap_myrights_write(struct imap_session *s, struct buf *out, const struct mailbox *m,
    unsigned rights);

/* cmd_list.c: "LIST (..) "/" name", behind "* ", for SELECT in IMAP4rev2. */
void imap_list_write(struct imap_session *s, struct buf *out, const struct mailbox *m);

#endif
