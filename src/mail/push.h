/*
 * push.h - push subscriptions of an account: where to tell a client what changed (RFC 8620 7.2).
 *
 * Records only; who pushes is the jmap room's. Also the server's own key, by which push services know it.
 * A subscription's id is a random number, so that none is ever that of another.
 *
 * Ownership: what is read lives in the arena given.
 */
#ifndef MAIL_PUSH_H
#define MAIL_PUSH_H

#include "base/arena.h"
#include "mail/mail.h"

#define PUSH_MAX          20 /* subscriptions of one account: a few devices with a few programs each */
#define PUSH_URL_MAX      2000 /* bytes; those of push services have 200 to 500 */
#define PUSH_DEVICE_MAX   255  /* bytes of a deviceClientId */
#define PUSH_TYPES_MAX    4000 /* bytes of the names of types, each with its end */
#define PUSH_SECRET_BYTES 32
#define PUSH_OTHERS_NOW   UINT64_MAX /* the client knows what is so now */

struct push_subscription {
	uint64_t id;
	struct str device; /* deviceClientId */
	struct str url;
	struct str p256dh, auth; /* the client's keys as bytes; empty: nothing is encrypted */
	struct str code;         /* that proves that the client sees what comes to the URL */
	bool is_asked;           /* the code was sent there .. */
	bool is_verified;        /* .. and came back */
	bool has_types;          /* else all */
	struct str types;        /* names, each with a line end */
	int64_t expires_s;
	struct str credential; /* of the login that made it (directory.h); empty: unknown */
	uint64_t told;         /* the account's modseq when the client was told last .. */
	uint64_t
	    others; /* .. and a number made of what others share with the user; or PUSH_OTHERS_NOW */
};

/*
 * Add; *id_out is its id. FAIL_LIMIT: PUSH_MAX are there, or a text is too long · FAIL_TEMP.
 */
MUST_CHECK enum fail push_add(struct account *a, const struct push_subscription *new,
    uint64_t *id_out);

/* Replace what is known of new->id. FAIL_MISSING · FAIL_LIMIT · FAIL_TEMP. */
MUST_CHECK enum fail push_change(struct account *a, const struct push_subscription *new);

/* FAIL_MISSING · FAIL_TEMP. */
MUST_CHECK enum fail push_drop(struct account *a, uint64_t id);

/* One, or all by their ids in room[0 .. PUSH_MAX-1]. FAIL_MISSING · FAIL_LIMIT arena full · FAIL_TEMP. */
MUST_CHECK enum fail push_get(struct account *a, uint64_t id, struct arena *arena,
    struct push_subscription *out);
MUST_CHECK enum fail push_list(struct account *a, struct arena *arena,
    struct push_subscription *room, size_t *count_out);

/* Walk the accounts that have some: start with 0; FAIL_MISSING at the end. */
MUST_CHECK enum fail push_account_next(struct mail *m, uint64_t after_id, uint64_t *id_out);

/* The server's secret key on P-256, made at the first call. FAIL_TEMP. */
MUST_CHECK enum fail push_server_secret(struct mail *m, unsigned char out[PUSH_SECRET_BYTES]);

#endif
