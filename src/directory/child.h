/*
 * child.h - the process that answers. Private to the room.
 */
#ifndef DIRECTORY_CHILD_H
#define DIRECTORY_CHILD_H

#include "base/buf.h"
#include "base/str.h"
#include "directory/lookup.h"

#define DIRECTORY_LINE_MAX (8 * 1024 * 1024) /* bytes of one line, either way */

/*
 * The child's whole life, right after fork: closes every other descriptor, opens `path`, answers
 * questions from `fd` until it is closed. Ends the process.
 */
_Noreturn void directory_child_main(int fd, struct str path,
    const struct directory_settings *settings);

/* Answer one question; the line (without its end) is appended to `out`. For tests as well. */
void directory_child_answer(struct lookup *l, struct str line, struct buf *out);

#endif
