/*
 * fail.h - why something did not work, in seven words.
 *
 * Every function that can fail for a reason other than our own bug returns an enum fail. Each
 * protocol maps it once to its own replies (SMTP reply codes, IMAP response codes, JMAP error
 * types), in a table sized against FAIL_COUNT. The cause in detail is logged where it is known
 * (log.h, fail_because()); nobody parses a text to learn a status.
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum fail {
	FAIL_NONE,    /* it worked */
	FAIL_SYNTAX,  /* the input does not follow its grammar */
	FAIL_LIMIT,   /* a limit was reached: size, count, depth, quota */
	FAIL_DENIED,  /* not allowed: wrong password, no right, policy */
	FAIL_MISSING, /* what was asked for does not exist */
	FAIL_TEMP,    /* it may work later: time-out, busy, disk full, peer down */
	FAIL_PERM,    /* it will never work: refused for good, damaged, unsupported */
	FAIL_COUNT
};

/* "none", "syntax" ..: for logs and tests. */
extern const char *const fail_names[FAIL_COUNT];

#endif
