/*
 * server.h - the running server: everything it is made of, from start to stop.
 *
 * Start, in this order, so that nothing is opened before the configuration is right, ports and keys
 * are opened as root, and everything after that runs without privileges (design section 10):
 *
 *     configuration -> certificates -> data folder, lock -> ports -> privileges dropped
 *       -> directory's children -> store, blobs, mail (recovered) -> modules -> ready
 *
 * A module is a protocol room as the version (staunch.c ..) links it in: its settings and how to
 * make its service. Nothing here knows a protocol beyond the names in listener sections.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"
#include "net/net.h"
#include "server/config.h"
#include "server/settings.h"
#include "store/lock.h"
#include "web/metrics.h"

struct blob_store;
struct directory;
struct control;
struct dns;
struct mail;
struct objects;
struct outbound;
struct policy;
struct queue;
struct s3;
struct search;
struct server;
struct store;
struct tls_context;

/* One protocol room of this version. */
struct server_module {
	const char *name;
	const struct setting_section *sections[10]; /* its settings; NULL-terminated */
	unsigned protocols; /* bit 1 << PROTOCOL_X for each that it speaks */
	bool needs_queue;   /* it sends mail, or takes mail for elsewhere */
	/* Are its settings right beyond single values (or NULL)? One line in `why`. */
	enum fail (*check)(const struct server *server, struct buf *why);
	/* Make the service; server's rooms below it may still be NULL: it borrows them when used. */
	struct service *(*init)(struct server *server);
	/* Everything below is open: borrow it now, before the first connection. */
	void (*start)(struct server *server);
	/* What the service wants to know of a listener; must live as long as the program. */
	void *(*listener_settings)(const struct listener_settings *settings);
	/* Name the numbers it keeps (or NULL). */
	void (*metrics)(struct metrics *metrics);
	/* Tell the sessions to end; and, when all are gone, give back what start() made (or NULL). */
	void (*stop)(void);
	void (*release)(void);
};

/* What this binary is: its name and its modules. Each version's file defines it. */
struct server_version {
	const char *name;                           /* "staunch" */
	const struct server_module *const *modules; /* NULL-terminated */
	bool hands_on; /* no mailboxes: what comes for users is handed on (queue/route.h) */
};
extern const struct server_version server_version;

struct server { /* fields: read only */
	struct config config;
	const struct server_settings *settings; /* borrow: config */
	struct str config_path;                 /* borrow; empty for commands */
	struct store_lock lock;
	struct loop loop;
	struct net net;
	struct tls_context *tls;
	struct directory *directory;
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct objects *objects;    /* own; objects.h; NULL: no S3 */
	struct search *search;      /* own; NULL: the owner wants no full-text index */
	struct policy *policy;      /* own */
	struct queue *queue;        /* own; NULL in versions that send nothing */
	struct reports *reports;    /* own; NULL as well */
	struct outbound *outbound;  /* own; outbound.h */
	struct control *control;    /* own; control.h */
	struct metrics metrics;     /* what GET /metrics shows, where there is HTTP */
	struct listener *listeners; /* own; array */
	size_t listener_count;
	struct service **services; /* own array; one per module */
	struct signals *signals;   /* own; signals.h */
	struct task stop_task; /* ends the loop when the sessions are gone or the time is over */
	struct timer stop_timer;
	int64_t stop_deadline_ms;
	bool is_stopping;
};

/* All sections that this version knows, and those that only others do; NULL-terminated, made once. */
const struct setting_section *const *server_sections(void);
const struct setting_section *const *server_foreign_sections(void);

/*
 * Start, run until SIGTERM or SIGINT, stop. Each problem is one line on stderr.
 *   0  it ran and stopped      1  it could not start, or lost its disk      2  the configuration is wrong
 */
int server_run(struct str config_path);

/* Start to stop (server_start.c, server_stop.c); messages go to `why`. */
MUST_CHECK enum fail server_start(struct server *s, struct buf *why);
void server_stop(struct server *s);   /* tell everybody; the loop ends when they are gone */
void server_reload(struct server *s); /* SIGHUP: certificates and log settings */
void server_release(struct server *s);

/*
 * For commands: make the data folder if missing and, as root, become the server's user, so that
 * every file made from now on is the server's. One line in `why` on failure.
 */
MUST_CHECK enum fail server_become_user(struct server *s, struct buf *why);

/* Open the directory that the configuration names: s->directory, to be closed before `loop`. The reason is logged. */
MUST_CHECK enum fail server_open_directory(struct server *s, struct loop *loop, struct buf *why);

/* What of the configuration is for other versions, one line each: sections, and listeners that nobody serves. */
void server_note_foreign(const struct server *s, struct buf *out);

/*
 * What would stop the start besides the configuration's text: listeners that nobody serves, an unknown user, the
 * data folder, certificates, engines. A line in `why` for each; nothing is opened or made.
 */
MUST_CHECK enum fail server_check(struct server *s, struct buf *why);

/* Messages on stderr, with an end of line behind the last. */
void server_say(const struct buf *why);

/*
 * For commands beside or instead of a running server: open the store and the mail of the data
 * folder as the server's user, with its lock. FAIL_DENIED: a server is running there (said in
 * `why`).
 */
MUST_CHECK enum fail server_open_mail(struct server *s, struct buf *why);

/* The S3 server of [s3], whatever [blob] says, also beside a running server. Calls are made by s3_wait(). */
MUST_CHECK enum fail server_reach_s3(struct server *s, struct s3 **out, struct buf *why);

/* The same, with the data folder for us alone. */
MUST_CHECK enum fail server_open_s3(struct server *s, struct s3 **out, struct buf *why);

/*
 * All messages were copied (enum blob_engine): from now on, that engine may be used as well as the one they were in.
 * FAIL_TEMP, and a line in `why`: that cannot be kept.
 */
MUST_CHECK enum fail server_migrated(struct server *s, int from, int to, struct buf *why);

/* The resolver; NULL in versions that need none. */
struct dns *server_dns(struct server *s);

/* "DATA/store.db" and its siblings, as C strings in the configuration's arena. */
struct str server_path(struct server *s, const char *name);

/* Load the certificates of the configuration; NULL in *out when there is none. */
MUST_CHECK enum fail server_load_tls(struct server *s, struct tls_context **out, struct buf *why);

#endif
