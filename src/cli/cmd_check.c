#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "blob/blob.h"
#include "cli/open.h"
#include "mail/mail.h"
#include "queue/admin.h"
#include "store/store.h"

struct check {
	struct mail_check mail;
	struct queue_check queue;
	bool is_repair, is_forced;
	unsigned long files; /* that nobody names */
};

static void
report(struct mail_check *mail, struct str line)
{
	(void)mail;
	printf("%.*s\n", STR_ARG(line));
}

static void
report_queue(struct queue_check *queue, struct str line)
{
	(void)queue;
	printf("%.*s\n", STR_ARG(line));
}

static void
report_file(void *arg, struct str account, struct str name)
{
	struct check *check = arg;

	check->files++;
	printf("%.*s/%.*s: a file that no message names\n", STR_ARG(account), STR_ARG(name));
}

static void
report_nothing(struct mail_check *mail, struct str line)
{
	(void)mail;
	(void)line;
}

/*
 * A disk that is not mounted, another bucket or prefix: then most messages seem lost, and a repair would take them
 * out. FAIL_DENIED.
 */
static enum fail
look_before(struct server *s, struct buf *why)
{
	struct mail_check look = { .report = report_nothing };
	enum fail fail = mail_check(s->mail, &look);

	if (fail != FAIL_NONE || look.lost * 2 <= look.emails)
		return fail;
	buf_add_u64(why, look.lost);
	buf_add_c(why, " of ");
	buf_add_u64(why, look.emails);
	buf_add_c(why,
	    " messages have no file: is the disk mounted, are [server] data, [blob] and [s3] right? "
	    "--force takes them out\n");
	return FAIL_DENIED;
}

static enum fail
verify(struct server *s, struct check *check, struct buf *why)
{
	enum fail fail = store_verify(s->store, why);

	if (fail == FAIL_NONE && check->is_repair && !check->is_forced)
		fail = look_before(s, why);
	if (fail == FAIL_NONE)
		fail = mail_check(s->mail, &check->mail);
	if (fail == FAIL_NONE && s->queue)
		fail = queue_check(s->queue, &check->queue);
	if (fail == FAIL_NONE)
		fail = blob_check(s->blobs, check->is_repair, report_file, check);
	if (fail == FAIL_NONE && check->is_repair)
		fail = blob_commit(s->blobs);
	if (fail != FAIL_NONE && why->n == 0)
		buf_add(why, STR("the check could not be finished, see above\n"));
	return fail;
}

enum cli_status
cmd_check(const struct cli *cli)
{
	struct server s;
	struct check check = { .mail = { .report = report, .repair = cli->is_repair },
		.queue = { .report = report_queue, .is_repair = cli->is_repair },
		.is_repair = cli->is_repair,
		.is_forced = cli->is_forced };
	struct buf why;
	enum cli_status status = cli_open_config(cli, &s);
	unsigned long found;

	buf_init(&why, CONFIG_ERRORS_MAX);
	if (status == CLI_OK &&
	    (server_open_mail(&s, &why) != FAIL_NONE || verify(&s, &check, &why) != FAIL_NONE))
		status = CLI_FAILED;
	cli_warn(&why);
	buf_release(&why);
	server_release(&s);
	if (status != CLI_OK)
		return status;
	found = (unsigned long)(check.mail.findings + check.queue.findings) + check.files;
	printf("%lu accounts, %lu mailboxes, %lu messages, %lu in the queue: %lu findings%s\n",
	    (unsigned long)check.mail.accounts, (unsigned long)check.mail.mailboxes,
	    (unsigned long)check.mail.emails, (unsigned long)check.queue.messages, found,
	    found > 0 && cli->is_repair ? ", repaired where possible" : "");
	return found > 0 && !cli->is_repair ? CLI_FAILED : CLI_OK;
}
