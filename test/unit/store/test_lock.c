#include "store/lock.h"

/* system */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* What another process gets that tries; it exits with the outcome. */
static enum fail
try_elsewhere(struct str folder, struct buf *errors)
{
	int pipe_fds[2], status;
	char text[256];
	ssize_t n;
	pid_t pid;

	invariant(pipe(pipe_fds) == 0);
	pid = fork();
	invariant(pid >= 0);
	if (pid == 0) {
		struct store_lock lock;
		struct buf why;
		enum fail fail;

		buf_init(&why, 1024);
		fail = store_lock(&lock, folder, &why);
		n = write(pipe_fds[1], buf_str(&why).p, why.n);
		_exit(n == (ssize_t)why.n ? (int)fail : 99);
	}
	close(pipe_fds[1]);
	buf_clear(errors);
	while ((n = read(pipe_fds[0], text, sizeof text)) > 0)
		buf_add(errors, str_of(text, (size_t)n));
	close(pipe_fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? (enum fail)WEXITSTATUS(status) : FAIL_COUNT;
}

/* A child that was forked by the holder, and outlives it, does not keep the lock. */
static void
test_orphan(struct str folder)
{
	struct buf errors;
	int ready[2], status;
	char byte;
	pid_t holder, child;

	TEST_ROW("children do not keep it");
	buf_init(&errors, 1024);
	invariant(pipe(ready) == 0);
	holder = fork();
	invariant(holder >= 0);
	if (holder == 0) {
		struct store_lock lock;

		if (store_lock(&lock, folder, NULL) != FAIL_NONE)
			_exit(1);
		child = fork();
		if (child == 0) {
			pause();
			_exit(0);
		}
		_exit(write(ready[1], &child, sizeof child) == sizeof child ? 0 : 2);
	}
	waitpid(holder, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_NUM(read(ready[0], &child, sizeof child), sizeof child);
	CHECK_NUM(try_elsewhere(folder, &errors), FAIL_NONE);
	kill(child, SIGKILL);
	close(ready[1]);
	CHECK_NUM(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	buf_release(&errors);
}

int
main(void)
{
	struct str folder = str_c(test_folder());
	struct store_lock lock;
	struct buf errors;
	char pid[32];

	buf_init(&errors, 1024);
	TEST_ROW("free");
	CHECK_NUM(try_elsewhere(folder, &errors), FAIL_NONE);
	CHECK_NUM(errors.n, 0);

	TEST_ROW("taken");
	CHECK_NUM(store_lock(&lock, folder, &errors), FAIL_NONE);
	CHECK_NUM(try_elsewhere(folder, &errors), FAIL_DENIED);
	snprintf(pid, sizeof pid, "(process %d)", (int)getpid());
	CHECK(str_find(buf_str(&errors), STR("in use by a running server")) != STR_NONE);
	CHECK(str_find(buf_str(&errors), str_c(pid)) != STR_NONE);

	TEST_ROW("free again");
	store_unlock(&lock);
	store_unlock(&lock);
	CHECK_NUM(try_elsewhere(folder, &errors), FAIL_NONE);

	TEST_ROW("no folder");
	buf_clear(&errors);
	CHECK_NUM(store_lock(&lock, STR("/nonexistent/folder"), &errors), FAIL_TEMP);
	CHECK(str_find(buf_str(&errors), STR("No such file")) != STR_NONE);
	store_unlock(&lock);

	test_orphan(folder);
	buf_release(&errors);
	return test_end();
}
