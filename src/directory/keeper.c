#include "directory/keeper.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

enum keeper_verb { KEEPER_END, KEEPER_START };

struct keeper_order {
	unsigned char verb, place;
};

/* Room for the one descriptor that comes with an order. */
union keeper_control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static const struct log keeper_log = { .room = "directory" };

/* --- in the keeper --------------------------------------------------------------------------- */

static void
close_from(int first)
{
	if (syscall(SYS_close_range, first, ~0u, 0) != 0) {
		long most = sysconf(_SC_OPEN_MAX);

		for (int i = first; i < most; i++)
			close(i);
	}
}

/* Descriptor 3 is `fd`, and behind it nothing is open: no connection, no file, no key of the server's. */
static void
keep_only(int fd)
{
	if (fd != KEEPER_CHILD_FD)
		dup2(fd, KEEPER_CHILD_FD);
	fcntl(KEEPER_CHILD_FD, F_SETFD, 0);
	close_from(KEEPER_CHILD_FD + 1);
}

/* What is typed at the server's terminal is not for them, and what they print goes where the log goes. */
static void
redirect(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

/* They end when their socket does; signals to the whole group are the server's to answer. */
static void
take_no_signals(void)
{
	sigset_t none;

	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void
child_main(const struct keeper_work *work, int fd, pid_t keeper)
{
	char *const arguments[] = { (char *)(uintptr_t)work->program, NULL };
	char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
		NULL
	};

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getppid() != keeper) /* it died before it was asked to tell */
		_exit(1);
	keep_only(fd);
	if (work->program == NULL) {
		prctl(PR_SET_NAME, "staunch-dir");
		work->run(KEEPER_CHILD_FD, work->arg);
		_exit(0);
	}
	signal(SIGPIPE, SIG_DFL);
	execve(work->program, arguments, environment);
	log_error(&keeper_log, "directory.program", LOG_TEXT("path", str_c(work->program)),
	    LOG_TEXT("why", str_c(strerror(errno))));
	_exit(127);
}

/* It may have started others: all of its process group end, before its number can be somebody else's. */
static void
end_child(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	kill(-*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	*pid = 0;
}

static void
obey(const struct keeper_work *work, pid_t *places, const struct keeper_order *order, int fd)
{
	pid_t *place = &places[order->place % KEEPER_PLACES_MAX];
	pid_t keeper = getpid();

	end_child(place);
	if (order->verb != KEEPER_START || fd < 0)
		return;
	*place = fork();
	if (*place == 0)
		child_main(work, fd, keeper);
	if (*place < 0)
		fail_log(&keeper_log, FAIL_TEMP, "directory.fork", errno);
}

/* The next order; false when the main process is gone. */
static bool
hear(struct keeper_order *order, int *fd_out)
{
	union keeper_control control;
	struct iovec part = { order, sizeof *order };
	struct msghdr packet = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	struct cmsghdr *head;
	ssize_t n;

	*fd_out = -1;
	while ((n = recvmsg(KEEPER_CHILD_FD, &packet, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof *order)
		return false;
	head = CMSG_FIRSTHDR(&packet);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
		memcpy(fd_out, CMSG_DATA(head), sizeof *fd_out);
	return true;
}

_Noreturn static void
keeper_main(const struct keeper_work *work, int fd)
{
	pid_t places[KEEPER_PLACES_MAX] = { 0 };
	struct keeper_order order = { 0 };
	int socket;

	prctl(PR_SET_NAME, "staunch-keeper");
	keep_only(fd);
	redirect();
	take_no_signals();
	while (hear(&order, &socket)) {
		obey(work, places, &order, socket);
		if (socket >= 0)
			close(socket);
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		end_child(&places[i]);
	_exit(0);
}

/* --- in the main process --------------------------------------------------------------------- */

enum fail
keeper_open(struct keeper *k, const struct keeper_work *work)
{
	int pair[2];

	*k = (struct keeper){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return fail_because(&keeper_log, FAIL_TEMP, "directory.socket", errno);
	k->pid = fork();
	if (k->pid == 0)
		keeper_main(work, pair[1]);
	close(pair[1]);
	if (k->pid < 0) {
		close(pair[0]);
		return fail_because(&keeper_log, FAIL_TEMP, "directory.fork", errno);
	}
	k->fd = pair[0];
	return FAIL_NONE;
}

/* Never waits: orders are few, and the keeper does nothing else than follow them. */
static enum fail
give_order(struct keeper *k, enum keeper_verb verb, size_t place, int fd)
{
	struct keeper_order order = { (unsigned char)verb, (unsigned char)place };
	union keeper_control control = { .head = { .cmsg_len = CMSG_LEN(sizeof fd),
					     .cmsg_level = SOL_SOCKET,
					     .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { &order, sizeof order };
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		packet.msg_control = &control;
		packet.msg_controllen = sizeof control;
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	}
	while (sendmsg(k->fd, &packet, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		return fail_because(&keeper_log,
		    errno == EPIPE || errno == ECONNRESET ? FAIL_PERM : FAIL_TEMP,
		    "directory.keeper", errno);
	}
	return FAIL_NONE;
}

enum fail
keeper_start(struct keeper *k, size_t place, int fd)
{
	invariant(place < KEEPER_PLACES_MAX && fd >= 0);
	return give_order(k, KEEPER_START, place, fd);
}

void
keeper_end(struct keeper *k, size_t place)
{
	invariant(place < KEEPER_PLACES_MAX);
	if (k->fd >= 0 && give_order(k, KEEPER_END, place, -1) != FAIL_NONE)
		return; /* it is logged; who comes there next ends it, or nobody is there any more */
}

void
keeper_close(struct keeper *k)
{
	if (k->fd < 0)
		return;
	close(k->fd);
	k->fd = -1;
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}
