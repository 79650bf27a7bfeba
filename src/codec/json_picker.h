/*
 * json_picker.h - what a JSON Pointer leads to in a text, without a tree of it, in steps.
 *
 * RFC 6901 with the `*` of RFC 8620 3.7: applied to an array it maps the rest of the path over the items, and items that
 * are arrays themselves are flattened. The text is I-JSON; only what stands on the way is looked at.
 *
 * Ownership: text and path are borrowed until json_picker_free(). What is found is a copy.
 */
#ifndef CODEC_JSON_PICKER_H
#define CODEC_JSON_PICKER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define JSON_PICKER_WORK (64 * 1024) /* bytes read by a step */

struct json_picker;

struct json_picker *json_picker_new(struct str text, struct str path);
void json_picker_free(struct json_picker **p);

/*
 * A step: append to `out`, a piece of one JSON value over all steps. True in *is_done_out: it is whole. FAIL_SYNTAX: no
 * pointer, or no JSON; FAIL_MISSING: it leads nowhere; FAIL_LIMIT: `out` is full. Failures are final.
 */
MUST_CHECK enum fail json_picker_step(struct json_picker *p, struct buf *out, bool *is_done_out);

/* All steps at once. */
MUST_CHECK enum fail json_pick(struct str text, struct str path, struct buf *out);

#endif
