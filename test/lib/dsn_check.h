/*
 * dsn_check.h - what must be true of every delivery status notification. Broken rules abort.
 */
#ifndef TEST_LIB_DSN_CHECK_H
#define TEST_LIB_DSN_CHECK_H

#include "base/arena.h"
#include "message/message.h"
#include "queue/dsn.h"

/*
 * Parse `bytes` into *m and look: three parts of the right types, labels that fit, nothing binary, all fields that
 * must be there once for each recipient and in their order, UTF-8 in fields only if the report says so.
 */
void dsn_check(struct str bytes, const struct dsn_report *report, bool is_utf8, struct arena *a,
    struct message *m);

/* The value, unfolded, of a field of group `group` of the second part; 0 is the message's, p NULL: not there. */
struct str dsn_check_field(const struct message *m, size_t group, struct str name, struct arena *a);

#endif
