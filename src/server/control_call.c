/* The control socket, the client's side: a command that waits (control.h). */
#include "server/control.h"

/* system */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json_writer.h"

static int
connect_to(struct str path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (path.n >= sizeof to.sun_path)
		return -1;
	memcpy(to.sun_path, path.p, path.n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool
send_request(FILE *to, const struct str *words, size_t count)
{
	struct buf line;
	struct json_writer w = { .out = &line };
	bool is_sent;

	buf_init(&line, CONTROL_LINE_MAX);
	json_array_begin(&w);
	for (size_t i = 0; i < count; i++)
		json_string(&w, words[i]);
	json_array_end(&w);
	buf_add(&line, STR("\r\n"));
	is_sent =
	    buf_ok(&line) && fwrite(buf_str(&line).p, 1, line.n, to) == line.n && fflush(to) == 0;
	buf_release(&line);
	return is_sent;
}

/* Print what is for us to print; true at the last line, whose number is the exit status. */
static bool
take_line(struct str line, int *status_out)
{
	struct str text = str_from(line, 2);
	uint32_t status;

	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text = str_head(text, text.n - 1);
	if (str_starts(line, STR("+ ")))
		printf("%.*s\n", STR_ARG(text));
	else if (str_starts(line, STR("- ")))
		fprintf(stderr, "%.*s\n", STR_ARG(text));
	if (!str_starts(line, STR("= ")) || !str_u32(&text, 255, &status))
		return false;
	*status_out = (int)status;
	return true;
}

enum fail
control_call(struct str socket_path, const struct str *words, size_t count, int *status_out)
{
	int fd = connect_to(socket_path);
	FILE *both = fd < 0 ? NULL : fdopen(fd, "r+");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	enum fail fail = FAIL_TEMP;

	if (both == NULL)
		return FAIL_MISSING;
	if (send_request(both, words, count)) {
		while (fail != FAIL_NONE && (n = getline(&line, &cap, both)) > 0)
			if (take_line(str_of(line, (size_t)n), status_out))
				fail = FAIL_NONE;
	}
	free(line);
	fclose(both);
	return fail;
}
