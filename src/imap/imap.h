/*
 * imap.h - let users read and keep their mail: IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051).
 *
 * Which extensions are offered stands in capability.c. Mail is the model of the `mail` room; this
 * room stores nothing. Logins without TLS are taken from loopback only, on listeners that allow it.
 *
 * Ownership: the service borrows everything it is given, for as long as sessions live. Sessions
 * free themselves when their connection ends; imap_service_stop() tells those that are left.
 */
#ifndef IMAP_IMAP_H
#define IMAP_IMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/str.h"
#include "imap/settings.h"
#include "net/net.h"

struct directory;
struct mail;
struct policy;

struct imap_listener {            /* listener.settings points to one; NULL: none of it */
	bool has_plaintext_login; /* from loopback, without TLS */
};

struct imap_account_options { /* what one account has of its own */
	struct str name;
	const struct imap_account_settings *settings; /* borrow */
};

struct imap_service {
	struct service service; /* give this to listeners */
	/* borrow, filled in by the caller before the first connection: */
	struct loop *loop;
	struct mail *mail;
	struct directory *directory;
	struct policy *policy; /* NULL: nobody is banned */
	const struct imap_settings *settings;
	const struct imap_account_options *accounts; /* .. account_count */
	size_t account_count;
	struct str
	    jmap_url; /* of the session resource of JMAP (RFC 8620 2); empty: there is none */

	struct list sessions; /* fields from here: the room's own */
	size_t session_count;
	bool is_stopping;
};

/* Fill in service.name, .accept and .refusal; the borrowed fields are the caller's. */
void imap_service_init(struct imap_service *s);

/* Sessions say BYE at their next chance and end; new ones are refused. */
void imap_service_stop(struct imap_service *s);

/* End the sessions that are left, whatever they are at. */
void imap_service_release(struct imap_service *s);

#endif
