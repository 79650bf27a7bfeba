#include "blob/migrate.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/remote.h"
#include "sys/sys.h"

#define AT_ONCE 8 /* messages */

/* A message under way. */
struct slot {
	struct s3_call call;
	struct blob_map map;  /* up */
	struct s3_sums sums;  /* up */
	struct blob_path tmp; /* down */
	int fd;               /* down */
	uint64_t size;
	struct buf folder, name; /* own */
	bool is_busy;
};

struct migration {
	struct blob_migrate *m;
	struct blob_store *b;
	struct slot slots[AT_ONCE];
	struct buf folder; /* of the account that is walked over */
};

/* --- slots ----------------------------------------------------------------------------------- */

static void
say_failed(struct migration *g, struct str folder, struct str name, const char *why)
{
	g->m->failures++;
	g->m->failed(g->m, folder, name, why);
}

/* Whole and verified: to where it is read. */
static bool
settle_down(struct migration *g, struct slot *s)
{
	struct blob_path to;

	return blob_path(g->b, &to, buf_str(&s->folder), "cur", buf_str(&s->name)) == FAIL_NONE &&
	    sys.fdatasync(s->fd) == 0 && sys.rename(s->tmp.bytes, to.bytes) == 0;
}

static void
slot_end(struct migration *g, struct slot *s)
{
	bool is_down = s->fd >= 0;
	enum fail fail = s->call.op.fail;

	if (fail != FAIL_NONE)
		say_failed(g, buf_str(&s->folder), buf_str(&s->name),
		    fail == FAIL_MISSING ? "is gone" : "S3 does not give or take it, see the log");
	else if (is_down && !settle_down(g, s))
		say_failed(g, buf_str(&s->folder), buf_str(&s->name), strerror(errno));
	else
		g->m->copied++, g->m->bytes += s->size;
	if (is_down) {
		sys.close(s->fd);
		(void)sys.unlink(s->tmp.bytes); /* moved, or no good */
	}
	s3_call_release(&s->call);
	blob_unmap(&s->map);
	s3_sums_release(&s->sums);
	buf_release(&s->folder);
	buf_release(&s->name);
	*s = (struct slot){ .fd = -1 };
}

/* Turn the loop until a slot is free, or all are. */
static struct slot *
wait_for(struct migration *g, bool for_all)
{
	for (;;) {
		struct slot *found = NULL;
		size_t busy = 0;

		for (size_t i = 0; i < AT_ONCE; i++) {
			struct slot *s = &g->slots[i];

			if (s->is_busy && !op_pending(&s->call.op))
				slot_end(g, s);
			busy += s->is_busy;
			if (!s->is_busy)
				found = s;
		}
		if (for_all ? busy == 0 : found != NULL)
			return found;
		loop_turn(g->m->s3->loop, -1);
	}
}

static struct slot *
slot_take(struct migration *g, struct str folder, struct str name, struct buf *key_out)
{
	struct slot *s = wait_for(g, false);

	s->is_busy = true;
	s->size = blob_name_size(name);
	buf_init(&s->folder, BLOB_FOLDER_MAX);
	buf_init(&s->name, BLOB_NAME_MAX);
	buf_add(&s->folder, folder);
	buf_add(&s->name, name);
	blob_object_key(key_out, folder, name);
	return s;
}

/* --- up -------------------------------------------------------------------------------------- */

static void
put(struct migration *g, struct str folder, struct str name, struct blob_map map)
{
	struct buf key;
	struct slot *s = slot_take(g, folder, name, &key);

	s->map = map;
	s3_sums_init(&s->sums);
	s3_sums_add(&s->sums, map.bytes);
	s3_sums_end(&s->sums);
	s3_put_start(g->m->s3, &s->call, &g->b->remote->task, buf_str(&key), map.bytes, &s->sums);
	buf_release(&key);
}

/* It is there already, as a whole file here has it. */
static bool
is_up(struct str name, uint64_t size, const struct blob_path *path)
{
	return blob_name_is_ours(name) && size == blob_name_size(name) &&
	    blob_is_whole(path->bytes, name);
}

static enum fail
file_up(void *arg, struct str entry)
{
	struct migration *g = arg;
	struct str folder = buf_str(&g->folder), name = blob_cur_name(entry);
	struct blob_map map = { .is_mapped = false };
	struct blob_path path;
	uint64_t size;
	enum fail fail = blob_object_size(g->b->remote, folder, name, &size);

	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return fail;
	g->m->seen++;
	if (blob_path(g->b, &path, folder, "cur", name) != FAIL_NONE) {
		say_failed(g, folder, name, "cannot be read");
	} else if (fail == FAIL_NONE && is_up(name, size, &path)) {
		g->m->were_there++;
	} else if (blob_map_path(g->b, path.bytes, &map) != FAIL_NONE) {
		say_failed(g, folder, name, "cannot be read");
	} else if (!blob_name_is_ours(name) || map.bytes.n != blob_name_size(name)) {
		say_failed(g, folder, name, "has not the size that its name says");
		blob_unmap(&map);
	} else {
		put(g, folder, name, map);
	}
	return FAIL_NONE;
}

static enum fail
account_up(void *arg, struct str entry)
{
	struct migration *g = arg;
	struct blob_path path;
	struct buf account;
	enum fail fail = FAIL_NONE;

	buf_init(&account, BLOB_FOLDER_MAX);
	if (blob_folder_account(entry, &account) && !str_eq(buf_str(&account), g->m->local)) {
		buf_clear(&g->folder);
		buf_add(&g->folder, entry);
		fail = blob_path(g->b, &path, entry, "cur", STR(""));
		if (fail == FAIL_NONE)
			fail = blob_each_entry(g->b, path.bytes, file_up, g);
	}
	buf_release(&account);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
all_up(struct migration *g)
{
	struct blob_path path;
	enum fail fail = blob_path(g->b, &path, STR(""), "", STR(""));

	return fail == FAIL_NONE ? blob_each_entry(g->b, path.bytes, account_up, g) : fail;
}

/* --- down ------------------------------------------------------------------------------------ */

/* No name that the start of a server would take for a message. */
static enum fail
open_tmp(struct migration *g, struct slot *s, struct str folder)
{
	char sub[32];
	enum fail fail;

	snprintf(sub, sizeof sub, "tmp/.migrate%u", (unsigned)(s - g->slots));
	fail = blob_path(g->b, &s->tmp, folder, sub, STR(""));
	if (fail == FAIL_NONE)
		fail = blob_create(g->b, folder, &s->tmp, O_RDWR | O_TRUNC, &s->fd);
	return fail;
}

static enum fail
get(struct migration *g, struct str folder, struct str name)
{
	struct buf key;
	struct slot *s = slot_take(g, folder, name, &key);
	enum fail fail = open_tmp(g, s, folder);

	if (fail == FAIL_NONE) {
		s3_get_start(g->m->s3, &s->call, &g->b->remote->task, buf_str(&key), s->fd,
		    s->size);
	} else {
		buf_release(&s->folder);
		buf_release(&s->name);
		s->is_busy = false;
	}
	buf_release(&key);
	return fail;
}

static enum fail
object_down(void *arg, struct str folder, struct str name, uint64_t size)
{
	struct migration *g = arg;
	struct blob_path path;
	struct buf account;
	bool is_ours;

	buf_init(&account, BLOB_FOLDER_MAX);
	is_ours = blob_name_is_ours(name) && blob_folder_account(folder, &account) &&
	    !str_eq(buf_str(&account), g->m->local);
	buf_release(&account);
	if (!is_ours)
		return FAIL_NONE;
	g->m->seen++;
	if (blob_path(g->b, &path, folder, "cur", name) != FAIL_NONE ||
	    size != blob_name_size(name)) {
		say_failed(g, folder, name, "has not the size that its name says");
		return FAIL_NONE;
	}
	if (blob_is_whole(path.bytes, name)) {
		g->m->were_there++;
		return FAIL_NONE;
	}
	return get(g, folder, name);
}

/* --- both ------------------------------------------------------------------------------------ */

static enum fail
migrate(struct blob_migrate *m, bool is_up)
{
	const struct blob_settings mirror = { .engine = BLOB_MAILDIR, .has_mirror = true };
	const struct blob_s3_options options = { .s3 = m->s3,
		.settings = &mirror,
		.local = m->local };
	struct migration *g = mem_new(1, sizeof *g);
	enum fail fail = blob_open(&g->b, NULL, NULL, m->folder);

	g->m = m;
	for (size_t i = 0; i < AT_ONCE; i++)
		g->slots[i].fd = -1;
	buf_init(&g->folder, BLOB_FOLDER_MAX);
	if (fail == FAIL_NONE)
		fail = blob_use_s3(g->b, &options);
	if (fail == FAIL_NONE)
		fail = is_up ? all_up(g) : blob_each_object(g->b->remote, STR(""), object_down, g);
	wait_for(g, true);
	if (fail == FAIL_NONE && !is_up)
		fail = blob_sync_tree(g->b);
	blob_close(&g->b);
	buf_release(&g->folder);
	mem_free(g);
	return fail;
}

enum fail
blob_migrate_up(struct blob_migrate *m)
{
	return migrate(m, true);
}

enum fail
blob_migrate_down(struct blob_migrate *m)
{
	return migrate(m, false);
}
