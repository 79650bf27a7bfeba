#include "small_mail.h"

/* system */
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "store/key.h"
#include "store/record.h"
#include "store/settings.h"

#define SPACE_MESSAGE 'm' /* number -> account, name, size */
#define SPACE_NAME    'n' /* account, name -> number */
#define COUNT_KEY     STR("count")

struct message {
	struct small_mail *m;
	uint32_t number, size;
	uint32_t content; /* the number from which its bytes follow: a link has another one's */
	struct str account, name;
	bool is_undone;
	struct buf own; /* account and name when read */
};

static void
number_key(struct key *k, uint32_t number)
{
	key_init(k, SPACE_MESSAGE);
	key_u32(k, number);
}

static void
name_key(struct key *k, struct str account, struct str name)
{
	key_init(k, SPACE_NAME);
	key_bytes(k, account);
	key_rest(k, name);
}

void
small_content(uint32_t number, char *out, size_t size)
{
	uint32_t x = number * 2654435761u + 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 1103515245u + 12345u;
		out[i] = (char)('a' + (x >> 16) % 26);
	}
}

/* --- naming -------------------------------------------------------------------------------- */

static enum fail
look_name(struct txn *t, void *arg)
{
	const struct message *message = arg;
	struct str value;
	struct key k;

	name_key(&k, message->account, message->name);
	return txn_get(t, key_str(&k), &value);
}

static enum fail
is_named(void *arg, struct str account, struct str name)
{
	struct small_mail *m = arg;
	struct message message = { .account = account, .name = name };

	return store_read(m->store, look_name, &message);
}

static enum fail
name_it(struct txn *t, void *arg)
{
	const struct message *message = arg;
	struct buf record;
	struct key k;
	int64_t count;
	enum fail fail;

	buf_init(&record, 1024);
	record_begin(&record, 1);
	record_add_bytes(&record, message->account);
	record_add_bytes(&record, message->name);
	record_add_u64(&record, message->size);
	record_add_u64(&record, message->content);
	number_key(&k, message->number);
	fail = txn_put(t, key_str(&k), buf_str(&record));
	buf_release(&record);
	name_key(&k, message->account, message->name);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), STR("1"));
	if (fail == FAIL_NONE)
		fail = txn_add(t, COUNT_KEY, 1, &count);
	return fail == FAIL_NONE && message->is_undone ? FAIL_DENIED : fail;
}

static enum fail
add(struct small_mail *m, struct message *message)
{
	struct blob_writer w = { 0 };
	struct blob_name name;
	char *content = mem_new(1, message->size + 1);
	enum fail fail = blob_write_start(m->blob, &w, message->account);

	small_content(message->number, content, message->size);
	for (uint32_t at = 0; at < message->size && fail == FAIL_NONE;) {
		uint32_t n = message->size - at < 5000 ? message->size - at : 5000;

		fail = blob_write(&w, str_of(content + at, n));
		at += n;
	}
	if (fail == FAIL_NONE)
		fail = blob_write_finish(&w, &name);
	if (fail != FAIL_NONE)
		blob_write_cancel(&w);
	mem_free(content);
	if (fail != FAIL_NONE)
		return fail;
	message->name = blob_name_str(&name);
	return store_run(m->store, name_it, message);
}

enum fail
small_add(struct small_mail *m, struct str account, uint32_t number, uint32_t size)
{
	struct message message = { .number = number,
		.size = size,
		.content = number,
		.account = account };

	return add(m, &message);
}

enum fail
small_add_undone(struct small_mail *m, struct str account, uint32_t number, uint32_t size)
{
	struct message message = { .number = number,
		.size = size,
		.content = number,
		.account = account,
		.is_undone = true };

	return add(m, &message);
}

/* --- finding ------------------------------------------------------------------------------- */

static enum fail
find(struct txn *t, void *arg)
{
	struct message *message = arg;
	struct record r;
	struct str value, account, name;
	struct key k;
	enum fail fail;

	number_key(&k, message->number);
	fail = txn_get(t, key_str(&k), &value);
	if (fail != FAIL_NONE)
		return fail;
	record_read(&r, value);
	account = record_bytes(&r);
	name = record_bytes(&r);
	message->size = record_u32(&r);
	message->content = record_u32(&r);
	buf_init(&message->own, 1024);
	buf_add(&message->own, account);
	buf_add(&message->own, name);
	message->account = str_head(buf_str(&message->own), account.n);
	message->name = str_from(buf_str(&message->own), account.n);
	return record_end(&r);
}

enum fail
small_link(struct small_mail *m, uint32_t from, struct str account, uint32_t number)
{
	struct message old = { .number = from }, new = { .number = number, .account = account };
	struct blob_name name;
	enum fail fail = store_read(m->store, find, &old);

	if (fail == FAIL_NONE)
		fail = blob_link(m->blob, old.account, old.name, account, &name);
	if (fail == FAIL_NONE) {
		new.size = old.size;
		new.content = old.content;
		new.name = blob_name_str(&name);
		fail = store_run(m->store, name_it, &new);
	}
	buf_release(&old.own);
	return fail;
}

static enum fail
drop(struct txn *t, void *arg)
{
	struct message *message = arg;
	struct key k;
	int64_t count;
	enum fail fail = find(t, message);

	if (fail != FAIL_NONE)
		return fail;
	number_key(&k, message->number);
	fail = txn_delete(t, key_str(&k));
	name_key(&k, message->account, message->name);
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&k));
	if (fail == FAIL_NONE)
		fail = txn_add(t, COUNT_KEY, -1, &count);
	if (fail == FAIL_NONE)
		fail = blob_delete_later(message->m->blob, t, message->account, message->name);
	return fail;
}

enum fail
small_drop(struct small_mail *m, uint32_t number)
{
	struct message message = { .m = m, .number = number };
	enum fail fail = store_run(m->store, drop, &message);

	buf_release(&message.own);
	return fail;
}

/* --- looking ------------------------------------------------------------------------------- */

static bool
is_whole(const struct message *message, struct str bytes)
{
	char *want;
	bool is_same;

	if (bytes.n != message->size)
		return false;
	want = mem_new(1, bytes.n + 1);
	small_content(message->content, want, bytes.n);
	is_same = str_eq(bytes, str_of(want, bytes.n));
	mem_free(want);
	return is_same;
}

enum fail
small_look(struct small_mail *m, uint32_t number)
{
	struct message message = { .number = number };
	struct blob_map map = { 0 };
	enum fail fail = store_read(m->store, find, &message);

	if (fail == FAIL_NONE) {
		fail = blob_map(m->blob, message.account, message.name, &map);
		if (fail == FAIL_MISSING || (fail == FAIL_NONE && !is_whole(&message, map.bytes)))
			fail = FAIL_PERM;
		blob_unmap(&map);
	}
	buf_release(&message.own);
	return fail;
}

static enum fail
read_count(struct txn *t, void *arg)
{
	return txn_count(t, COUNT_KEY, arg);
}

int64_t
small_count(struct small_mail *m)
{
	int64_t count;

	return store_read(m->store, read_count, &count) == FAIL_NONE ? count : -1;
}

struct numbers {
	uint32_t *all;
	size_t n;
};

static enum fail
collect(struct txn *t, void *arg)
{
	struct numbers *numbers = arg;
	struct cursor c;
	struct str key, value;

	txn_scan(t, &c, STR("m"), STR("n"), false);
	while (cursor_next(&c, &key, &value)) {
		struct key_reader r;

		key_read(&r, key);
		(void)key_read_char(&r);
		numbers->all = mem_resize(numbers->all, numbers->n + 1, sizeof *numbers->all);
		numbers->all[numbers->n++] = key_read_u32(&r);
	}
	return cursor_end(&c);
}

static void
stray(void *arg, struct str account, struct str name)
{
	int *problems = arg;

	printf("nobody names %.*s of %.*s\n", STR_ARG(name), STR_ARG(account));
	++*problems;
}

int
small_verify(struct small_mail *m, bool is_settled)
{
	struct numbers numbers = { 0 };
	int problems = 0;

	if (store_read(m->store, collect, &numbers) != FAIL_NONE) {
		printf("the store cannot be read\n");
		problems++;
	}
	for (size_t i = 0; i < numbers.n; i++) {
		enum fail fail = small_look(m, numbers.all[i]);

		if (fail != FAIL_NONE) {
			printf("message %u: %s\n", (unsigned)numbers.all[i], fail_names[fail]);
			problems++;
		}
	}
	if (small_count(m) != (int64_t)numbers.n) {
		printf("%zu messages, counted %lld\n", numbers.n, (long long)small_count(m));
		problems++;
	}
	if (is_settled && blob_check(m->blob, false, stray, &problems) != FAIL_NONE) {
		printf("the tree cannot be read\n");
		problems++;
	}
	mem_free(numbers.all);
	return problems;
}

/* --- open, close --------------------------------------------------------------------------- */

static int64_t log_size;

void
small_log_size(int64_t bytes)
{
	log_size = bytes;
}

enum fail
small_open(struct small_mail *m, struct loop *loop, struct str folder)
{
	struct store_settings settings = store_defaults;
	struct store_options options = { .settings = &settings };
	struct buf path;
	enum fail fail;

	if (log_size > 0)
		settings.wal_bytes = log_size;

	*m = (struct small_mail){ 0 };
	buf_init(&path, 4096);
	buf_add(&path, folder);
	buf_add_c(&path, "/store.db");
	fail = store_open(&m->store, loop, buf_str(&path), &options);
	buf_clear(&path);
	buf_add(&path, folder);
	buf_add_c(&path, "/mail");
	if (fail == FAIL_NONE)
		fail = blob_open(&m->blob, loop, m->store, buf_str(&path));
	if (fail == FAIL_NONE) {
		blob_add_namer(m->blob, &m->namer, is_named, m);
		fail = blob_recover(m->blob);
	}
	buf_release(&path);
	if (fail != FAIL_NONE)
		small_close(m);
	return fail;
}

void
small_close(struct small_mail *m)
{
	blob_close(&m->blob);
	store_close(&m->store);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
small_fresh_folder(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	invariant(mkdir(path, 0700) == 0);
}
