#include "cli/cli.h"

/* system */
#include <stdio.h>

/* rooms */
#include "blob/migrate.h"
#include "blob/settings.h"
#include "cli/open.h"
#include "queue/queue.h"

static void
report(struct blob_migrate *m, struct str folder, struct str name, const char *why)
{
	(void)m;
	printf("%.*s/%.*s: %s\n", STR_ARG(folder), STR_ARG(name), why);
}

/* All are there: the next start may use either. */
static enum cli_status
remember(struct server *s, bool is_up)
{
	struct buf why;
	enum fail fail;

	buf_init(&why, CONFIG_ERRORS_MAX);
	fail = server_migrated(s, is_up ? BLOB_MAILDIR : BLOB_S3, is_up ? BLOB_S3 : BLOB_MAILDIR,
	    &why);
	cli_warn(&why);
	buf_release(&why);
	return fail == FAIL_NONE ? CLI_OK : CLI_FAILED;
}

static enum cli_status
migrate(struct server *s, struct s3 *s3, bool is_up)
{
	struct blob_migrate m = { .s3 = s3,
		.folder = server_path(s, "mail"),
		.local = STR(QUEUE_FOLDER),
		.failed = report };
	enum fail fail = is_up ? blob_migrate_up(&m) : blob_migrate_down(&m);

	printf("%llu messages: %llu copied (%llu bytes), %llu were there, %llu failed\n",
	    (unsigned long long)m.seen, (unsigned long long)m.copied, (unsigned long long)m.bytes,
	    (unsigned long long)m.were_there, (unsigned long long)m.failures);
	if (fail == FAIL_NONE && m.failures == 0)
		return remember(s, is_up);
	if (fail != FAIL_NONE)
		return cli_fail(STR("migrate"),
		    "could not be finished: mend what is said above, and run it again");
	return CLI_FAILED;
}

enum cli_status
cmd_blob_migrate(const struct cli *cli)
{
	bool is_up =
	    str_eq(cli->arguments[0], STR("maildir")) && str_eq(cli->arguments[1], STR("s3"));
	bool is_down =
	    str_eq(cli->arguments[0], STR("s3")) && str_eq(cli->arguments[1], STR("maildir"));
	struct server s;
	struct s3 *s3;
	struct buf why;
	enum cli_status status;

	if (!is_up && !is_down) {
		cli_fail(STR("blob migrate"), "wants `maildir s3` or `s3 maildir`");
		return CLI_USAGE;
	}
	if (server_version.hands_on)
		return cli_fail(STR("blob migrate"), "this version has no mailboxes");
	status = cli_open_config(cli, &s);
	buf_init(&why, CONFIG_ERRORS_MAX);
	if (status == CLI_OK && server_open_s3(&s, &s3, &why) != FAIL_NONE)
		status = CLI_FAILED;
	cli_warn(&why);
	buf_release(&why);
	if (status == CLI_OK)
		status = migrate(&s, s3, is_up);
	server_release(&s);
	return status;
}
