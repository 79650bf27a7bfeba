/*
 * vacation.h - what an account answers while its user is away (RFC 8621 8), and whom it has answered.
 *
 * There is one vacation response in an account; before anybody sets it, it is disabled and empty. Texts given are
 * copied; texts of answers live in the arena. Units: _s seconds since 1970.
 */
#ifndef MAIL_VACATION_H
#define MAIL_VACATION_H

#include "base/arena.h"
#include "mail/mail.h"

#define VACATION_SUBJECT_MAX 900         /* bytes: a header line holds it */
#define VACATION_TEXT_MAX    (24 * 1024) /* bytes of the plain text */
#define VACATION_HTML_MAX    (48 * 1024) /* bytes: with the text one record holds it */

#define ANSWERED_MAX 1000 /* senders that are remembered; then the oldest are forgotten */

struct vacation {
	uint64_t modseq; /* when it was changed last; 0: never */
	bool is_enabled;
	bool has_from, has_to; /* else null */
	int64_t from_s, to_s;
	struct str subject, text, html; /* p is NULL: null */
};

/* FAIL_LIMIT arena full · FAIL_TEMP */
MUST_CHECK enum fail vacation_get(struct account *a, struct arena *arena, struct vacation **out);

/* What of it is too long, as JMAP's property; NULL: nothing. */
const char *vacation_too_long(const struct vacation *v);

/* FAIL_LIMIT: something is too long · FAIL_TEMP */
MUST_CHECK enum fail vacation_set(struct account *a, const struct vacation *to);

/* Cheap: false when it was never set. */
bool vacation_is_set(const struct account *a);

/* It answers now. */
bool vacation_is_on(const struct vacation *v, int64_t now_s);

/*
 * Automatic answers go to each sender once in a while only (RFC 3834 2, RFC 5230 4.2). `handle` tells one kind of
 * answer from another. *is_new_out: it was not answered since now_s - keep_s; it counts as answered now. Belongs to the
 * turn. FAIL_TEMP.
 */
MUST_CHECK enum fail answered_take(struct account *a, struct str handle, struct str sender,
    int64_t now_s, int64_t keep_s, bool *is_new_out);

/* The record: private to the room, and to its tests. FAIL_PERM: damaged. */
struct buf;
void vacation_record_write(struct buf *out, const struct vacation *v);
MUST_CHECK enum fail vacation_record_read(struct str value, struct vacation *out);

#endif
