/*
 * run.h - one API request under way: its calls in order, its response (private to the room).
 *
 * No HTTP here: api.c feeds a run and sends what it wrote; tests run it alone. A method is a function
 * that is called again and again until it says JMAP_DONE; what it keeps between its slices is
 * call->state. It writes its response's arguments as one JSON object; when it fails (jmap_fail()),
 * what it wrote is cut off and an error stands there instead (RFC 8620 3.6.2).
 *
 *     NEXT --a call is left, its references resolved--> CALL --method says YIELD--> CALL (another turn)
 *      |                         |---method says WAIT, or YIELD after jmap_waits()--> CALL (when an op of it ended)
 *      |                         +--method says DONE--> NEXT
 *      +--none is left--> DONE
 */
#ifndef JMAP_RUN_H
#define JMAP_RUN_H

/* base */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/map.h"

/* rooms */
#include "codec/json.h"
#include "jmap/access.h"
#include "jmap/limits.h"
#include "jmap/request.h"
#include "mail/id.h"
#include "mail/mail.h"

struct blob_wait;
struct directory_account;
struct jmap;
struct jmap_push;
struct jmap_run;
struct jmap_call;
struct loop;
struct task;

enum jmap_step {
	JMAP_YIELD, /* again in the next turn */
	JMAP_WAIT,  /* again when an op ended that wakes run->host.task */
	JMAP_DONE,
};

/*
 * What methods need beside the store, all borrowed: whoever runs a request fills it in after jmap_run_init(). NULL
 * where there is no such thing (in tests of methods that do not ask for it).
 */
struct jmap_host {
	struct jmap *jmap;
	struct loop *loop;
	struct task *task;                    /* owner of ops that methods start */
	const struct directory_account *user; /* who is logged in; until the end of the run */
	struct str credential; /* with what (directory.h); until the end of the run */
};

struct jmap_method {
	struct str name;     /* "Email/get" */
	unsigned capability; /* must be in `using` */
	unsigned flags;      /* METHOD_ bits */
	enum jmap_step (*run)(struct jmap_call *c);
};
enum {
	METHOD_ACCOUNT = 1, /* takes accountId; c->account and c->access are set */
	METHOD_WRITE = 2,   /* changes the account: accountReadOnly where nothing may be changed */
};

/* The method of that name, or NULL. */
const struct jmap_method *jmap_method_find(struct str name);
extern const struct jmap_method jmap_methods[];
extern const size_t jmap_method_count;

struct jmap_call {            /* fields: read only but for `state` and `release` */
	struct jmap_run *run; /* borrow */
	const struct jmap_method *method;
	const struct json *args;              /* references resolved */
	struct account *account;              /* borrow: the run's; NULL without METHOD_ACCOUNT */
	struct jmap_access *access;           /* borrow: the run's; what the user may do there */
	struct json_writer w;                 /* where the response's arguments go */
	struct arena arena;                   /* lives as long as the call */
	const char *error;                    /* type of the method-level error, or NULL */
	const char *error_text;               /* for people; or NULL */
	void *state;                          /* the method's, from the arena */
	void (*release)(struct jmap_call *c); /* gives back what `state` holds elsewhere */
	int64_t slice_end_us;
	bool is_waiting;    /* jmap_waits() said so in this step */
	bool is_unfinished; /* one object was not written to its end in this step */
	const struct jmap_method
	    *follow; /* an implicit call behind this one (RFC 8620 5.4, RFC 8621 7.5), or NULL */
	const struct json *follow_args;    /* .. its arguments: in the arena of the run */
	struct jmap_access *follow_access; /* .. its account; NULL: the same */
};

struct jmap_created { /* a creation id of this request */
	struct map_node node;
	struct str id; /* arena of the run: the server's id */
};

struct jmap_run {                /* fields: read only */
	struct account *account; /* borrow: the login's */
	struct jmap_host host;
	const struct jmap_request *request; /* borrow */
	struct arena arena;                 /* lives as long as the request */
	struct buf out;                     /* own: the response so far */
	struct json_writer w;
	struct jmap_answer *answers; /* arena */
	size_t answer_count, answer_max;
	size_t *answer_at;               /* arena: where each answer's arguments begin in `out` */
	size_t next;                     /* call to begin */
	struct jmap_resolving resolving; /* its references; while is_resolving */
	bool is_resolving, is_in_call;
	size_t mark, args_mark; /* where the current answer and its arguments begin */
	struct jmap_call call;
	struct map created;
	size_t created_count;
	struct str session_state; /* borrow: the jmap's */
	struct jmap_access own, others[JMAP_ACCOUNTS_MAX];
	size_t other_count;
	struct jmap_push *push; /* borrow: set by whoever runs it; NULL: nobody pushes */
};

/* All of these are borrowed until jmap_run_release(). */
void jmap_run_init(struct jmap_run *r, struct account *account, const struct jmap_request *request,
    struct str session_state);
void jmap_run_release(struct jmap_run *r);

/* The user's groups (borrowed, with blanks between them): their accounts and rights are the user's, too. */
void jmap_run_groups(struct jmap_run *r, struct str groups);

/* A commit failed meanwhile: nothing that this run says may be told (D1). */
bool jmap_run_is_lost(const struct jmap_run *r);

/* One slice, or nothing while a method waits; when DONE, r->out is the whole response (buf_ok() says whether it fitted). */
enum jmap_step jmap_run_step(struct jmap_run *r);

/* --- for methods ------------------------------------------------------------------------------- */

/* End the call with a method-level error; `text` (static, may be NULL) is for people. */
enum jmap_step jmap_fail(struct jmap_call *c, const char *type, const char *text);

/* The same for what a room below answered: LIMIT requestTooLarge, the rest serverFail and the like. */
enum jmap_step jmap_fail_with(struct jmap_call *c, enum fail fail);

/*
 * The account of an id and what the user may do there, held until the run ends. FAIL_MISSING: accountNotFound ·
 * FAIL_LIMIT: more than JMAP_ACCOUNTS_MAX of them · FAIL_TEMP.
 */
MUST_CHECK enum fail jmap_run_account(struct jmap_run *r, struct str id, struct jmap_access **out);

/* This slice was long enough: save where you are and answer JMAP_YIELD. */
static inline bool
jmap_slice_over(const struct jmap_call *c)
{
	return clock_precise_us() >= c->slice_end_us;
}

/*
 * A file may be far away (blob.h): true while it is not here. Then the method says JMAP_YIELD at once, as when the
 * slice is over, and is called again when the wait ended. The owner of such a wait is run->host.task.
 */
MUST_CHECK bool jmap_waits(struct jmap_call *c, const struct blob_wait *w);

/*
 * When the call under way ends well, `method` runs with these arguments (in the arena of the run), on the same account
 * (or that of c->follow_access) and under the same call id; its response stands behind.
 */
void jmap_follow(struct jmap_call *c, struct str method, const struct json *args);

/*
 * The implicit Email/set of RFC 8621 7.5 and RFC 9007 2.1, on the same account; both values are in the arena of the run
 * (JSON_NULL: none). False: that is full, and nothing follows.
 */
MUST_CHECK bool jmap_follow_email_set(struct jmap_call *c, struct json update, struct json destroy);

/* Remember a creation id (copied) and what it became. */
void jmap_created_add(struct jmap_run *r, struct str creation_id, struct str id);

/* What "#name" became; an id without '#' is itself. p is NULL when there is none. */
struct str jmap_created_find(const struct jmap_run *r, struct str id);

#endif
