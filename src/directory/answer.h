/*
 * answer.h - read a child's line. Private to the room; pure, and the target of a fuzzer.
 */
#ifndef DIRECTORY_ANSWER_H
#define DIRECTORY_ANSWER_H

#include "base/fail.h"
#include "base/str.h"
#include "directory/directory.h"

/* The id of an answer; false when the line is no answer at all. */
MUST_CHECK bool answer_id(struct str line, uint64_t *out);

/*
 * Fill in what `q` (its kind is set, its arena ready) asked for; the outcome is what the child said.
 * FAIL_TEMP also for a line that does not hold what it must.
 */
enum fail answer_parse(struct str line, struct directory_query *q);

#endif
