/*
 * agent.h - the two kinds of agents (private to the room).
 *
 * A remote agent has one conversation at a time with a host of its site, and works off jobs over it:
 *
 *     ROUTE --MX or a host's name--> LOOKUP --a host--> OPEN --ready--> SEND --answers--> settled
 *       |                              | \--none: the site's or the recipients' fault    | next job: READY
 *       |                              \--found-->    DEMANDS --some may have mail--> OPEN
 *       |                                               \--none: the site rests, CLOSING  |
 *       |--an address, unix:PATH-----------------------^                                 | none: LINGER
 *       \--thrown away, route gone: settled at once, next job: ROUTE                     \ enough: CLOSING
 *     OPEN --failed--> OPEN (next address; the same one in clear when only TLS failed)
 *     OPEN --none left--> the site rests, CLOSING; when its route counts as blocked: ROUTE, the fallback
 *     SEND --some deferred, another host left--> OPEN, for those
 *     SEND --broke--> settled; next job: OPEN; too often: the site rests
 *     LINGER --another message--> SEND, --time over--> CLOSING
 *     READY --the site's rate allows a message--> SEND
 *     SEND is preceded by SIGN while a large message is being signed, a slice in each step, or a chain of ARC checked
 *     OPEN, SEND --out of patience (others wait for a connection)--> as if the time were over, no other host
 *
 * True in each state (remote_check()): LOOKUP, DEMANDS, OPEN, SEND have a job and a pending op, or one just ended;
 * READY and SIGN have a job, LINGER has none. In these, and between any two messages, the host may leave at any time:
 * then the conversation is opened again for the next one.
 */
#ifndef QUEUE_AGENT_H
#define QUEUE_AGENT_H

#include "queue/inner.h"
#include "smtpc/mx.h"
#include "smtpc/smtpc.h"

#define HOPS_MAX \
	10 /* addresses tried for one job: with a time-out each, the whole stays within minutes */

/*
 * A host may be as slow as RFC 5321 4.5.3.2 lets it, while there are connections for everybody. When there are
 * not, some hosts that hang must not keep all others from their mail.
 */
#define OPEN_PATIENCE_MS      15000 /* until it is ready: a good one takes a second */
#define SEND_PATIENCE_MS      60000 /* for one message, and .. */
#define SEND_PATIENCE_BYTES_S 4096  /* .. a second more for so many bytes of it */

enum remote_state {
	REMOTE_ROUTE,
	REMOTE_LOOKUP,
	REMOTE_DEMANDS, /* what the domain demands is looked up: DANE, MTA-STS */
	REMOTE_PARTING, /* QUIT leaves with this turn; then OPEN, so that never more are open than may be */
	REMOTE_OPEN,
	REMOTE_READY,
	REMOTE_SIGN,
	REMOTE_SEND,
	REMOTE_LINGER,
	REMOTE_CLOSING,
	REMOTE_STATE_COUNT,
	REMOTE_STAY = REMOTE_STATE_COUNT /* no state: wait in the one we are in */
};

struct hop {                        /* an address that may take the mail */
	struct str host;            /* borrow: the agent's mx query, or the route's settings */
	struct net_address address; /* family NONE: a unix socket, `host` is its path */
	size_t at;                  /* of the host in the agent's mx query, when it has one */
};

struct remote_demands; /* remote_policy.c */

struct remote_agent {
	struct queue_agent agent;
	enum remote_state state;
	struct log log;
	const struct queue_route *route; /* borrow; NULL: by MX */
	struct mx_query mx;              /* own */
	struct remote_demands *demands;  /* own; NULL: the domain was not asked */
	struct hop hops[HOPS_MAX];
	size_t hop_count, hop_at;
	bool has_hops;
	bool has_mx_hops;    /* .. of hosts that `mx` has: by MX, or the one that the owner named */
	bool is_host_barred; /* the domain's demands left one out */
	bool is_demanding; /* the hop at hand is not open to compromise: no conversation in clear */
	bool has_greeted;  /* a host of this route has answered */
	bool is_diverted;  /* the route is blocked: by the fallback */
	bool is_in_clear;  /* TLS failed with this hop */
	struct smtpc smtpc;  /* own */
	int64_t patience_ms; /* monotonic; OPEN, SEND: when others wait, no longer than this */
	bool is_hurried;     /* it was ended for that */
	bool is_busy;        /* counted in site->busy_count */
	uint64_t sent;       /* jobs over this conversation */
	struct smtpc_message message;
	struct envelope envelope; /* the job's, as it is said to this host */
	struct smtpc_rcpt *batch; /* arena of the job; those being sent */
	struct job_rcpt **batch_of;
	size_t batch_count;
	struct timer timer;     /* LINGER, READY: their end; OPEN, SEND: patience_ms */
	struct queue_last last; /* arena of the job; of the last failure to open */
	enum fail worst_open;   /* PERM only while every host says so */
	char remote[SITE_MAX + NET_ADDRESS_TEXT_MAX + 4]; /* "mx.example.org [192.0.2.1]" */
};

void local_agent_start(struct queue_site *s, struct queue_job *first);
void remote_agent_start(struct queue_site *s, struct queue_job *first);

/* --- remote_route.c: who takes the mail of this site ------------------------------------------------------ */

/* Begin to find out; the state that comes next. */
enum remote_state remote_route(struct remote_agent *a);

/* The names were looked up. */
enum remote_state remote_found(struct remote_agent *a);

/* What the domain demands was looked up. */
enum remote_state remote_demanded(struct remote_agent *a);

/* What to order for the hop at hand. */
void remote_order(struct remote_agent *a, struct smtpc_order *out);

/* --- remote_policy.c: what the domain demands of a conversation --------------------------------------------- */

/* Ask, for the hosts that were found; have the answers come? What they are about stays until the next question. */
void remote_ask_demands(struct remote_agent *a);
bool remote_knows_demands(struct remote_agent *a);
void remote_hurry_demands(struct remote_agent *a); /* wait no longer for who publishes policies */
void remote_forget_demands(struct remote_agent *a);

/* Why this host of the mx query may not have mail now, in plain words and for reports; NULL: it may. */
const char *remote_why_barred(const struct remote_agent *a, size_t host,
    enum tls_result *result_out);

/* Put the demands of the hop at hand into its order; texts are borrowed until they are forgotten. */
void remote_demand(struct remote_agent *a, struct smtpc_order *order);

/* That the hop at hand takes mail for the domain is more than unsigned DNS says. */
bool remote_is_name_proved(const struct remote_agent *a);

/* --- remote_count.c: for reports to the domain -------------------------------------------------------------- */

/* How it went with the hop at hand; with a host that was left out; that the domain's policy could not be fetched. */
void remote_count_opened(const struct remote_agent *a);
void remote_count_barred(const struct remote_agent *a, size_t host, enum tls_result result,
    const char *why);
void remote_count_unfetched(const struct remote_agent *a);

/* --- remote_send.c: one job over an open conversation ------------------------------------------------------- */

/* Send to the next recipients of the job that have no outcome, or find that there are none. */
enum remote_state remote_send(struct remote_agent *a);

/* The host answered. */
enum remote_state remote_answered(struct remote_agent *a);

/* --- remote.c ---------------------------------------------------------------------------------------------- */

/* Hang up and open the hop at hand. */
enum remote_state remote_reopen(struct remote_agent *a);
void remote_hang_up(struct remote_agent *a);

/* An answer as the queue keeps it, in the job's arena. */
void remote_last(struct remote_agent *a, const struct smtpc_answer *answer, struct queue_last *out);

/* The site rests, for this reason; agents that find out together count as one failure. Not settled yet. */
void remote_site_failed(struct remote_agent *a, const struct queue_last *last);

/*
 * All recipients without an outcome get this one, and the job is settled. What a host said of a recipient
 * before stays the reason.
 */
void remote_conclude(struct remote_agent *a, enum job_outcome outcome,
    const struct queue_last *last);

/* After a job: the next one, or what else there is to do. */
enum remote_state remote_next(struct remote_agent *a);

#endif
