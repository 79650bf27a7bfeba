/*
 * admin.h - read and change directory.db: for the command line.
 *
 * Synchronous SQLite on a file that running children read at the same time; each change is one durable
 * transaction and is seen by them at once. Names, addresses and domains are folded to lower case
 * and domains to ASCII before they are stored. Open it only for the time of a command: it must not be
 * open when a process forks.
 */
#ifndef DIRECTORY_ADMIN_H
#define DIRECTORY_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

struct admin;
struct buf;

/* Opens the file; makes it, mode 0600, with its tables when missing. FAIL_PERM: not ours, or newer. */
MUST_CHECK enum fail admin_open(struct admin **out, struct str path);
void admin_close(struct admin **a);

/*
 * Every change: FAIL_SYNTAX: no such name can be; FAIL_DENIED: it exists already, or is still in use;
 * FAIL_MISSING: what it names does not exist; FAIL_LIMIT: password too long or empty;
 * FAIL_TEMP: the file cannot be written now. admin_reason() is one line about the last failure.
 */
const char *admin_reason(const struct admin *a);

MUST_CHECK enum fail admin_domain_add(struct admin *a, struct str domain);
MUST_CHECK enum fail admin_domain_delete(struct admin *a, struct str domain); /* no address in it */

/* The account's name is its first address; its domain must exist. */
MUST_CHECK enum fail admin_user_add(struct admin *a, struct str name, struct str display_name,
    struct str secret);
MUST_CHECK enum fail admin_user_delete(struct admin *a, struct str name);
MUST_CHECK enum fail admin_user_password(struct admin *a, struct str name, struct str secret);

/* A hash made elsewhere, in a form that password.h knows. */
MUST_CHECK enum fail admin_user_hash(struct admin *a, struct str name, struct str stored);
MUST_CHECK enum fail admin_user_quota(struct admin *a, struct str name, int64_t bytes,
    int64_t messages);
MUST_CHECK enum fail admin_user_enable(struct admin *a, struct str name, bool is_enabled);

/*
 * A secret for a program of the user's, appended to `token_out` and kept only as a hash; `name` says which program.
 * FAIL_DENIED: the user has one of this name; FAIL_LIMIT: too many. Listed with their days in `target`.
 */
MUST_CHECK enum fail admin_token_add(struct admin *a, struct str account, struct str name,
    struct buf *token_out);
MUST_CHECK enum fail admin_token_delete(struct admin *a, struct str account, struct str name);

/* `address` (or a catch-all "@domain") also leads to `target`: an account, an alias, any address. */
MUST_CHECK enum fail admin_alias_add(struct admin *a, struct str address, struct str target);

/* Delete one target, or the whole alias when `target` is empty. */
MUST_CHECK enum fail admin_alias_delete(struct admin *a, struct str address, struct str target);

/* A list: an address whose mail goes to its members. Members are accounts or addresses anywhere. */
MUST_CHECK enum fail admin_list_add(struct admin *a, struct str address, struct str display_name);
MUST_CHECK enum fail admin_list_delete(struct admin *a, struct str address);
MUST_CHECK enum fail admin_list_join(struct admin *a, struct str address, struct str member);
MUST_CHECK enum fail admin_list_leave(struct admin *a, struct str address, struct str member);

/* A group: accounts that share rights (ACL, shared mailboxes); no address. */
MUST_CHECK enum fail admin_group_add(struct admin *a, struct str group, struct str display_name);
MUST_CHECK enum fail admin_group_delete(struct admin *a, struct str group);
MUST_CHECK enum fail admin_group_join(struct admin *a, struct str group, struct str name);
MUST_CHECK enum fail admin_group_leave(struct admin *a, struct str group, struct str name);

/* One row of a listing; texts live until the callback returns. */
struct admin_row {
	struct str name;         /* account, address, list, group, domain */
	struct str display_name; /* account, list, group */
	struct str
	    target; /* alias: where it leads; list, group: a member (one row each, or empty); token: its day */
	int64_t quota_bytes, quota_messages; /* account */
	bool is_enabled;                     /* account */
	bool has_password;                   /* account */
};
typedef void admin_row_fn(const struct admin_row *row, void *arg);

MUST_CHECK enum fail admin_token_list(struct admin *a, struct str account, admin_row_fn *fn,
    void *arg);

/* List everything of a kind, sorted by name. FAIL_TEMP: the file cannot be read. */
MUST_CHECK enum fail admin_domain_list(struct admin *a, admin_row_fn *fn, void *arg);
MUST_CHECK enum fail admin_user_list(struct admin *a, admin_row_fn *fn, void *arg);
MUST_CHECK enum fail admin_alias_list(struct admin *a, admin_row_fn *fn, void *arg);
MUST_CHECK enum fail admin_list_list(struct admin *a, admin_row_fn *fn, void *arg);
MUST_CHECK enum fail admin_group_list(struct admin *a, admin_row_fn *fn, void *arg);

#endif
