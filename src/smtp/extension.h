/*
 * extension.h - what EHLO offers, and the parameters that it brings to MAIL and RCPT (private to the room).
 *
 * One row per extension, in the file that holds its rules (ext_*.c, or the command it is about); the
 * list in extension.c is the order of EHLO's lines. A parameter is known exactly while its extension is
 * offered: what EHLO does not say, MAIL does not take.
 */
#ifndef SMTP_EXTENSION_H
#define SMTP_EXTENSION_H

#include "base/limits.h"
#include "envelope/path.h"
#include "smtp/session.h"

#define SMTP_EXTENSION_PARAMS 3 /* at most, of one extension and command; and one empty row */

/* Takes "NAME=value" (or "NAME", `value` empty) into s->txn; REPLY_OK, or what is wrong with it. */
struct smtp_param {
	const char *name;
	enum smtp_reply (*take)(struct smtp_session *s, struct str value);
};

struct smtp_extension {
	const char *keyword;
	bool (*is_offered)(const struct smtp_session *s);                 /* NULL: always */
	void (*add_words)(const struct smtp_session *s, struct buf *out); /* " 1000", or NULL */
	struct smtp_param mail[SMTP_EXTENSION_PARAMS + 1], rcpt[SMTP_EXTENSION_PARAMS + 1];
};

extern const struct smtp_extension smtp_ext_size;       /* RFC 1870 */
extern const struct smtp_extension smtp_ext_8bitmime;   /* RFC 6152 */
extern const struct smtp_extension smtp_ext_utf8;       /* RFC 6531 */
extern const struct smtp_extension smtp_ext_chunking;   /* RFC 3030 */
extern const struct smtp_extension smtp_ext_starttls;   /* RFC 3207 */
extern const struct smtp_extension smtp_ext_auth;       /* RFC 4954 */
extern const struct smtp_extension smtp_ext_limits;     /* RFC 9422 */
extern const struct smtp_extension smtp_ext_binarymime; /* RFC 3030 3 */
extern const struct smtp_extension smtp_ext_dsn;        /* RFC 3461 */
extern const struct smtp_extension smtp_ext_deliverby;  /* RFC 2852 */
extern const struct smtp_extension smtp_ext_future;     /* RFC 4865 */
extern const struct smtp_extension smtp_ext_priority;   /* RFC 6710 */
extern const struct smtp_extension smtp_ext_requiretls; /* RFC 8689 */
extern const struct smtp_extension smtp_ext_xclient;
extern const struct smtp_extension smtp_ext_solicit; /* RFC 3865 */

/* Does a list of solicitation keywords name a kind that is refused here (RFC 3865)? */
bool smtp_is_solicitation(const struct smtp_session *s, struct str kinds);

/* EHLO's lines behind the first one. */
void smtp_extensions_write(const struct smtp_session *s, struct buf *out);

/* A time that is too long is refused with this reply, which then says the longest one. */
enum smtp_reply smtp_refuse_seconds(struct smtp_session *s, enum smtp_reply reply, int64_t most_s);

/* The parameters of MAIL, or of RCPT, into s->txn: the first objection, or REPLY_OK. */
enum smtp_reply smtp_params_take(struct smtp_session *s, struct str rest, bool is_rcpt);

#endif
