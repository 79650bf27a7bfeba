#include "directory/lines.h"

/* system */
#include <errno.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "directory/child.h"
#include "sys/sys.h"

#define READ_BYTES (32 * 1024) /* at a time */
#define WAITING_MAX \
	(2 * 1024 * 1024) /* bytes of questions that have come already: a handful of the longest */

static bool
send_all(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t n = sys.send(fd, text.p, text.n, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = str_from(text, (size_t)n);
	}
	return true;
}

static bool
answer_lines(int fd, struct buf *in, directory_line_fn *fn, void *arg)
{
	size_t end;

	while ((end = str_find_char(buf_str(in), '\n')) != STR_NONE) {
		struct buf out;
		bool is_sent;

		buf_init(&out, DIRECTORY_LINE_MAX);
		fn(str_head(buf_str(in), end), &out, arg);
		buf_add_char(&out, '\n');
		is_sent = buf_ok(&out) && send_all(fd, buf_str(&out));
		buf_release(&out);
		mem_wipe(in->p + in->start, end);
		buf_consume(in, end + 1);
		if (!is_sent)
			return false;
	}
	return true;
}

void
directory_lines_serve(int fd, directory_line_fn *fn, void *arg)
{
	struct buf in;

	buf_init(&in, WAITING_MAX);
	for (;;) {
		char *room = buf_room(&in, READ_BYTES);
		ssize_t n = room ? sys.recv(fd, room, READ_BYTES, 0) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_grow(&in, (size_t)n);
		if (!answer_lines(fd, &in, fn, arg))
			break;
	}
	buf_release(&in);
}
