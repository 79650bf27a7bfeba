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
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "directory/address.h"
#include "directory/built_in.h"
#include "directory/child.h"
#include "directory/engine.h"
#include "directory/house.h"
#include "directory/source_sqlite.h"
#include "directory/token.h"
#include "directory/words.h"
#include "sys/sys.h"

#define QUERY_BYTES_MAX (64 * 1024 * 1024) /* of one answer: a list of 10 000 members has 3 MB */
#define SECRET_MAX      1024               /* bytes of a password; longer ones are wrong */
#define PATH_BYTES_MAX  4096

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
static void
check_stamp(struct directory *d)
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
		buf_init(&c->out, (size_t)ASKS_PER_CHILD * DIRECTORY_LINE_MAX);
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
	check_stamp(d);
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

/* --- starting -------------------------------------------------------------------------------- */

static void
query_begin(struct directory *d, struct directory_query *q, struct task *owner,
    enum directory_kind kind)
{
	directory_query_release(q);
	*q = (struct directory_query){ .kind = kind, .directory = d };
	arena_init(&q->arena, QUERY_BYTES_MAX);
	op_begin(&q->op, owner);
	check_stamp(d);
}

/* Known already: the op is over when its start returns, and nobody needs to be woken. */
static void
query_done(struct directory_query *q, enum fail fail)
{
	op_drop(&q->op);
	q->op.fail = fail;
	q->directory = NULL;
}

/* Put the question, or join one that is under way; `key` is empty when it must not be shared. */
static struct directory_ask *
query_ask(struct directory_query *q, struct str key)
{
	struct directory *d = q->directory;
	struct map_node *node = key.n ? map_find(&d->by_key, key) : NULL;
	struct directory_ask *ask;

	if (node && container_of(node, struct directory_ask, by_key)->epoch == d->epoch) {
		ask_join(container_of(node, struct directory_ask, by_key), q);
		return NULL;
	}
	if (node)
		key = STR(""); /* the one under way may be answered from before the change */
	if (d->ask_count >= (size_t)d->settings->outstanding) {
		query_done(q, FAIL_TEMP);
		return NULL;
	}
	ask = ask_new(d, q->kind, key);
	ask_join(ask, q);
	task_wake(&d->task);
	return ask;
}

/* {"id":7,"ask":"login", and what the caller adds, up to line_end(). */
static struct json_writer
line_begin(struct directory_ask *ask)
{
	struct json_writer w = { .out = &ask->line };

	json_object_begin(&w);
	json_name_int(&w, STR("id"), (int64_t)ask->id);
	json_name_string(&w, STR("ask"), directory_word(ask->kind));
	return w;
}

/* A question about one name, or a credential of it: from the cache, shared, or put to a child. */
static void
query_start(struct directory_query *q, struct str member, struct str name, struct str credential)
{
	struct directory *d = q->directory;
	struct directory_ask *ask;
	struct json_writer w;
	struct str line;
	struct buf key;

	buf_init(&key, ADDRESS_MAX + 20 + DIRECTORY_CREDENTIAL_CHARS);
	buf_add(&key, directory_word(q->kind));
	buf_add_char(&key, ' ');
	buf_add(&key, credential);
	buf_add_char(&key, ' '); /* which no credential holds */
	buf_add(&key, name);
	if (!buf_ok(&key)) {
		query_done(q, FAIL_DENIED);
	} else if (cache_find(&d->answers, buf_str(&key), clock_mono_ms(), &line)) {
		query_done(q, ask_read(d, q, line));
	} else if ((ask = query_ask(q, buf_str(&key))) != NULL) {
		w = line_begin(ask);
		if (member.n > 0)
			json_name_string(&w, member, name);
		if (credential.n > 0)
			json_name_string(&w, STR("credential"), credential);
		json_object_end(&w);
	}
	buf_release(&key);
}

/* Login names: lower case, with the default domain when they have none; false: no name at all. */
static bool
write_name(const struct directory *d, struct str name, struct buf *out)
{
	struct buf whole;
	bool is_good;

	buf_init(&whole, ADDRESS_MAX);
	buf_add(&whole, name);
	if (name.n > 0 && str_find_char(name, '@') == STR_NONE &&
	    d->settings->default_domain.n > 0) {
		buf_add_char(&whole, '@');
		buf_add(&whole, d->settings->default_domain);
	}
	is_good = buf_ok(&whole) && address_write(out, buf_str(&whole), false) == FAIL_NONE;
	buf_release(&whole);
	return is_good;
}

static void
login_mark(const struct directory *d, struct str name, struct str secret, unsigned char *out)
{
	struct hmac_state s;

	hmac_init(&s, HASH_SHA256, str_of(d->secret, sizeof d->secret));
	hmac_add(&s, name);
	hmac_add(&s, str_of("", 1)); /* a NUL, which no name holds, keeps the two apart */
	hmac_add(&s, secret);
	hmac_get(&s, out);
	mem_wipe(&s, sizeof s);
}

/* The name is in its normal form, or empty. */
static void
login_ask(struct directory *d, struct directory_query *q, struct str name, struct str secret)
{
	struct directory_ask *ask;
	struct json_writer w;
	struct str line;

	login_mark(d, name, secret, q->login_mark);
	if (secret.n == 0 || secret.n > SECRET_MAX || !utf8_is_valid(secret)) {
		query_done(q, FAIL_DENIED);
	} else if (cache_find(&d->logins, str_of(q->login_mark, sizeof q->login_mark),
		       clock_mono_ms(), &line)) {
		query_done(q, ask_read(d, q, line));
	} else if ((ask = query_ask(q, STR(""))) != NULL) {
		w = line_begin(ask);
		json_name_string(&w, STR("name"), name);
		json_name_string(&w, STR("secret"), secret);
		json_object_end(&w);
	}
}

void
directory_login_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str secret)
{
	struct buf whole;

	query_begin(d, q, owner, DIRECTORY_LOGIN);
	buf_init(&whole, ADDRESS_MAX);
	if (!write_name(d, name, &whole))
		buf_clear(&whole); /* asked all the same: it costs what a wrong password costs */
	login_ask(d, q, buf_str(&whole), secret);
	buf_release(&whole);
}

void
directory_token_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str token)
{
	query_begin(d, q, owner, DIRECTORY_LOGIN);
	if (token_is_one(token))
		login_ask(d, q, STR(""), token);
	else
		query_done(q, FAIL_DENIED);
}

void
directory_scram_start(struct directory *d, struct directory_query *q, struct task *owner,
    enum hash hash, struct str name)
{
	struct directory_ask *ask;
	struct json_writer w;
	struct buf whole;

	query_begin(d, q, owner, DIRECTORY_SCRAM);
	q->scram.hash = hash;
	buf_init(&whole, ADDRESS_MAX);
	if (!write_name(d, name, &whole))
		buf_clear(&whole);
	login_mark(d, buf_str(&whole), STR(""), q->login_mark);
	ask = query_ask(q, STR(""));
	if (ask) {
		w = line_begin(ask);
		json_name_string(&w, STR("name"), buf_str(&whole));
		json_name_string(&w, STR("mechanism"),
		    hash == HASH_SHA1 ? STR("SCRAM-SHA-1") : STR("SCRAM-SHA-256"));
		json_object_end(&w);
	}
	buf_release(&whole);
}

void
directory_resolve_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str address)
{
	struct buf plain, whole;

	query_begin(d, q, owner, DIRECTORY_RESOLVE);
	buf_init(&plain, ADDRESS_MAX);
	buf_init(&whole, ADDRESS_MAX);
	buf_add(&plain, address);
	if (str_eq_nocase(address, STR("postmaster"))) { /* RFC 5321 4.5.1 */
		buf_add_char(&plain, '@');
		buf_add(&plain,
		    d->settings->default_domain.n > 0 ? d->settings->default_domain
						      : d->settings->own_host);
	}
	if (!buf_ok(&plain) || address_write(&whole, buf_str(&plain), false) != FAIL_NONE)
		query_done(q, FAIL_SYNTAX);
	else
		query_start(q, STR("address"), buf_str(&whole), STR(""));
	buf_release(&plain);
	buf_release(&whole);
}

void
directory_verify_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	struct buf whole;
	bool is_good;

	if (str_eq_nocase(name, STR("postmaster"))) {
		directory_resolve_start(d, q, owner, name);
		return;
	}
	query_begin(d, q, owner, DIRECTORY_RESOLVE);
	buf_init(&whole, ADDRESS_MAX);
	is_good = write_name(d, name, &whole);
	if (is_good)
		query_start(q, STR("address"), buf_str(&whole), STR(""));
	else
		query_done(q, FAIL_SYNTAX);
	buf_release(&whole);
}

void
directory_account_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	struct buf whole;

	query_begin(d, q, owner, DIRECTORY_ACCOUNT);
	buf_init(&whole, ADDRESS_MAX);
	if (!write_name(d, name, &whole))
		query_done(q, FAIL_MISSING);
	else
		query_start(q, STR("name"), buf_str(&whole), STR(""));
	buf_release(&whole);
}

/* Many connections of one login ask at the same time: shared, and from the cache, like a name. */
void
directory_credential_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str credential)
{
	query_begin(d, q, owner, DIRECTORY_CREDENTIAL);
	query_start(q, STR("name"), name, credential);
}

void
directory_domains_start(struct directory *d, struct directory_query *q, struct task *owner)
{
	query_begin(d, q, owner, DIRECTORY_DOMAINS);
	query_start(q, STR(""), STR(""), STR(""));
}

void
directory_principals_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str domain)
{
	query_begin(d, q, owner, DIRECTORY_PRINCIPALS);
	query_start(q, STR("domain"), domain, STR(""));
}

/* --- ending ---------------------------------------------------------------------------------- */

void
directory_query_cancel(struct directory_query *q)
{
	if (q->ask)
		ask_leave(q);
	op_drop(&q->op);
}

void
directory_query_release(struct directory_query *q)
{
	directory_query_cancel(q);
	arena_release(&q->arena);
	mem_wipe(&q->scram, sizeof q->scram);
	*q = (struct directory_query){ .op = { .fail = q->op.fail } };
}

/* --- senders --------------------------------------------------------------------------------- */

/* "@domain" is owned by who gets all of the domain's mail. */
static bool
owns(const struct directory_account *account, struct str address)
{
	size_t at = str_rfind_char(address, '@');

	for (size_t i = 0; i < account->address_count; i++) {
		struct str own = account->addresses[i];

		if (str_eq_nocase(own, address) ||
		    (str_starts(own, STR("@")) && str_eq_nocase(own, str_from(address, at))))
			return true;
	}
	return false;
}

bool
directory_may_send_as(const struct directory *d, const struct directory_account *account,
    struct str address)
{
	struct buf whole, untagged;
	struct str local, domain, user, tag;
	bool may = false;

	buf_init(&whole, ADDRESS_MAX);
	buf_init(&untagged, ADDRESS_MAX);
	if (address_write(&whole, address, false) == FAIL_NONE &&
	    address_split(buf_str(&whole), false, &local, &domain) == FAIL_NONE) {
		may = owns(account, buf_str(&whole));
		if (!may && address_tag(local, d->settings->separator, &user, &tag)) {
			buf_add(&untagged, user);
			buf_add_char(&untagged, '@');
			buf_add(&untagged, domain);
			may = owns(account, buf_str(&untagged));
		}
	}
	buf_release(&whole);
	buf_release(&untagged);
	return may;
}
