/*
 * smtp.h - take mail from other servers, from users, and from a local MTA.
 *
 * One service speaks all three: which one a connection gets is the listener's kind. RFC 5321, 6409
 * (submission), RFC 8314 (implicit TLS), RFC 2033 (LMTP) with the extensions of extension.h. Mail for
 * accounts here is stored with its 250, mail for elsewhere is left to the queue.
 *
 * Ownership: the service borrows everything it is given, for as long as sessions live. Sessions
 * free themselves when their connection ends; smtp_service_stop() tells those that are left.
 */
#ifndef SMTP_SMTP_H
#define SMTP_SMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "net/net.h"
#include "smtp/settings.h"

struct directory;
struct dns;
struct mail;
struct mailauth_settings;
struct policy;
struct policy_settings;
struct queue;
struct reports;

enum smtp_kind {
	SMTP_KIND_MX,         /* from anybody, for local recipients */
	SMTP_KIND_SUBMISSION, /* from users who logged in */
	SMTP_KIND_LMTP,       /* from a local MTA; one reply per recipient after the data */
};

struct smtp_listener { /* listener.settings points to one */
	enum smtp_kind kind;
	bool has_plaintext_login; /* from loopback, without TLS */
	bool is_judging;          /* strangers who bring mail are asked about (MX) */
};

struct smtp_service {
	struct service service; /* give this to listeners */
	/* borrow, filled in by the caller before the first connection: */
	struct loop *loop;
	struct mail *mail;
	struct directory *directory;
	struct queue *queue;
	struct policy *policy;
	struct dns *dns;
	struct reports *reports;              /* NULL: none */
	const struct policy_settings *checks; /* of the policy */
	const struct smtp_settings *settings;
	const struct mailauth_settings *mailauth;
	struct str hostname;

	struct list sessions; /* fields from here: the room's own */
	size_t session_count;
	uint64_t messages_taken, messages_refused; /* since start */
	bool is_stopping;
};

/* Fill in service.name, .accept and .refusal; the borrowed fields are the caller's. */
void smtp_service_init(struct smtp_service *s);

/* Sessions say 421 at their next chance and end; new ones are refused. */
void smtp_service_stop(struct smtp_service *s);

/* End the sessions that are left, whatever they are at. */
void smtp_service_release(struct smtp_service *s);

#endif
