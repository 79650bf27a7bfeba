/*
 * sasl.h - log a peer in by SASL: PLAIN, LOGIN, SCRAM-SHA-256 and its -PLUS (RFC 4422, 4616, 5802, 7677).
 *
 * One exchange, the same for SMTP, IMAP and POP3, which only move the messages (in base64) and ask
 * the directory's op while the state is SASL_WAIT:
 *
 *     start --> SEND --feed--> SEND | WAIT | FAILED
 *                              WAIT --resume, once the op ended--> SEND | WAIT | DONE | FAILED
 *
 * DONE: query.account is who logged in. FAILED: fail says why: FAIL_DENIED wrong name or password,
 * FAIL_TEMP directory down, FAIL_SYNTAX not a message of this mechanism, FAIL_LIMIT too long, FAIL_PERM the
 * right password, but acting for another user (an authorization identity that is not one's own). Refused is (FAIL_DENIED,
 * and told in the log) who is bound to another TLS connection than ours, or was not shown our -PLUS.
 *
 * Ownership: a struct sasl is the caller's, zeroed before its first start; sasl_release() cancels
 * what is pending, wipes secrets, and is safe in any state. `challenge` lives until the next call.
 */
#ifndef DIRECTORY_SASL_H
#define DIRECTORY_SASL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "crypto/scram.h"
#include "directory/directory.h"

#define SASL_MESSAGE_MAX \
	8192 /* decoded bytes of one message; names and passwords are far shorter */

enum sasl_state { SASL_SEND, SASL_WAIT, SASL_DONE, SASL_FAILED };

struct conn;
struct sasl_mechanism;

struct sasl { /* fields: read only */
	const struct sasl_mechanism *mechanism;
	struct directory *directory; /* borrow */
	struct task *owner;          /* borrow */
	const struct conn *conn;     /* borrow; what -PLUS binds to */
	unsigned step;               /* messages of the client taken so far */
	bool is_for_another;         /* the authorization identity is another one */
	enum sasl_state state;
	enum fail fail;
	struct buf challenge;         /* own; to be sent, not yet in base64 */
	struct buf user;              /* own; LOGIN's name */
	struct scram scram;           /* own */
	struct directory_query query; /* own; its op is what SASL_WAIT waits for */
};

/* Names for EHLO and CAPABILITY, best first, NULL-terminated: those of them that are offered. */
extern const char *const sasl_names[];

/* -PLUS is offered where tls_can_bind(); the others, as far as this room goes, everywhere. */
bool sasl_is_offered(const char *name, const struct conn *conn);

/* True for mechanisms that show the password to the peer: only over TLS, or where the owner allows. */
bool sasl_is_plaintext(struct str mechanism);

/*
 * Begin; the state is SASL_SEND with the first challenge (often empty). `conn` is the peer's (borrowed; NULL
 * when there is none). FAIL_MISSING: unknown, or not offered there.
 */
MUST_CHECK enum fail sasl_start(struct sasl *s, struct directory *directory, struct task *owner,
    const struct conn *conn, struct str mechanism);

/* The client's next message, decoded. The state must be SASL_SEND. */
enum sasl_state sasl_feed(struct sasl *s, struct str message);

/* The op ended. The state must be SASL_WAIT. */
enum sasl_state sasl_resume(struct sasl *s);

void sasl_release(struct sasl *s);

#endif
