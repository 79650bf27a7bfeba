/*
 * lines.h - a child's side of its socket: a line comes, a line goes. Private to the room and the programs beside it.
 */
#ifndef DIRECTORY_LINES_H
#define DIRECTORY_LINES_H

#include "base/buf.h"
#include "base/str.h"

/* Append the answer to one line (both without their ends). The line is wiped afterwards: it may hold a password. */
typedef void directory_line_fn(struct str line, struct buf *out, void *arg);

/* Answer every line that comes over `fd`, one after the other, until it is closed. */
void directory_lines_serve(int fd, directory_line_fn *fn, void *arg);

#endif
