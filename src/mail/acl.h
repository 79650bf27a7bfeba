/*
 * acl.h - who else may do what with a mailbox (RFC 4314).
 *
 * The owner of an account may do everything with its mailboxes, and so may the members of a group with those of
 * the account that has the group's name. Others may do what the mailbox's list gives to their name, to one of
 * their groups ("$sales"), or to "anyone", less what it takes from them ("-bob@example.org", RFC 4314 2). The
 * list goes with the mailbox and with the account. Beside the lists the store keeps which accounts have
 * something for an identifier, so that nobody has to look through all accounts.
 *
 * Ownership: what acl_list() gives lies in the caller's arena.
 */
#ifndef MAIL_ACL_H
#define MAIL_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "mail/mail.h"

enum {                            /* RFC 4314 2.1 */
	ACL_LOOKUP = 1,           /* l */
	ACL_READ = 2,             /* r */
	ACL_SEEN = 4,             /* s */
	ACL_WRITE = 8,            /* w: other flags than \Seen and \Deleted */
	ACL_INSERT = 16,          /* i */
	ACL_POST = 32,            /* p */
	ACL_CREATE = 64,          /* k: mailboxes below it */
	ACL_DELETE_MAILBOX = 128, /* x */
	ACL_DELETE = 256,         /* t: \Deleted */
	ACL_EXPUNGE = 512,        /* e */
	ACL_ADMINISTER = 1024,    /* a */
};
#define ACL_ALL          2047u
#define ACL_RIGHTS_COUNT 11

#define ACL_ENTRIES_MAX   50  /* of one mailbox */
#define ACL_NAME_MAX      322 /* bytes of an identifier: an account's name, "-$" before it */
#define ACL_ACCOUNT_BYTES (1024 * 1024) /* of all lists of an account: a change reads them */
#define ACL_ACCOUNTS_MAX  1000 /* accounts that share something with one user: LIST opens them all */

struct acl_entry {
	struct str identifier; /* lower case */
	unsigned rights;
};

struct acl_user {          /* who asks */
	struct str name;   /* of the account */
	struct str groups; /* names, with blanks between them */
};

/* A name, "anyone" or "$group", with "-" before it or not; no blanks and controls. */
bool acl_identifier_is_allowed(struct str identifier);

/*
 * Set what an identifier may; 0 takes it out of the list.
 *   FAIL_SYNTAX  the identifier is not allowed    FAIL_LIMIT  too many of them
 *   FAIL_MISSING no such mailbox                  FAIL_TEMP
 */
MUST_CHECK enum fail acl_set(struct account *a, uint32_t mailbox, struct str identifier,
    unsigned rights);

/* A new mailbox has the list of another one (RFC 4314 4, CREATE). Failures as acl_set(). */
MUST_CHECK enum fail acl_inherit(struct account *a, uint32_t from, uint32_t to);

/* The list. FAIL_LIMIT: the arena is full; FAIL_TEMP. */
MUST_CHECK enum fail acl_list(struct account *a, uint32_t mailbox, struct arena *arena,
    struct acl_entry **out, size_t *count_out);

/* Does the whole account belong to this user: by its name, or as a group's? */
bool acl_owns(const struct account *a, const struct acl_user *who);

/* What a user may with a mailbox: ACL_ALL for who owns it, 0 for a mailbox that does not exist. FAIL_TEMP. */
MUST_CHECK enum fail acl_rights(struct account *a, uint32_t mailbox, const struct acl_user *who,
    unsigned *rights_out);

/* The same for all mailboxes, in the order of a->mailboxes; `rights_out` has room for mailbox_count. */
MUST_CHECK enum fail acl_rights_all(struct account *a, const struct acl_user *who,
    unsigned *rights_out);

/* Ids of the accounts that have something for a user or one of its groups, and of those of its groups; each once,
 * at most `max`. */
MUST_CHECK enum fail acl_accounts(struct mail *m, const struct acl_user *who, uint64_t *out,
    size_t max, size_t *count_out);

/*
 * The modseq of the last change of a list: what others see before and after it may not be the same (acl_log.h tells).
 * All JMAP states of the account move with it; the mailbox counts as changed, and those above it.
 */
uint64_t acl_modseq(const struct account *a);

/* A number that is another one after anything that could change which accounts somebody sees. */
uint64_t acl_sharing(const struct mail *m);

#endif
