#include "backend/backend.h"

/* system */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

/* base */
#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "directory/child.h"
#include "directory/lines.h"
#include "directory/open_line.h"

#define SERVER_FD      3             /* the keeper's doing (directory/keeper.h) */
#define SETTINGS_BYTES (1024 * 1024) /* of the first line and its tree */
#define WHY_MAX        1000          /* bytes of a sentence */

struct program {
	struct lookup lookup; /* its source: own, made by the first line */
	struct directory_settings common;
	void *settings;     /* own: of the engine's section */
	struct arena arena; /* own: their texts */
};

/* Settings are told once. After FAIL_PERM the server ends this process, so there is no second try. */
static void
answer_open(struct program *p, struct str line, struct buf *out)
{
	struct buf why;
	enum fail fail;

	buf_init(&why, WHY_MAX);
	p->settings = mem_new(1, backend.section->struct_size);
	arena_init(&p->arena, SETTINGS_BYTES);
	fail = open_line_read(line, backend.section, p->settings, &p->common, &p->arena, &why);
	log_set_level((enum log_level)p->common.log_level);
	log_set_json(p->common.is_log_json);
	if (fail == FAIL_NONE)
		fail = backend.open(&p->lookup.source, p->settings, &why);
	open_answer_write(out, fail, buf_str(&why));
	buf_release(&why);
}

static void
answer_line(struct str line, struct buf *out, void *arg)
{
	struct program *p = arg;

	if (p->lookup.source)
		directory_child_answer(&p->lookup, line, out);
	else if (p->settings == NULL && open_line_is_one(line))
		answer_open(p, line, out);
	else
		open_answer_write(out, FAIL_PERM, STR("the first line was not understood"));
}

static void
release(struct program *p)
{
	if (p->lookup.source)
		backend.close(&p->lookup.source);
	arena_release(&p->arena);
	mem_free(p->settings);
}

int
main(void)
{
	struct program p = { 0 };

	if (fcntl(SERVER_FD, F_GETFD) < 0) {
		fprintf(stderr,
		    "This program is started by staunch, where [directory] engine says so.\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	p.lookup.settings = &p.common;
	directory_lines_serve(SERVER_FD, answer_line, &p);
	release(&p);
	return 0;
}
