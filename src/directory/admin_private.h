/*
 * admin_private.h - what the files of admin share.
 */
#ifndef DIRECTORY_ADMIN_PRIVATE_H
#define DIRECTORY_ADMIN_PRIVATE_H

#include "base/buf.h"
#include "directory/admin.h"
#include "directory/db.h"

struct admin {
	struct db db;
	const char *reason; /* static text about the last failure */
};

/* Keep the reason, hand the failure on. */
enum fail admin_fail(struct admin *a, enum fail fail, const char *reason);

/* A transaction; admin_end() commits on FAIL_NONE, else undoes, and hands the outcome on. */
MUST_CHECK enum fail admin_begin(struct admin *a);
MUST_CHECK enum fail admin_end(struct admin *a, enum fail fail);

/* One change with its reasons; `missing` (may be NULL) when it changed nothing. */
MUST_CHECK enum fail admin_change(struct admin *a, const char *sql, struct str one, struct str two,
    const char *missing);

/* Begin `out` with the normal spelling of an address. */
MUST_CHECK enum fail admin_address(struct admin *a, struct buf *out, struct str address,
    bool is_catch_all);

/* Its domain is ours; it is not taken. */
MUST_CHECK enum fail admin_own_domain(struct admin *a, struct str address);
MUST_CHECK enum fail admin_is_free(struct admin *a, struct str address, bool is_alias);

#endif
