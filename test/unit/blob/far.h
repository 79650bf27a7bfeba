/*
 * far.h - a store and its messages on an S3 server, all within one loop, for the tests of blob.
 */
#ifndef TEST_UNIT_BLOB_FAR_H
#define TEST_UNIT_BLOB_FAR_H

#include "blob/blob.h"

/* system */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/settings.h"
#include "lib/s3_server.h"
#include "lib/small_mail.h"
#include "store/key.h"

#define LOCAL STR("/queue")
#define ANN   STR("ann")
#define BOB   STR("bob")

static struct loop loop;
static struct net net;
static struct dns dns;
static struct s3_server server;
static struct s3 s3;
static struct task task;
static struct store *store;
static struct blob_store *blob;
static struct blob_namer namer;
static struct blob_settings settings;
static char folder[256];

static inline enum step
task_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

/* --- naming ---------------------------------------------------------------------------------- */

struct deed {
	struct str account, name;
	bool is_drop, is_undone, is_account;
};

static inline void
name_key(struct key *k, struct str account, struct str name)
{
	key_init(k, 'n');
	key_bytes(k, account);
	key_rest(k, name);
}

static inline enum fail
look(struct txn *t, void *arg)
{
	const struct deed *d = arg;
	struct str value;
	struct key k;

	name_key(&k, d->account, d->name);
	return txn_get(t, key_str(&k), &value);
}

static inline enum fail
is_named(void *arg, struct str account, struct str name)
{
	struct deed d = { .account = account, .name = name };

	(void)arg;
	return store_read(store, look, &d);
}

static inline enum fail
run(struct txn *t, void *arg)
{
	const struct deed *d = arg;
	struct key k;
	enum fail fail;

	name_key(&k, d->account, d->name);
	if (d->is_account)
		return blob_delete_account_later(blob, t, d->account);
	fail = d->is_drop ? txn_delete(t, key_str(&k)) : txn_put(t, key_str(&k), STR("1"));
	if (fail == FAIL_NONE && d->is_drop)
		fail = blob_delete_later(blob, t, d->account, d->name);
	return fail == FAIL_NONE && d->is_undone ? FAIL_DENIED : fail;
}

static inline void
name_it(struct str account, const struct blob_name *name)
{
	struct deed d = { .account = account, .name = blob_name_str(name) };

	CHECK_NUM(store_run(store, run, &d), FAIL_NONE);
}

static inline void
drop(struct str account, const struct blob_name *name)
{
	struct deed d = { .account = account, .name = blob_name_str(name), .is_drop = true };

	CHECK_NUM(store_run(store, run, &d), FAIL_NONE);
	loop_turn(&loop, 0);
}

/* --- open, close ----------------------------------------------------------------------------- */

static inline void
open_unrecovered(struct loop *with, enum blob_engine engine)
{
	char path[300];
	struct blob_s3_options options = { .s3 = &s3, .settings = &settings, .local = LOCAL };
	char cache[300];

	settings.engine = (int)engine;
	snprintf(path, sizeof path, "%s/store.db", folder);
	invariant(store_open(&store, with, str_c(path), NULL) == FAIL_NONE);
	snprintf(path, sizeof path, "%s/mail", folder);
	snprintf(cache, sizeof cache, "%s/cache", folder);
	options.cache = str_c(cache);
	invariant(blob_open(&blob, with, store, str_c(path)) == FAIL_NONE);
	invariant(blob_use_s3(blob, &options) == FAIL_NONE);
	blob_add_namer(blob, &namer, is_named, NULL);
}

static inline void
open_with(struct loop *with, enum blob_engine engine)
{
	open_unrecovered(with, engine);
	CHECK_NUM(blob_recover(blob), FAIL_NONE);
}

static inline void
shut(void)
{
	blob_close(&blob);
	store_close(&store);
}

static inline void
reopen(enum blob_engine engine)
{
	shut();
	open_with(&loop, engine);
}

static inline void
fresh(enum blob_engine engine)
{
	struct s3_settings kept = server.settings;

	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	s3_server_forget(&server);
	server.settings = kept;
	s3.is_down = false;
	snprintf(folder, sizeof folder, "%s/tree", test_folder());
	small_fresh_folder(folder);
	settings = blob_settings_default;
	settings.has_mirror = true;
	open_with(&loop, engine);
}

/* --- doing ----------------------------------------------------------------------------------- */

static inline void
wait_for(struct blob_wait *w)
{
	for (int i = 0; i < 4000 && op_pending(&w->op); i++)
		loop_turn(&loop, 5);
	CHECK(!op_pending(&w->op));
}

/* Until so many objects are there. */
static inline bool
settles(size_t objects)
{
	for (int i = 0; i < 4000; i++) {
		if (s3_server_count(&server) == objects)
			return true;
		loop_turn(&loop, 10);
	}
	return false;
}

static inline int
entries(const char *below)
{
	char path[512];
	DIR *dir;
	int n = 0;
	struct dirent *entry;

	snprintf(path, sizeof path, "%s/%s", folder, below);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* Until no entry is left in the folder. */
static inline void
empties(const char *below)
{
	for (int i = 0; i < 3000 && entries(below) > 0; i++)
		loop_turn(&loop, 10);
	CHECK_NUM(entries(below), 0);
}

static inline void
empty_cache(void)
{
	char path[300];

	snprintf(path, sizeof path, "%s/cache", folder);
	small_fresh_folder(path);
	snprintf(path, sizeof path, "%s/cache/new", folder);
	CHECK_NUM(mkdir(path, 0700), 0);
}

static inline void
write_all(struct blob_writer *w, struct str account, size_t size)
{
	char *bytes = mem_new(1, size + 1);

	memset(bytes, 'x', size);
	*w = (struct blob_writer){ .store = NULL };
	CHECK_NUM(blob_write_start(blob, w, account), FAIL_NONE);
	for (size_t at = 0; at < size; at += 50000)
		CHECK_NUM(blob_write(w, str_slice(str_of(bytes, size), at, 50000)), FAIL_NONE);
	mem_free(bytes);
}

/* A message that is put, named and committed. */
static inline void
add(struct str account, size_t size, struct blob_name *out)
{
	struct blob_writer w;
	struct blob_wait wait = { .state = NULL };

	write_all(&w, account, size);
	blob_put_start(&w, &wait, &task);
	wait_for(&wait);
	CHECK_NUM(wait.op.fail, FAIL_NONE);
	CHECK_NUM(blob_write_finish(&w, out), FAIL_NONE);
	blob_wait_release(&wait);
	name_it(account, out);
	loop_turn(&loop, 0);
}

static inline enum fail
fetch(struct str account, const struct blob_name *name)
{
	struct blob_wait wait = { .state = NULL };
	enum fail fail;

	blob_fetch_start(blob, &wait, &task, account, blob_name_str(name));
	wait_for(&wait);
	fail = wait.op.fail;
	blob_wait_release(&wait);
	return fail;
}

static inline enum fail
is_readable(struct str account, const struct blob_name *name)
{
	struct blob_map map;
	enum fail fail = blob_map(blob, account, blob_name_str(name), &map);

	if (fail == FAIL_NONE) {
		CHECK_NUM(map.bytes.n, blob_name_size(blob_name_str(name)));
		CHECK(map.bytes.n == 0 || map.bytes.p[map.bytes.n - 1] == 'x');
	}
	blob_unmap(&map);
	return fail;
}

static inline enum fail
link_to(struct str from, const struct blob_name *name, struct str to, struct blob_name *out)
{
	struct blob_wait wait = { .state = NULL };
	enum fail fail;

	blob_copy_start(blob, &wait, &task, from, blob_name_str(name), to);
	wait_for(&wait);
	fail = wait.op.fail;
	if (fail == FAIL_NONE)
		fail = blob_link(blob, from, blob_name_str(name), to, out);
	blob_wait_release(&wait);
	return fail;
}

/* --- everything around it -------------------------------------------------------------------- */

static inline void
stage_start(void)
{
	struct buf why = { .max = 1000 };

	log_set_level(LOG_LEVEL_ERROR);
	invariant(loop_init(&loop) == FAIL_NONE);
	loop_task(&loop, &task, task_step, NULL);
	net_init(&net, &loop, &net_settings_default);
	invariant(dns_init(&dns, &loop, &net, &dns_settings_default, &why) == FAIL_NONE);
	s3_server_start(&server, &net);
	server.settings.retry_ms = 500;
	invariant(s3_init(&s3, &loop, &net, &dns, &server.settings, &why) == FAIL_NONE);
}

static inline void
stage_stop(void)
{
	s3_release(&s3);
	s3_server_stop(&server);
	task_cancel(&task);
	dns_release(&dns);
	net_release(&net);
	loop_release(&loop);
}

#endif
