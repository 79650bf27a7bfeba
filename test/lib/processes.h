/*
 * processes.h - whose children run, as /proc tells.
 */
#ifndef TEST_PROCESSES_H
#define TEST_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* The processes that `parent` started and that are no zombies; how many, at most `max` of them in `out`. */
size_t processes_of(pid_t parent, pid_t *out, size_t max);

/* Is it there, and no zombie? */
bool process_lives(pid_t pid);

/* Wait until it ended, ten seconds at most. */
bool process_ends(pid_t pid);

/* Append what a file of /proc/PID holds. */
void process_read(pid_t pid, const char *name, struct buf *out);

#endif
