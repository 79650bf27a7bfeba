/*
 * control.h - the control socket: DATA/control, for commands of the owner to a running server.
 *
 * A unix socket that only the server's user (and root) may open. The client sends one line, a JSON array
 * of words; the server answers lines and closes:
 *
 *     ["queue","list","--json"]        + a line for standard output
 *                                      - a line for standard error
 *                                      = 0           the exit status; the last line
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "server/command.h"
#include "server/server.h"

#define CONTROL_LINE_MAX 4096 /* bytes of a request */

/* Listen. FAIL_TEMP: the folder does not let us (said in the log; the server runs without). */
MUST_CHECK enum fail control_start(struct server *s);

/* Safe in any state. */
void control_stop(struct server *s);

/*
 * The client's side, for the command line; waits for the answers and prints them. FAIL_MISSING: no server
 * runs there. FAIL_TEMP: it went away in the middle.
 */
MUST_CHECK enum fail control_call(struct str socket_path, const struct str *words, size_t count,
    int *status_out);

#endif
