/*
 * header_set.h - header fields out of JMAP's forms: what header_form.h reads, the other way round (RFC 8621
 * 4.1.2, 4.6).
 *
 * Pure. Whatever is in the values: no line that is not a field's comes out, and none over 998 bytes.
 */
#ifndef JMAP_HEADER_SET_H
#define JMAP_HEADER_SET_H

/* rooms */
#include "jmap/header_form.h"

/*
 * Append the field, or with `is_all` the fields, that `value` describes; null and empty lists are none. Returns
 * NULL, or what is wrong with the value (for people); then nothing was appended.
 */
MUST_CHECK const char *header_property_set(struct buf *out, const struct header_property *property,
    const struct json *value, struct arena *a);

/* Line ends, NUL, and what some readers take for line ends. */
bool header_has_control(struct str s);

#endif
