/*
 * private.h - the room's own state, and logging in (private to the room).
 *
 * Every handler begins with a login:
 *
 *     START --Authorization--> WAIT --good--> DONE (account open)
 *       | none, no Basic        |  --wrong--> DELAY --a second, not on loopback--> REPLIED (401)
 *       +--> REPLIED (401)      +--directory down--> REPLIED (503)
 */
#ifndef JMAP_PRIVATE_H
#define JMAP_PRIVATE_H

/* base */
#include "base/map.h"

/* rooms */
#include "jmap/access.h"
#include "jmap/guard.h"
#include "jmap/jmap.h"
#include "jmap/large.h"
#include "jmap/limits.h"
#include "jmap/request.h"
#include "jmap/run.h"
#include "jmap/ticket.h"
#include "jmap/state_watch.h"
#include "queue/submit.h"

#define JMAP_DELAY_MS 1000 /* a wrong password is answered this late */

/* What one user has under way. */
struct jmap_user {
	struct map_node node;
	struct str name; /* own: behind the struct */
	unsigned requests, uploads;
};

struct jmap {
	struct mail *mail;           /* borrow */
	struct directory *directory; /* borrow */
	struct policy *policy;       /* borrow, or NULL */
	struct jmap_settings settings;
	struct jmap_sending sending;
	struct submit_house house; /* what sending asks; queue is NULL: nothing is sent */
	struct jmap_push *push;    /* own; NULL until jmap_push_start() */
	struct map users;          /* those with something under way */
	struct jmap_line large;    /* large requests */
	struct jmap_guards guards; /* of what outlives its request */
	struct jmap_tickets tickets;
	struct state_house states; /* those who listen */
	uint64_t state;            /* hash of what the session says of the server */
	struct str base; /* borrow: "https://host:port", while a session resource is written */
};

/*
 * The state of the session (RFC 8620 2): it moves when what we can do changes, the user's groups, or which accounts
 * anybody may see.
 */
struct jmap_session_state {
	char text[17];
};

enum jmap_login_state { LOGIN_START, LOGIN_WAIT, LOGIN_DELAY, LOGIN_DONE, LOGIN_REPLIED };

struct jmap_login { /* zeroed at first */
	enum jmap_login_state state;
	struct jmap *jmap; /* borrow */
	struct directory_query query;
	struct timer delay;
	struct loop *loop;       /* borrow */
	struct account *account; /* own: counted; set when DONE */
	struct buf groups;       /* own; names of the user's, with blanks between them */
	struct jmap_user *user;  /* own: counted; NULL when nothing is counted */
	bool takes_ticket;       /* set by the handler at first: a page may open it (ticket.h) */
	struct str credential;   /* arena: the request's; what a ticket was asked for with */
	bool is_upload;
	struct jmap_session_state session_state; /* of the last run */
};

/*
 * Go on. DONE: login->account is open. REPLIED: the exchange has its reply, answer HTTP_DONE.
 * Anything else: answer HTTP_WAIT.
 */
enum jmap_login_state jmap_login_step(struct jmap_login *login, struct jmap *j,
    struct http_exchange *x);

/* Go on, too: true when it is DONE, else *step_out is what the handler answers. */
MUST_CHECK bool jmap_login_ready(struct jmap_login *login, struct jmap *j, struct http_exchange *x,
    enum http_step *step_out);

/* Cancel, close; safe in any state. */
void jmap_login_release(struct jmap_login *login);

/*
 * What the login was made with and whose it is, for what outlives the request; the guard wakes x's task. And the
 * user as the guard says it is now, between two runs: `fresh` is taken over.
 */
void jmap_login_guard(struct jmap_login *login, struct jmap_guard *guard, struct http_exchange *x);
void jmap_login_renew(struct jmap_login *login, struct directory_query *fresh);

/*
 * Count one more request (or upload) of this user until the release; false: too many, and the
 * exchange has its reply.
 */
MUST_CHECK bool jmap_login_count(struct jmap_login *login, struct http_exchange *x, bool is_upload);

/* The same without a reply, and the end of it before the release: a WebSocket has one after the other. */
MUST_CHECK bool jmap_login_take(struct jmap_login *login, bool is_upload);
void jmap_login_give(struct jmap_login *login);

/* Listen to what changes for the user (state_watch.h), waking `task`. */
void jmap_login_listen(struct jmap_login *login, struct state_listener *l, struct task *task);

/* Begin a run of the user's (run.h), whose ops wake `task`; it borrows login and request. */
void jmap_login_run(struct jmap_login *login, struct jmap_run *run,
    const struct jmap_request *request, struct task *task);

/* A request-level error in words (RFC 8620 3.6.1); the members of its problem details. */
struct jmap_problem {
	const char *name;  /* behind urn:ietf:params:jmap:error: */
	const char *limit; /* NULL but for "limit" */
	const char *detail;
};
struct jmap_problem jmap_problem_of(enum jmap_refusal refusal);
void jmap_problem_write(struct json_writer *w, unsigned status, const struct jmap_problem *p);

/* A request-level error: urn:ietf:params:jmap:error:<name>; `limit` NULL but for "limit". */
void jmap_refuse(struct http_exchange *x, unsigned status, const char *name, const char *limit,
    const char *detail);

struct jmap_session_state jmap_session_state(const struct jmap *j, const struct jmap_login *login);

/* The session resource as a reply (RFC 8620 2). */
void jmap_session_reply(struct jmap *j, const struct jmap_login *login, struct http_exchange *x);

/* capability.c: the members of "capabilities" and of an account's "accountCapabilities". */
void jmap_capabilities_write(const struct jmap *j, struct json_writer *w);
void jmap_account_capabilities_write(const struct jmap *j, struct json_writer *w, bool is_own,
    bool is_owner);

/* session_resource.c: one account as member of "accounts", which Principals have, too. */
void jmap_account_write(const struct jmap *j, struct json_writer *w, struct jmap_access *x);
void jmap_primary_accounts_write(struct json_writer *w, struct str account_id);

/* Handlers. */
struct http_handler *jmap_api_open(void *room, struct http_exchange *x);
struct http_handler *jmap_session_open(void *room, struct http_exchange *x);
struct http_handler *jmap_upload_open(void *room, struct http_exchange *x);
struct http_handler *jmap_eventsource_open(void *room, struct http_exchange *x);
struct http_handler *jmap_websocket_open(void *room, struct http_exchange *x);
struct http_handler *jmap_ticket_open(void *room, struct http_exchange *x);
struct http_handler *jmap_download_open(void *room, struct http_exchange *x);

#endif
