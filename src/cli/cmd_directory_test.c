#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "cli/open.h"
#include "directory/directory.h"
#include "directory/engine.h"

#define TURN_MS      100        /* between two looks whether somebody says why not */
#define OUTPUT_BYTES (16 << 20) /* a list of 10 000 members has 3 MB */

/* A question, and who waits for it. */
struct asker {
	struct server *s;
	struct loop *loop;
	struct task task;
	struct directory_query q;
};

static enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

/* Until the answer is there, or a program says that it cannot give any. */
static enum fail
wait_for(struct asker *a)
{
	while (op_pending(&a->q.op) && str_empty(directory_why(a->s->directory)))
		loop_turn(a->loop, TURN_MS);
	return op_pending(&a->q.op) ? FAIL_TEMP : a->q.op.fail;
}

static void
add_line(struct buf *out, const char *what, struct str text)
{
	buf_add_c(out, what);
	buf_add(out, text);
	buf_add_char(out, '\n');
}

static void
describe_account(struct buf *out, const struct directory_account *account)
{
	add_line(out, "account       ", account->name);
	add_line(out, "  name        ", account->display_name);
	buf_add_c(out, "  quota       ");
	buf_add_i64(out, account->quota_bytes);
	buf_add_c(out, " bytes, ");
	buf_add_i64(out, account->quota_messages);
	buf_add_c(out, " messages (0: no limit)\n");
	add_line(out, "  enabled     ", account->is_enabled ? STR("yes") : STR("no"));
	for (size_t i = 0; i < account->address_count; i++)
		add_line(out, "  address     ", account->addresses[i]);
	for (size_t i = 0; i < account->group_count; i++)
		add_line(out, "  group       ", account->groups[i]);
}

static void
describe_targets(struct buf *out, const struct directory_query *q)
{
	for (size_t i = 0; i < q->target_count; i++) {
		add_line(out,
		    q->targets[i].kind == DIRECTORY_LOCAL ? "mail goes to  " : "mail goes on  ",
		    q->targets[i].name);
		if (!str_empty(q->targets[i].list))
			add_line(out, "  by the list ", q->targets[i].list);
	}
}

/* What came instead of an answer. */
static enum cli_status
tell_trouble(const struct asker *a, struct str name)
{
	struct str why = directory_why(a->s->directory);
	struct buf line;
	enum cli_status status;

	if (str_empty(why))
		return cli_fail(name, "no answer, see the lines above");
	buf_init(&line, OUTPUT_BYTES);
	buf_add(&line, why);
	status = cli_fail(name, buf_c(&line));
	buf_release(&line);
	return status;
}

static const char *const refusals[FAIL_COUNT] = { [FAIL_SYNTAX] = "that is no address",
	[FAIL_DENIED] = "its domain is not ours",
	[FAIL_MISSING] = "there is no such account, alias or list",
	[FAIL_PERM] = "it leads nowhere: aliases in a circle, or to what is gone" };

static enum cli_status
ask(struct asker *a, struct str name, struct buf *out)
{
	struct directory *d = a->s->directory;
	enum fail account, target;

	directory_account_start(d, &a->q, &a->task, name);
	account = wait_for(a);
	if (account == FAIL_NONE)
		describe_account(out, &a->q.account);
	else if (account != FAIL_MISSING)
		return tell_trouble(a, name);
	directory_verify_start(d, &a->q, &a->task, name);
	target = wait_for(a);
	if (target == FAIL_NONE)
		describe_targets(out, &a->q);
	else if (target == FAIL_TEMP || target == FAIL_LIMIT)
		return tell_trouble(a, name);
	else
		return cli_fail(name, refusals[target]);
	return CLI_OK;
}

static enum cli_status
open_and_ask(struct server *s, struct str name, struct buf *out)
{
	struct asker a = { .s = s };
	struct loop loop;
	struct buf why;
	enum cli_status status;

	buf_init(&why, CONFIG_ERRORS_MAX);
	if (loop_init(&loop) != FAIL_NONE)
		return CLI_FAILED;
	a.loop = &loop;
	loop_task(&loop, &a.task, no_step, NULL);
	if (server_become_user(s, &why) == FAIL_NONE &&
	    server_open_directory(s, &loop, &why) == FAIL_NONE)
		status = ask(&a, name, out);
	else
		status = CLI_FAILED;
	cli_warn(&why);
	buf_release(&why);
	directory_query_release(&a.q);
	directory_close(&s->directory);
	task_cancel(&a.task);
	loop_release(&loop);
	return status;
}

/* Without a password: what the engine says of an account, and where its mail goes. */
enum cli_status
cmd_directory_test(const struct cli *cli)
{
	struct server s;
	struct buf out;
	enum cli_status status = cli_open_config(cli, &s), printed;

	buf_init(&out, OUTPUT_BYTES);
	if (status == CLI_OK) {
		const struct directory_settings *settings =
		    config_values(&s.config, &directory_section);

		add_line(&out, "accounts in   ", str_c(directory_engines[settings->engine].title));
		status = open_and_ask(&s, cli->arguments[0], &out);
		printed = cli_print(&out);
		status = status == CLI_OK ? printed : status;
	}
	buf_release(&out);
	server_release(&s);
	return status;
}
