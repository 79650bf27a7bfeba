#include "directory/keeper.h"

/* system */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/processes.h"

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* --- children -------------------------------------------------------------------------------- */

/* Sends its number, then sends back what comes. */
static void
echo(int fd, const void *arg)
{
	pid_t pid = getpid();
	char bytes[100];
	ssize_t n;

	(void)arg;
	send(fd, &pid, sizeof pid, MSG_NOSIGNAL);
	while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
		send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
}

static const struct keeper_work echoes = { .run = echo };

/* A child in the place, and our end of its socket; -1: it was not started. */
static int
start(struct keeper *k, size_t place)
{
	struct timeval patience = { .tv_sec = 20 };
	enum fail fail;
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	fail = keeper_start(k, place, pair[1]);
	close(pair[1]);
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (fail == FAIL_NONE)
		return pair[0];
	close(pair[0]);
	return -1;
}

static pid_t
read_pid(int fd)
{
	pid_t pid = -1;

	return recv(fd, &pid, sizeof pid, MSG_WAITALL) == (ssize_t)sizeof pid ? pid : -1;
}

static bool
answers(int fd)
{
	char back[5] = "";

	return send(fd, "hello", 5, MSG_NOSIGNAL) == 5 &&
	    recv(fd, back, sizeof back, MSG_WAITALL) == 5 && memcmp(back, "hello", 5) == 0;
}

static bool
has_ended(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

/* A program in the test's folder; its path lives until the next. */
static const char *
write_program(const char *name, const char *text, mode_t mode)
{
	static char path[1000];
	int fd;

	snprintf(path, sizeof path, "%s/%s", test_folder(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	return path;
}

/* A line that a script printed; it lives until the next. */
static struct str
read_line(int fd)
{
	static char text[100];
	size_t n = 0;

	while (n < sizeof text && recv(fd, text + n, 1, 0) == 1 && text[n] != '\n')
		n++;
	return str_of(text, n);
}

static pid_t
read_line_pid(int fd)
{
	struct str line = read_line(fd);
	uint32_t pid = 0;

	return str_u32(&line, INT32_MAX, &pid) ? (pid_t)pid : -1;
}

/* --- tests ----------------------------------------------------------------------------------- */

static bool
status_has(pid_t pid, const char *line)
{
	struct buf status;
	bool has;

	buf_init(&status, 100000);
	process_read(pid, "status", &status);
	has = str_find(buf_str(&status), str_c(line)) != STR_NONE;
	buf_release(&status);
	return has;
}

static void
test_places(void)
{
	struct keeper k;
	pid_t first, second, third;
	int one, two, again;
	sigset_t set;

	TEST_ROW("places");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK(keeper_open(&k, &echoes) == FAIL_NONE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	one = start(&k, 0);
	two = start(&k, KEEPER_PLACES_MAX - 1);
	first = read_pid(one);
	second = read_pid(two);
	CHECK(first > 0 && second > 0 && first != second);
	CHECK(answers(one) && answers(two));
	CHECK(status_has(first, "SigBlk:\t0000000000000000"));
	TEST_ROW("who comes to a place ends who was there");
	again = start(&k, 0);
	third = read_pid(again);
	CHECK(has_ended(one) && !process_lives(first) && answers(again) && answers(two));
	TEST_ROW("end");
	keeper_end(&k, 0);
	CHECK(has_ended(again) && process_ends(third) && answers(two));
	keeper_end(&k, 0);
	keeper_end(&k, 5);
	TEST_ROW("a child that ended leaves its place");
	kill(second, SIGKILL);
	CHECK(has_ended(two));
	close(two);
	two = start(&k, KEEPER_PLACES_MAX - 1);
	second = read_pid(two);
	CHECK(answers(two));
	TEST_ROW("close");
	first = k.pid;
	keeper_close(&k);
	CHECK(!process_lives(first) && !process_lives(second) && has_ended(two));
	keeper_close(&k);
	close(one);
	close(two);
	close(again);
}

/* What is open in the process, as links: "/dev/null socket:[1] ..". */
static void
read_links(pid_t pid, struct buf *out)
{
	char folder[100], path[400], link[1000];
	DIR *dir;
	struct dirent *entry;
	ssize_t n;

	snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		n = readlink(path, link, sizeof link);
		if (n <= 0)
			continue;
		buf_add_c(out, entry->d_name);
		buf_add_char(out, '=');
		buf_add(out, str_of(link, (size_t)n));
		buf_add_char(out, ' ');
	}
	if (dir)
		closedir(dir);
}

static bool
is_open_in(pid_t pid, const char *what)
{
	struct buf links;
	bool is_there;

	buf_init(&links, 100000);
	read_links(pid, &links);
	is_there = str_find(buf_str(&links), str_c(what)) != STR_NONE;
	buf_release(&links);
	return is_there;
}

/* Neither files nor sockets nor the environment of the server come along. */
static void
test_program(void)
{
	static const char script[] =
	    "#!/bin/sh\necho $$ >&3\nreadlink /proc/$$/fd/0 >&3\nread x <&3\n";
	struct keeper_work work = { 0 };
	struct keeper k;
	struct buf text;
	pid_t pid;
	int fd, secret;

	TEST_ROW("a program");
	secret = open(write_program("secret", "of the server", 0600), O_RDONLY); /* not O_CLOEXEC */
	work.program = write_program("talks", script, 0755);
	setenv("SECRET", "of the server", 1);
	CHECK(keeper_open(&k, &work) == FAIL_NONE);
	fd = start(&k, 0);
	pid = read_line_pid(fd);
	CHECK(pid > 0 && is_open_in(pid, "3=socket:"));
	CHECK_STR(read_line(fd), STR("/dev/null"));
	CHECK(is_open_in(getpid(), "/secret") && !is_open_in(pid, "/secret"));
	CHECK(!is_open_in(k.pid, "/secret"));
	CHECK(status_has(pid, "NoNewPrivs:\t1"));
	buf_init(&text, 100000);
	process_read(pid, "environ", &text);
	CHECK(str_starts(buf_str(&text), STR("PATH=")));
	CHECK(str_find(buf_str(&text), STR("SECRET")) == STR_NONE);
	buf_clear(&text);
	process_read(pid, "cmdline", &text);
	CHECK(str_ends(buf_str(&text), STR("/talks\0")));
	buf_release(&text);
	TEST_ROW("a terminal's and a service manager's signals");
	kill(pid, SIGTERM);
	kill(k.pid, SIGTERM);
	kill(k.pid, SIGINT);
	kill(k.pid, SIGHUP);
	CHECK(send(fd, "\n", 1, MSG_NOSIGNAL) == 1);
	CHECK(has_ended(fd));
	close(fd);
	fd = start(&k, 0);
	CHECK(read_line_pid(fd) > 0);
	keeper_close(&k);
	close(fd);
	close(secret);
	unsetenv("SECRET");
}

/* What cannot be executed is noticed like what ends at once. */
static void
test_no_program(void)
{
	static const struct {
		const char *name, *text;
		mode_t mode;
	} rows[] = {
		{ "not-executable", "#!/bin/sh\n", 0644 },
		{ "no-program", "\1\2\3", 0755 },
		{ "no-interpreter", "#!/nowhere/sh\n", 0755 },
	};
	struct keeper_work work = { .program = "/nowhere/at/all" };
	struct keeper k;
	int fd;

	for (size_t i = 0; i <= ARRAY_LEN(rows); i++) {
		TEST_ROW(i > 0 ? rows[i - 1].name : "missing");
		if (i > 0)
			work.program =
			    write_program(rows[i - 1].name, rows[i - 1].text, rows[i - 1].mode);
		CHECK(keeper_open(&k, &work) == FAIL_NONE);
		for (int k_th = 0; k_th < 3; k_th++) {
			fd = start(&k, 1);
			CHECK(fd >= 0 && has_ended(fd));
			close(fd);
		}
		keeper_close(&k);
	}
}

/* What a program starts ends with it. */
static void
test_grandchildren(void)
{
	const struct keeper_work work = { .program = write_program("starts",
					      "#!/bin/sh\nsleep 1000 3<&- &\necho $! >&3\nwait\n",
					      0755) };
	struct keeper k;
	pid_t pid;
	int fd;

	TEST_ROW("a program's own children");
	CHECK(keeper_open(&k, &work) == FAIL_NONE);
	fd = start(&k, 0);
	pid = read_line_pid(fd);
	CHECK(pid > 0 && process_lives(pid));
	keeper_end(&k, 0);
	CHECK(process_ends(pid));
	close(fd);
	keeper_close(&k);
}

/* The main process is killed, and of all that it had nothing is left. */
static void
test_main_killed(void)
{
	const struct keeper_work work = { .program = write_program("stays",
					      "#!/bin/sh\necho $$ >&3\nexec sleep 1000\n", 0755) };
	struct {
		pid_t keeper, child;
	} pids = { 0 };
	struct keeper k;
	int out[2];
	pid_t main_process;

	TEST_ROW("the main process is killed");
	CHECK(pipe2(out, O_CLOEXEC) == 0);
	main_process = fork();
	if (main_process == 0) {
		if (keeper_open(&k, &work) == FAIL_NONE) {
			pids.keeper = k.pid;
			pids.child = read_line_pid(start(&k, 0));
		}
		while (write(out[1], &pids, sizeof pids) < 0 && errno == EINTR)
			continue;
		for (;;)
			pause();
	}
	CHECK(read(out[0], &pids, sizeof pids) == (ssize_t)sizeof pids);
	CHECK(pids.keeper > 0 && pids.child > 0 && process_lives(pids.child));
	kill(main_process, SIGKILL);
	waitpid(main_process, NULL, 0);
	CHECK(process_ends(pids.child));
	CHECK(process_ends(pids.keeper));
	close(out[0]);
	close(out[1]);
}

static void
test_keeper_killed(void)
{
	struct keeper k;
	struct pollfd hang_up;
	pid_t child;
	int fd;

	TEST_ROW("the keeper is killed");
	CHECK(keeper_open(&k, &echoes) == FAIL_NONE);
	fd = start(&k, 0);
	child = read_pid(fd);
	CHECK(answers(fd));
	kill(k.pid, SIGKILL);
	CHECK(has_ended(fd) && process_ends(child));
	hang_up = (struct pollfd){ .fd = k.fd, .events = POLLIN };
	CHECK(poll(&hang_up, 1, 10000) == 1 && (hang_up.revents & POLLHUP));
	CHECK(keeper_start(&k, 0, fd) == FAIL_PERM);
	keeper_end(&k, 0);
	close(fd);
	keeper_close(&k);
}

int
main(void)
{
	log_capture(quiet, NULL);
	test_places();
	test_program();
	test_no_program();
	test_grandchildren();
	test_main_killed();
	test_keeper_killed();
	return test_end();
}
