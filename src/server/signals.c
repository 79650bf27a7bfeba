#include "server/signals.h"

/* system */
#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "tls/tls.h"

struct signals {
	struct server *server; /* borrow */
	struct task task;
	struct watch signal_watch, file_watch;
	int signal_fd, file_fd;
};

static const struct log signals_log = { .room = "server" };

static void
take_signals(struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		log_info(&signals_log, "server.signal", LOG_NUM("signal", info.ssi_signo));
		if (info.ssi_signo == SIGHUP)
			server_reload(s->server);
		else
			server_stop(s->server);
	}
	watch_spent(&s->signal_watch, WATCH_READ);
}

static void
take_files(struct signals *s)
{
	char events[4096];

	while (read(s->file_fd, events, sizeof events) > 0)
		continue; /* which file it was does not matter: the context knows its own */
	watch_spent(&s->file_watch, WATCH_READ);
	if (s->server->tls && tls_context_changed(s->server->tls))
		server_reload(s->server);
}

static enum step
signals_step(struct task *task)
{
	struct signals *s = container_of(task, struct signals, task);

	if (s->signal_watch.ready & WATCH_READ)
		take_signals(s);
	if (s->file_fd >= 0 && (s->file_watch.ready & WATCH_READ))
		take_files(s);
	return STEP_WAIT;
}

enum fail
signals_start(struct server *server)
{
	struct signals *s = mem_new(1, sizeof *s);
	sigset_t set;

	server->signals = s;
	s->server = server;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	loop_task(&server->loop, &s->task, signals_step, NULL);
	s->file_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->file_fd >= 0 &&
	    watch_start(&server->loop, &s->file_watch, s->file_fd, &s->task) != FAIL_NONE) {
		close(s->file_fd);
		s->file_fd = -1;
	}
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signal_fd < 0)
		return fail_because(&signals_log, FAIL_TEMP, "server.signalfd", errno);
	return watch_start(&server->loop, &s->signal_watch, s->signal_fd, &s->task);
}

void
signals_watch_file(struct server *server, struct str path)
{
	struct signals *s = server->signals;
	size_t slash = str_rfind_char(path, '/');
	struct buf folder;

	buf_init(&folder, 4096);
	buf_add(&folder, slash == STR_NONE ? STR(".") : str_head(path, slash + 1));
	if (s->file_fd >= 0)
		inotify_add_watch(s->file_fd, buf_c(&folder),
		    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE);
	buf_release(&folder);
}

void
signals_stop(struct server *server)
{
	struct signals *s = server->signals;

	if (s == NULL)
		return;
	task_cancel(&s->task);
	if (s->signal_fd > 0) {
		watch_stop(&server->loop, &s->signal_watch);
		close(s->signal_fd);
	}
	if (s->file_fd >= 0) {
		watch_stop(&server->loop, &s->file_watch);
		close(s->file_fd);
	}
	mem_free(s);
	server->signals = NULL;
}
