/*
 * signals.h - the outside world's wishes: stop, reload, certificate files that changed.
 *
 * SIGTERM and SIGINT stop, SIGHUP reloads; they are read from a signalfd like any other event. The
 * folders of the certificate files are watched by inotify, so that renewed certificates are taken
 * up without anybody asking, and without waking an idle server by a clock.
 */
#ifndef SERVER_SIGNALS_H
#define SERVER_SIGNALS_H

#include "base/fail.h"
#include "server/server.h"

/* Block the signals and watch; FAIL_TEMP when the kernel gives no descriptor. */
MUST_CHECK enum fail signals_start(struct server *server);
void signals_stop(struct server *server);

/* Watch the folder of this file, too; failing is harmless (SIGHUP still works). */
void signals_watch_file(struct server *server, struct str path);

#endif
