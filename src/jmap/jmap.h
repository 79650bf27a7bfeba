/*
 * jmap.h - JMAP for mail over HTTP (RFC 8620, RFC 8621).
 *
 * The room offers routes to an http_service: the session resource, the API, upload, download, events.
 * It stores nothing of its own: everything is a view of `mail`. README.md has states and what is not
 * done; method.c has the methods.
 *
 * Ownership: everything given to jmap_open() lives longer than the jmap. jmap_close() after the
 * sessions of the http_service are gone.
 */
#ifndef JMAP_JMAP_H
#define JMAP_JMAP_H

/* rooms */
#include "directory/directory.h"
#include "http/server.h"
#include "jmap/settings.h"
#include "mail/mail.h"

struct jmap;
struct policy;
struct queue;

/* Cannot fail; `settings` are copied; without a policy nobody is banned. */
void jmap_open(struct jmap **out, struct mail *mail, struct directory *directory,
    struct policy *policy, const struct jmap_settings *settings);
void jmap_close(struct jmap **j);

/* Push to clients' URLs by this client, which outlives the jmap; once. Without it nobody is pushed to. */
struct http_client;
void jmap_push_start(struct jmap *j, struct http_client *client);
/* How messages are sent (RFC 8621 7); without this, nobody may submit. Texts are borrowed. Before jmap_attach(). */
struct jmap_sending {
	struct queue *queue;
	struct loop *loop;
	struct str hostname;
	int64_t message_bytes; /* largest message that is sent */
	int64_t hold_ms;       /* how long one may be held before it is sent; 0: not at all */
	bool is_author_own;    /* From and Sender are the user's own addresses */
};
void jmap_send_with(struct jmap *j, const struct jmap_sending *sending);

/* Add the room's routes; once. */
void jmap_attach(struct jmap *j, struct http_service *service);

#endif
