/*
 * Kill a process with SIGKILL at random moments while it delivers, links and deletes; it tells its
 * parent through a pipe what was committed. After each kill the next start must have all of that.
 */
/* system */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "../lib/chance.h"
#include "../lib/small_mail.h"
#include "sys/sys.h"

#define KILLS        40
#define KILL_US_MAX  50000
#define NUMBERS      4000 /* the child begins again at 0 and goes past what is there */
#define PER_TURN_MAX 5

enum told { TOLD_NOTHING, TOLD_THERE, TOLD_GONE };

struct news { /* what goes through the pipe after a commit */
	uint32_t number;
	uint32_t told;
};

static char folder[256];
static enum told told[NUMBERS];

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* Turns without end: up to five messages of random sizes, then perhaps drop one. */
static void
child(int out, uint32_t first, unsigned seed)
{
	struct small_mail m;
	uint32_t number = first;

	chance_seed(seed);
	if (small_open(&m, NULL, str_c(folder)) != FAIL_NONE)
		_exit(1);
	for (;;) {
		struct news news[PER_TURN_MAX + 1];
		size_t count = 0;
		int many = 1 + (int)chance_below(PER_TURN_MAX);

		for (int i = 0; i < many && number < NUMBERS; i++, number++) {
			struct str account = chance_below(2) ? STR("ann") : STR("bob");
			uint32_t size = (uint32_t)chance_below(chance_below(4) ? 9000 : 200000);

			if (small_add(&m, account, number, size) != FAIL_NONE)
				_exit(2);
			news[count++] = (struct news){ number, TOLD_THERE };
		}
		if (number > 3 && chance_below(3) == 0) {
			uint32_t old = (uint32_t)chance_below(number);

			if (small_drop(&m, old) == FAIL_NONE)
				news[count++] = (struct news){ old, TOLD_GONE };
		}
		if (blob_commit(m.blob) != FAIL_NONE)
			_exit(3);
		if (write(out, news, count * sizeof *news) < 0 || number >= NUMBERS)
			_exit(4);
	}
}

static uint32_t
hear(int in, uint32_t next)
{
	struct news news;

	while (read(in, &news, sizeof news) == (ssize_t)sizeof news) {
		if (news.number < NUMBERS)
			told[news.number] = news.told == TOLD_GONE ? TOLD_GONE : TOLD_THERE;
		if (news.told == TOLD_THERE && news.number >= next)
			next = news.number + 1;
	}
	return next;
}

/* How far the child came, told or not. */
static uint32_t
compare(uint32_t next)
{
	struct small_mail m;
	int lost = 0;

	if (!CHECK_NUM(small_open(&m, NULL, str_c(folder)), FAIL_NONE))
		return next;
	for (uint32_t i = 0; i < NUMBERS && i < next + 2 * PER_TURN_MAX; i++) {
		enum fail fail = small_look(&m, i);

		if (told[i] == TOLD_THERE && fail == FAIL_MISSING) {
			lost++; /* dropped by the last turn, which was not told any more */
			told[i] = TOLD_GONE;
		} else if (told[i] == TOLD_THERE) {
			CHECK_NUM(fail, FAIL_NONE);
		} else if (told[i] == TOLD_GONE) {
			CHECK_NUM(fail, FAIL_MISSING);
		} else if (fail == FAIL_NONE) {
			told[i] = TOLD_THERE;
			next = i + 1;
		}
	}
	CHECK(lost <= 1);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
	return next;
}

static uint32_t
kill_one(uint32_t next, unsigned seed)
{
	struct timespec pause = { .tv_nsec = 0 };
	int pipe_fds[2], status;
	pid_t pid;

	invariant(pipe(pipe_fds) == 0);
	pid = fork();
	invariant(pid >= 0);
	if (pid == 0) {
		close(pipe_fds[0]);
		child(pipe_fds[1], next, seed);
	}
	close(pipe_fds[1]);
	pause.tv_nsec = (long)chance_below(KILL_US_MAX) * 1000;
	nanosleep(&pause, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 4));
	next = hear(pipe_fds[0], next);
	close(pipe_fds[0]);
	return compare(next);
}

int
main(void)
{
	uint32_t next = 0;
	unsigned seed;

	log_capture(swallow, NULL);
	sys_random(&seed, sizeof seed);
	printf("seed %u\n", seed);
	chance_seed(seed);
	snprintf(folder, sizeof folder, "%s/data", test_folder());
	small_fresh_folder(folder);
	TEST_ROW("kill");
	for (unsigned i = 0; i < KILLS; i++)
		next = kill_one(next, seed + i);
	CHECK(next > 0); /* it did work in between */
	return test_end();
}
