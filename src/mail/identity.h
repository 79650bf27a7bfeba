/*
 * identity.h - under which names and addresses the user of an account writes (RFC 8621 6).
 *
 * Each address of the account has an identity that is made and removed as the directory says (is_own);
 * others the user makes, several for one address if wanted. Whether an address may be used is the caller's
 * question to the directory. Texts given are copied; texts of answers live in the arena.
 */
#ifndef MAIL_IDENTITY_H
#define MAIL_IDENTITY_H

#include "base/arena.h"
#include "mail/mail.h"

#define IDENTITIES_MAX         500         /* of one account: /get answers all at once */
#define IDENTITY_NAME_MAX      1000        /* bytes: more fits into no header line */
#define IDENTITY_SIGNATURE_MAX (24 * 1024) /* bytes of one signature: a record holds both */
#define IDENTITY_ADDRESSES_MAX 20          /* of replyTo, and of bcc */
#define IDENTITY_ADDRESS_MAX   320         /* bytes: local part 64 + @ + domain 255 */

struct identity_address {
	struct str name; /* p is NULL: none */
	struct str email;
};

struct identity_list {
	bool is_set; /* else null */
	const struct identity_address *items;
	size_t count;
};

struct identity {
	uint64_t id;
	struct str name, email;
	struct identity_list reply_to, bcc;
	struct str text_signature, html_signature;
	bool is_own; /* made for an address of the account: the user cannot delete it */
};

/*
 * The account has these addresses, its own name first ("@domain" is all that nobody else has there, and becomes
 * "*@domain"): what is missing is made, with the name `display_name`; what
 * was made for one that is no more goes. Nothing is written when all is as it should be. FAIL_TEMP.
 */
MUST_CHECK enum fail identities_follow(struct account *a, const struct str *addresses, size_t count,
    struct str display_name);

/* All of them, by id. FAIL_LIMIT arena full · FAIL_TEMP. */
MUST_CHECK enum fail identity_ids(struct account *a, struct arena *arena, uint64_t **ids_out,
    size_t *count_out);

/* FAIL_MISSING · FAIL_LIMIT arena full · FAIL_PERM damaged · FAIL_TEMP */
MUST_CHECK enum fail identity_get(struct account *a, uint64_t id, struct arena *arena,
    struct identity **out);

/* What is too long for one; NULL: nothing. Its JMAP property. */
const char *identity_too_long(const struct identity *i);

/* FAIL_LIMIT: there are IDENTITIES_MAX, or something of it is too long · FAIL_TEMP */
MUST_CHECK enum fail identity_add(struct account *a, const struct identity *new, uint64_t *id_out);

/* All but email and is_own. FAIL_MISSING · FAIL_LIMIT too long · FAIL_TEMP */
MUST_CHECK enum fail identity_update(struct account *a, const struct identity *to);

/* FAIL_MISSING · FAIL_DENIED: is_own · FAIL_TEMP */
MUST_CHECK enum fail identity_remove(struct account *a, uint64_t id);

#endif
