#include "directory/house.h"

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "directory/engine.h"
#include "directory/open_line.h"

static const struct log opening_log = { .room = "directory" };

void
opening_begin(struct directory_child *c)
{
	struct directory *d = c->directory;

	c->is_open = d->settings->engine == DIRECTORY_SQLITE;
	if (c->is_open)
		return;
	open_line_write(&c->out, d->settings);
	buf_add_char(&c->out, '\n');
}

/* Every child says the same, and after each restart again: one line in the log is enough. */
static void
note(struct directory *d, enum fail fail, struct str why)
{
	struct str engine = str_c(directory_engines[d->settings->engine].title);

	if (str_eq(buf_str(&d->why), why))
		return;
	buf_clear(&d->why);
	buf_add(&d->why, why);
	if (fail == FAIL_NONE)
		log_info(&opening_log, "directory.opened", LOG_TEXT("engine", engine));
	else if (fail == FAIL_TEMP)
		log_warn(&opening_log, "directory.unreachable", LOG_TEXT("engine", engine),
		    LOG_TEXT("why", why));
	else
		log_error(&opening_log, "directory.settings", LOG_TEXT("engine", engine),
		    LOG_TEXT("why", why));
}

bool
opening_line(struct directory_child *c, struct str line)
{
	struct buf why;
	enum fail fail;
	bool is_answer;

	buf_init(&why, WHY_MAX);
	is_answer = open_answer_read(line, &fail, &why);
	if (is_answer) {
		if (fail != FAIL_NONE && str_empty(buf_str(&why)))
			buf_add_c(&why, "it does not say why");
		note(c->directory, fail, fail == FAIL_NONE ? STR("") : buf_str(&why));
		c->is_open = fail != FAIL_PERM;
		c->heard_ms = clock_mono_ms();
		if (fail == FAIL_PERM) /* nothing changes soon */
			c->backoff_ms = BACKOFF_MAX_MS;
	}
	buf_release(&why);
	return is_answer && c->is_open;
}
