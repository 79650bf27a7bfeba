#include "directory/built_in.h"

/* base */
#include "base/log.h"

/* rooms */
#include "directory/child.h"
#include "directory/lines.h"
#include "directory/source_sqlite.h"

static const struct log built_in_log = { .room = "directory" };

static void
answer_line(struct str line, struct buf *out, void *arg)
{
	directory_child_answer(arg, line, out);
}

void
built_in_run(int fd, const void *arg)
{
	const struct built_in *b = arg;
	struct source_sqlite sqlite;
	struct lookup l = { .source = &sqlite.source, .settings = b->settings };

	if (source_sqlite_open(&sqlite, b->path, b->settings->engine_values) != FAIL_NONE) {
		log_error(&built_in_log, "directory.child", LOG_TEXT("path", b->path));
		return;
	}
	directory_lines_serve(fd, answer_line, &l);
	source_sqlite_close(&sqlite);
}
