/*
 * json_maker.h - a JSON text as a tree, made in steps.
 *
 * What json_parse() (json.h) does in one go, for texts so long that others should not wait for it. No step does more
 * than JSON_MAKER_WORK, whatever the text is: one long string, one array of a million items, one object.
 *
 * Ownership: text and arena are borrowed until json_maker_free(); the tree lives as json_parse() says.
 */
#ifndef CODEC_JSON_MAKER_H
#define CODEC_JSON_MAKER_H

/* rooms */
#include "codec/json.h"

#define JSON_MAKER_WORK \
	(64 * \
	    1024) /* bytes read, unescaped or put in their place by a step: a fifth of a millisecond */

struct json_maker;

struct json_maker *json_maker_new(struct str text, struct arena *a);
void json_maker_free(struct json_maker **m);

/* A step. FAIL_NONE and *out is NULL: another one is needed. Failures as json_parse(); they are final. */
MUST_CHECK enum fail json_maker_step(struct json_maker *m, const struct json **out);

/* Bytes read; the place of the mistake after a failure. */
size_t json_maker_at(const struct json_maker *m);

#endif
