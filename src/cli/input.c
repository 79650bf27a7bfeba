#include "cli/cli.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* rooms */
#include "sys/sys.h"

static enum fail
read_line(struct buf *out)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		buf_add_char(out, c);
	if (out->n > 0 && buf_str(out).p[out->n - 1] == '\r')
		buf_truncate(out, out->n - 1);
	return buf_ok(out) && out->n > 0 ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
prompt(const char *text, struct buf *out)
{
	struct termios before, silent;
	enum fail fail;

	fprintf(stderr, "%s: ", text);
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return FAIL_TEMP;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fail = read_line(out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fprintf(stderr, "\n");
	return fail;
}

enum fail
cli_read_secret(const struct cli *cli, struct buf *secret)
{
	struct buf again;
	enum fail fail;

	if (cli->is_stdin || !isatty(STDIN_FILENO)) {
		fail = read_line(secret);
		if (fail != FAIL_NONE)
			cli_fail(STR("password"), "is empty or longer than anyone types");
		return fail;
	}
	buf_init_secret(&again, CLI_SECRET_MAX);
	fail = prompt("Password", secret);
	if (fail == FAIL_NONE)
		fail = prompt("Again", &again);
	if (fail == FAIL_NONE && !str_eq(buf_str(secret), buf_str(&again)))
		fail = FAIL_DENIED;
	if (fail != FAIL_NONE)
		cli_fail(STR("password"),
		    fail == FAIL_DENIED ? "the two differ" : "none was given");
	buf_release(&again);
	return fail;
}

enum fail
cli_read_file(struct str path, struct buf *out)
{
	struct buf name;
	ssize_t got = 0;
	int fd = STDIN_FILENO;

	buf_init(&name, 4096);
	buf_add(&name, path);
	if (!str_eq(path, STR("-")))
		fd = sys.open(buf_c(&name), O_RDONLY, 0);
	buf_release(&name);
	while (fd >= 0) {
		char *room = buf_room(out, 65536);

		got = room ? sys.read(fd, room, 65536) : -1;
		if (got <= 0)
			break;
		buf_grow(out, (size_t)got);
	}
	if (fd < 0 || got < 0) {
		cli_fail(path, strerror(errno));
		if (fd > STDIN_FILENO)
			sys.close(fd);
		return FAIL_MISSING;
	}
	if (fd > STDIN_FILENO)
		sys.close(fd);
	return FAIL_NONE;
}
