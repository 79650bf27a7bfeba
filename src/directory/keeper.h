/*
 * keeper.h - the one process that forks and executes, so that the process which talks to peers never does.
 *
 * It is forked when the directory is opened, before anything of a peer is in memory, and holds places for children.
 * An order to it is one packet: "place 2: start, and this is your socket" (the descriptor travels with it) or "place 2:
 * end it". It answers nothing; a child that could not be started, or that ended, is noticed by its socket's end.
 *
 *     main --packets--> keeper --fork, exec--> child 0, child 1 ..
 *       \--------------- lines over a socket each ------/
 *
 * A child has descriptor 3 as its socket, nothing else but 0 to 2, an environment of PATH and LANG, a session of its
 * own, no new privileges. Starting in a place ends who was there, with all that it started in its process group. When
 * the main process ends, however it does, all of them end: the keeper by the end of its socket, the children by the
 * keeper, or by PR_SET_PDEATHSIG when the keeper itself was killed.
 */
#ifndef DIRECTORY_KEEPER_H
#define DIRECTORY_KEEPER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/fail.h"
#include "base/str.h"

#define KEEPER_PLACES_MAX 16 /* children at a time */
#define KEEPER_CHILD_FD   3  /* a child's socket */

/* What the children are: a program that is executed, or a function of ours that never returns. */
struct keeper_work {
	const char *program; /* NULL: run() */
	void (*run)(int fd, const void *arg);
	const void *arg;
};

struct keeper {
	int fd; /* its socket; -1: there is none. A hang-up on it: the keeper is gone */
	pid_t pid;
};

/* Fork it; `work` need not live longer. FAIL_TEMP: no socket or process to be had. */
MUST_CHECK enum fail keeper_open(struct keeper *k, const struct keeper_work *work);

/*
 * Start a child in a place; `fd` (borrowed, its own end stays with the caller) becomes its socket. FAIL_TEMP: not now;
 * FAIL_PERM: the keeper is gone, and no child will ever start again.
 */
MUST_CHECK enum fail keeper_start(struct keeper *k, size_t place, int fd);

/* End the child there, if there is one. */
void keeper_end(struct keeper *k, size_t place);

/* End all and the keeper; returns when they are gone. Safe twice. */
void keeper_close(struct keeper *k);

#endif
