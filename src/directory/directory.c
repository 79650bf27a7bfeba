#include "directory/directory.h"

/* system */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "crypto/random.h"
#include "directory/built_in.h"
#include "directory/child.h"
#include "directory/engine.h"
#include "directory/house.h"
#include "directory/source_sqlite.h"
#include "sys/sys.h"

#define PATH_BYTES_MAX 4096

static const struct log directory_log = { .room = "directory" };

/* --- opening and closing --------------------------------------------------------------------- */

/* Makes the file when missing, and finds out before any child does that it is not ours or a query is wrong. */
static enum fail
check_file(struct str path, const struct directory_settings *settings)
{
	struct source_sqlite s;
	enum fail fail = source_sqlite_open(&s, path, settings->engine_values);

	if (fail != FAIL_NONE)
		return fail;
	fail = source_sqlite_try(&s);
	source_sqlite_close(&s);
	return fail;
}

static enum step
directory_step(struct task *t)
{
	children_serve(container_of(t, struct directory, task));
	return STEP_WAIT;
}

static void
read_stamp(struct directory *d, struct directory_stamp *out)
{
	int fd = sys.open(buf_c(&d->path), O_RDONLY, 0);
	struct stat st;
	struct buf wal;

	*out = (struct directory_stamp){ .inode = -1 };
	if (fd >= 0) {
		/* bytes 24 to 27 of SQLite's header count the changes */
		if (sys.pread(fd, out->counter, sizeof out->counter, 24) == 4 &&
		    sys.fstat(fd, &st) == 0)
			out->inode = (int64_t)st.st_ino;
		sys.close(fd);
	}
	buf_init(&wal, PATH_BYTES_MAX + 4);
	buf_add(&wal, buf_str(&d->path));
	buf_add(&wal, STR("-wal"));
	if (sys.stat(buf_c(&wal), &st) == 0) {
		out->wal_bytes = st.st_size;
		out->wal_changed_ns = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	}
	buf_release(&wal);
}

/* What was learnt before directory.db changed counts no more. One look per turn is enough. */
void
directory_look(struct directory *d)
{
	struct directory_stamp now;

	if (d->settings->engine != DIRECTORY_SQLITE)
		return; /* nobody tells when something changed there */
	if (d->stamp_turn == d->loop->turns + 1)
		return;
	d->stamp_turn = d->loop->turns + 1;
	read_stamp(d, &now);
	if (memcmp(now.counter, d->stamp.counter, sizeof now.counter) == 0 &&
	    now.wal_bytes == d->stamp.wal_bytes && now.inode == d->stamp.inode &&
	    now.wal_changed_ns == d->stamp.wal_changed_ns)
		return;
	d->stamp = now;
	directory_forget(d);
}

/* The children come out of the keeper; with it, all of them that there shall be. */
static enum fail
start_children(struct directory *d, const char *program)
{
	const struct built_in built_in = { buf_str(&d->path), d->settings };
	const struct keeper_work work = { program, built_in_run, &built_in };
	enum fail fail = keeper_open(&d->keeper, &work);

	if (fail == FAIL_NONE)
		fail = watch_start(d->loop, &d->keeper_watch, d->keeper.fd, &d->task);
	for (size_t i = 0; i < d->child_count && fail == FAIL_NONE; i++)
		fail = child_start(&d->children[i]);
	return fail;
}

static enum fail
start_program(struct directory *d)
{
	struct buf path, why;
	enum fail fail;

	buf_init(&path, PATH_BYTES_MAX);
	buf_init(&why, WHY_MAX + PATH_BYTES_MAX);
	if (engine_find_program(d->settings, &path, &why) == FAIL_NONE) {
		fail = start_children(d, buf_c(&path));
	} else {
		log_error(&directory_log, "directory.program",
		    LOG_TEXT("why", str_trim(buf_str(&why))));
		fail = FAIL_PERM;
	}
	buf_release(&path);
	buf_release(&why);
	return fail;
}

static void
make_children(struct directory *d)
{
	d->child_count = (size_t)d->settings->children;
	d->children = mem_new(d->child_count, sizeof *d->children);
	for (size_t i = 0; i < d->child_count; i++) {
		struct directory_child *c = &d->children[i];

		*c = (struct directory_child){ .directory = d,
			.place = i,
			.fd = -1,
			.backoff_ms = BACKOFF_MIN_MS };
		list_init(&c->asks);
		buf_init(&c->in, DIRECTORY_LINE_MAX);
		buf_init_secret(&c->out, (size_t)ASKS_PER_CHILD * DIRECTORY_LINE_MAX);
	}
}

enum fail
directory_open(struct directory **out, struct loop *loop, const struct directory_settings *settings,
    struct str path)
{
	bool is_file = settings->engine == DIRECTORY_SQLITE;
	enum fail fail = is_file ? check_file(path, settings) : FAIL_NONE;
	struct directory *d;

	if (fail != FAIL_NONE)
		return fail;
	d = mem_new(1, sizeof *d);
	d->loop = loop;
	d->settings = settings;
	d->keeper.fd = -1;
	buf_init(&d->why, WHY_MAX);
	buf_init(&d->path, PATH_BYTES_MAX);
	buf_add(&d->path, path);
	list_init(&d->waiting);
	random_bytes(d->secret, sizeof d->secret);
	loop_task(loop, &d->task, directory_step, NULL);
	if (is_file)
		read_stamp(d, &d->stamp);
	make_children(d);
	fail = is_file ? start_children(d, NULL) : start_program(d);
	if (fail == FAIL_NONE)
		*out = d;
	else
		directory_close(&d);
	return fail;
}

void
directory_close(struct directory **dp)
{
	struct directory *d = *dp;
	struct list_node *node;

	if (d == NULL)
		return;
	for (size_t i = 0; i < d->child_count; i++)
		child_stop(&d->children[i]);
	if (d->keeper.fd >= 0)
		watch_stop(d->loop, &d->keeper_watch);
	keeper_close(&d->keeper);
	while ((node = list_first(&d->waiting)) != NULL) {
		struct directory_ask *ask = container_of(node, struct directory_ask, node);

		ask_tell(d, ask, STR(""), FAIL_TEMP);
		ask_free(d, ask);
	}
	timer_stop(d->loop, &d->timer);
	task_cancel(&d->task);
	directory_forget(d);
	map_release(&d->by_key);
	buf_release(&d->path);
	buf_release(&d->why);
	mem_wipe(d->secret, sizeof d->secret);
	mem_free(d->children);
	mem_free(d);
	*dp = NULL;
}

bool
directory_is_lost(const struct directory *d)
{
	return d->is_lost;
}

struct str
directory_why(const struct directory *d)
{
	return buf_str(&d->why);
}

/* Where nobody tells of changes, what lasts is believed for as long as a login that was remembered. */
uint64_t
directory_epoch(struct directory *d)
{
	directory_look(d);
	if (d->settings->engine == DIRECTORY_SQLITE)
		return d->epoch;
	return d->epoch + (uint64_t)(clock_mono_ms() / i64_max(d->settings->login_cache_ms, 1));
}

void
directory_forget(struct directory *d)
{
	d->epoch++;
	cache_clear(&d->answers);
	cache_clear(&d->logins);
}
