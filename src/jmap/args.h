/*
 * args.h - reading a method's arguments; a wrong one ends the call with invalidArguments.
 *
 * Each returns false when the argument is there and wrong; the call's error is set then. Missing and
 * null give the fallback.
 */
#ifndef JMAP_ARGS_H
#define JMAP_ARGS_H

/* rooms */
#include "jmap/run.h"

#define JMAP_INT_MAX ((int64_t)1 << 53) /* I-JSON's exact integers (RFC 8620 1.3) */

/* jmap_fail(c, "invalidArguments", text). */
enum jmap_step jmap_invalid(struct jmap_call *c, const char *text);

/* The member, or NULL when it is missing or null. */
const struct json *jmap_arg(const struct json *object, struct str name);

MUST_CHECK bool jmap_arg_bool(struct jmap_call *c, struct str name, bool fallback, bool *out);
MUST_CHECK bool jmap_arg_int(struct jmap_call *c, struct str name, int64_t fallback, int64_t *out);
MUST_CHECK bool jmap_arg_uint(struct jmap_call *c, struct str name, uint64_t fallback,
    uint64_t *out);

/* p is NULL when missing. */
MUST_CHECK bool jmap_arg_text(struct jmap_call *c, struct str name, struct str *out);

/* A list of texts; *out is NULL when missing or null. */
MUST_CHECK bool jmap_arg_texts(struct jmap_call *c, struct str name, const struct json **out);

/*
 * By place in this list of texts: does the text stand before it, too? In the call's arena; NULL when that is full. Each
 * id is answered once (RFC 8620 5.1), and an object has each name once.
 */
bool *jmap_repeated(struct jmap_call *c, const struct json *texts);

/* An Id as RFC 8620 1.2 wants it: 1 .. 255 of A-Za-z0-9-_ . */
bool jmap_is_id(struct str s);

/* Write "accountId". */
void jmap_write_account(struct jmap_call *c);

/* Append or write a state as text: "s123". */
void jmap_write_state(struct json_writer *w, struct str name, uint64_t state);

/* Write an id as text value. */
void jmap_write_id(struct json_writer *w, enum id_kind kind, uint64_t id);

/* Write a member that is an empty list. */
void jmap_write_no_ids(struct jmap_call *c, struct str name);

/* Write a member: the texts of the list for which that is so, or null when there are none. */
void jmap_write_texts_or_null(struct jmap_call *c, struct str name, const struct json *texts,
    const bool *is_so);

/* A date-time in UTC, "2014-10-30T06:12:00Z" (RFC 8620 1.4). */
void jmap_write_date(struct json_writer *w, int64_t unix_s, int32_t zone_min);

#endif
