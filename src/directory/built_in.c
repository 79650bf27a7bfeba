#include "directory/built_in.h"

/* base */
#include "base/log.h"

/* rooms */
#include "directory/child.h"
#include "directory/db.h"
#include "directory/lines.h"

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
	struct lookup l = { .settings = b->settings };

	if (db_open(&l.db, b->path) != FAIL_NONE) {
		log_error(&built_in_log, "directory.child", LOG_TEXT("path", b->path));
		return;
	}
	directory_lines_serve(fd, answer_line, &l);
	db_close(&l.db);
}
