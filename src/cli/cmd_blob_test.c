#include "cli/cli.h"

/* system */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/settings.h"
#include "cli/open.h"
#include "s3/s3.h"

#define TEST_NAME ".staunch-test" /* no account's folder: the server takes no notice of it */

static const struct str test_body = STR_INIT("Staunch was here.\n");

/* One question after the other, each of which the server will ask; the first that fails says what is wrong. */
struct blob_test {
	struct s3 *s3;
	struct s3_call call;
	struct task task; /* who is told; s3_wait() turns the loop */
	struct s3_sums sums;
	int fd;
};

static void
test_list(struct blob_test *t)
{
	s3_list_start(t->s3, &t->call, &t->task, STR(""), STR(""));
}

static void
test_put(struct blob_test *t)
{
	s3_put_start(t->s3, &t->call, &t->task, STR(TEST_NAME), test_body, &t->sums);
}

static void
test_get(struct blob_test *t)
{
	s3_get_start(t->s3, &t->call, &t->task, STR(TEST_NAME), t->fd, test_body.n);
}

static void
test_delete(struct blob_test *t)
{
	s3_delete_start(t->s3, &t->call, &t->task, STR(TEST_NAME));
}

static const struct {
	const char *name;
	void (*start)(struct blob_test *);
} steps[] = {
	{ "list", test_list },
	{ "put", test_put },
	{ "get", test_get }, /* verifies length and checksum */
	{ "delete", test_delete },
};

static enum step
nothing_to_do(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

static enum cli_status
run_steps(struct blob_test *t)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		enum fail fail;

		steps[i].start(t);
		fail = s3_wait(t->s3, &t->call);
		if (fail != FAIL_NONE)
			return cli_fail(str_c(steps[i].name),
			    fail == FAIL_MISSING ? "what was put there is gone"
						 : "does not work, see above");
		printf("%-13s works\n", steps[i].name);
	}
	return CLI_OK;
}

/* Whom is asked; and whether that is of any use. */
static void
say_whom(const struct server *s)
{
	const struct s3_settings *settings = config_values(&s->config, &s3_section);
	const struct blob_settings *blob = config_values(&s->config, &blob_section);

	printf("%.*s, bucket %.*s, prefix \"%.*s\"\n", STR_ARG(settings->endpoint),
	    STR_ARG(settings->bucket), STR_ARG(settings->prefix));
	if (blob->engine != BLOB_S3 && !blob->has_mirror)
		printf("nothing uses it yet: [blob] has neither engine = s3 nor mirror = yes\n");
	fflush(stdout); /* before what the log says */
}

static enum cli_status
test(struct s3 *s3)
{
	struct blob_test t = { .s3 = s3, .fd = memfd_create("staunch-test", MFD_CLOEXEC) };
	enum cli_status status;

	if (t.fd < 0)
		return cli_fail(STR("blob test"), "no memory for a file");
	loop_task(s3->loop, &t.task, nothing_to_do, NULL);
	s3_sums_init(&t.sums);
	s3_sums_add(&t.sums, test_body);
	s3_sums_end(&t.sums);
	status = run_steps(&t);
	s3_call_release(&t.call);
	s3_sums_release(&t.sums);
	task_cancel(&t.task);
	close(t.fd);
	return status;
}

enum cli_status
cmd_blob_test(const struct cli *cli)
{
	struct server s;
	struct s3 *s3;
	struct buf why;
	enum cli_status status;

	if (server_version.hands_on)
		return cli_fail(STR("blob test"), "this version has no mailboxes");
	status = cli_open_config(cli, &s);
	buf_init(&why, CONFIG_ERRORS_MAX);
	if (status == CLI_OK) {
		struct s3_settings *settings = config_values(&s.config, &s3_section);

		settings->retry_ms = 0; /* one try tells */
		if (server_reach_s3(&s, &s3, &why) != FAIL_NONE)
			status = CLI_FAILED;
		cli_warn(&why);
		if (status == CLI_OK) {
			say_whom(&s);
			status = test(s3);
		}
	}
	buf_release(&why);
	server_release(&s);
	return status;
}
