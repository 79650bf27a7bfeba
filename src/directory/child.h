/*
 * child.h - what the process that answers says to a line. Private to the room and the programs beside it.
 */
#ifndef DIRECTORY_CHILD_H
#define DIRECTORY_CHILD_H

#include "base/buf.h"
#include "base/str.h"
#include "directory/lookup.h"

#define DIRECTORY_LINE_MAX (8 * 1024 * 1024) /* bytes of one line, either way */

/* Answer one question; the line (without its end) is appended to `out`. For tests as well. */
void directory_child_answer(struct lookup *l, struct str line, struct buf *out);

#endif
