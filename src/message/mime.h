/*
 * mime.h - values with parameters (RFC 2045 5.1, RFC 2183, RFC 2231).
 *
 * Comments, quoting, missing semicolons and blanks in wrong places are tolerated. Continuations
 * (name*0, name*1) are joined in order; extended values keep their charset'language' prefix under a
 * name that ends in '*', until param_text() decodes them. At most PARAMS_MAX per field.
 */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "message/message.h"

#define PARAMS_MAX 100 /* parameters of one field; continuations count each */

/* The value before the parameters and the parameters of `raw`; value_out is unfolded, as written. */
void params_parse(struct str raw, struct arena *a, struct str *value_out, struct param **params_out,
    uint32_t *count_out);

/* Parameter `name` (lower case) decoded to UTF-8; p is NULL when it is not there. */
struct str param_text(const struct param *params, uint32_t count, struct str name, struct arena *a);

/* Parameter `name` as it was written, extended or not; p is NULL when it is not there. */
struct str param_raw(const struct param *params, uint32_t count, struct str name);

/* "utf-8" ..: the charset parameter of a part, "us-ascii" when there is none. */
struct str part_charset(const struct part *p);

/*
 * A media type into lower case type and subtype (RFC 2045 5.1); false when it is broken, then the
 * part is text/plain (RFC 2045 5.2).
 */
bool media_type_parse(struct str value, struct arena *a, struct str *type_out,
    struct str *subtype_out);

/* s with A-Z folded; s itself when there is none, or when the arena is full. */
struct str lower_case(struct str s, struct arena *a);

#endif
