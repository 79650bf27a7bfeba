#include "server/server_files.h"

/* system */
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/blob.h"
#include "mail/mail.h"
#include "mail/index.h"
#include "search/settings.h"
#include "server/home.h"
#include "server/objects.h"
#include "server/outbound.h"
#include "server/privileges.h"
#include "store/settings.h"
#include "store/store.h"
#include "sys/sys.h"
#include "tls/tls.h"

struct str
server_path(struct server *s, const char *name)
{
	struct buf path;
	struct str kept;

	buf_init(&path, 4096);
	buf_add(&path, s->settings->data);
	buf_add_char(&path, '/');
	buf_add_c(&path, name);
	kept = arena_str(&s->config.arena, buf_str(&path));
	buf_release(&path);
	invariant(kept.p != NULL);
	return kept;
}

static void
say(struct buf *why, struct str what, const char *text, int error)
{
	buf_add(why, what);
	buf_add(why, STR(": "));
	buf_add_c(why, text);
	if (error != 0) {
		buf_add(why, STR(": "));
		buf_add_c(why, strerror(error));
	}
	buf_add_char(why, '\n');
}

enum fail
server_find_owner(struct server *s, unsigned *uid_out, unsigned *gid_out, struct buf *why)
{
	*uid_out = geteuid();
	*gid_out = getegid();
	if (*uid_out == 0 && !str_empty(s->settings->user) &&
	    privileges_find(s->settings->user, uid_out, gid_out) != FAIL_NONE) {
		buf_add(why, STR("[server] user: this system has no user "));
		buf_add(why, s->settings->user);
		buf_add(why, STR("; `useradd --system "));
		buf_add(why, s->settings->user);
		buf_add(why, STR("` makes one\n"));
		return FAIL_MISSING;
	}
	return FAIL_NONE;
}

/* What to do about a folder that is not the server's. */
static enum fail
refuse_owner(struct server *s, unsigned owner, struct buf *why)
{
	struct str path = s->settings->data, user = s->settings->user;

	if (geteuid() != 0) {
		say(why, path, "belongs to another user; try as root", 0);
		return FAIL_DENIED;
	}
	buf_add(why, path);
	buf_add(why, STR(": belongs to another user ("));
	buf_add_u64(why, owner);
	if (str_empty(user)) {
		buf_add(why, STR(") and [server] user names none\n"));
		return FAIL_DENIED;
	}
	buf_add(why, STR(") than the server's; `chown -R "));
	buf_add(why, user);
	buf_add(why, STR(": "));
	buf_add(why, path);
	buf_add(why, STR("` changes that\n"));
	return FAIL_DENIED;
}

/* The data folder, which is there, belongs to the user that the server becomes, and to nobody else. */
static enum fail
check_folder(struct server *s, const struct stat *st, unsigned uid, struct buf *why)
{
	if (!S_ISDIR(st->st_mode)) {
		say(why, s->settings->data, "is no folder", 0);
		return FAIL_DENIED;
	}
	return st->st_uid == uid ? FAIL_NONE : refuse_owner(s, st->st_uid, why);
}

static enum fail
refuse_to_make(struct str path, int error, struct buf *why)
{
	if (error == ENOENT)
		say(why, path, "cannot be made: the folder above it is not there", 0);
	else
		say(why, path, "cannot be made", error);
	return FAIL_TEMP;
}

/* A folder of that name can be made when the one above it is there. */
static enum fail
check_place(struct server *s, struct buf *why)
{
	struct str path = s->settings->data;
	size_t slash = str_rfind_char(path, '/');
	const char *above = slash == STR_NONE ? "."
	    : slash == 0                      ? "/"
					      : arena_c(&s->config.arena, str_head(path, slash));
	struct stat st;

	invariant(above != NULL);
	return sys.stat(above, &st) == 0 ? FAIL_NONE : refuse_to_make(path, errno, why);
}

enum fail
server_check_data(struct server *s, struct buf *why)
{
	unsigned uid, gid;
	enum fail fail = server_find_owner(s, &uid, &gid, why);
	const char *name = arena_c(&s->config.arena, s->settings->data);
	struct stat st;

	invariant(name != NULL);
	if (fail != FAIL_NONE || (geteuid() != 0 && !str_empty(s->settings->user)))
		return fail; /* somebody else than the server looks */
	if (sys.stat(name, &st) == 0)
		return check_folder(s, &st, uid, why);
	if (errno == ENOENT)
		return check_place(s, why);
	say(why, s->settings->data, "cannot be used as data folder", errno);
	return FAIL_TEMP;
}

static enum fail
prepare_folder(struct server *s, unsigned uid, unsigned gid, struct buf *why)
{
	struct str path = s->settings->data;
	const char *name = arena_c(&s->config.arena, path);
	struct stat st;

	invariant(name != NULL);
	if (sys.mkdir(name, 0700) == 0) {
		if (chown(name, uid, gid) != 0) {
			say(why, path, "cannot be given to the server's user", errno);
			return FAIL_TEMP;
		}
	} else if (errno != EEXIST) {
		return refuse_to_make(path, errno, why);
	}
	if (sys.stat(name, &st) != 0) {
		say(why, path, "cannot be used as data folder", errno);
		return FAIL_TEMP;
	}
	return check_folder(s, &st, uid, why);
}

enum fail
server_lock_data(struct server *s, struct buf *why)
{
	unsigned uid, gid;
	enum fail fail = server_find_owner(s, &uid, &gid, why);

	if (fail == FAIL_NONE)
		fail = prepare_folder(s, uid, gid, why);
	if (fail == FAIL_NONE)
		fail = privileges_lend(uid, gid);
	if (fail != FAIL_NONE)
		return fail;
	fail = store_lock(&s->lock, s->settings->data, why);
	privileges_take_back();
	return fail;
}

enum fail
server_become_user(struct server *s, struct buf *why)
{
	unsigned uid, gid;
	enum fail fail = server_find_owner(s, &uid, &gid, why);

	if (fail == FAIL_NONE)
		fail = prepare_folder(s, uid, gid, why);
	if (fail == FAIL_NONE)
		fail = privileges_drop(s->settings->user);
	return fail;
}

/* 2: numbers in keys begin with their length, and a redo log lies beside the file. Nobody has a 1. */
static const struct store_schema schema = { .version = 2 };

/* Store, blobs and mail, recovered from whatever the last run left (D4). */
enum fail
server_open_files(struct server *s, struct loop *loop, struct buf *why)
{
	struct store_options options = { .settings = config_values(&s->config, &store_section),
		.schema = &schema,
		.errors = why };
	enum fail fail = store_open(&s->store, loop, server_path(s, "store.db"), &options);

	if (fail == FAIL_NONE)
		fail = blob_open(&s->blobs, loop, s->store, server_path(s, "mail"));
	if (fail == FAIL_NONE)
		fail = objects_use(s, loop, why);
	if (fail == FAIL_NONE)
		fail = mail_open(&s->mail, loop, s->store, s->blobs);
	if (fail == FAIL_NONE)
		fail = home_check(s, why);
	if (fail == FAIL_NONE && loop)
		fail = home_settle(s, why);
	if (fail == FAIL_NONE)
		fail = outbound_open(s, loop, why);
	if (fail == FAIL_NONE)
		fail = blob_recover(s->blobs);
	if (fail == FAIL_NONE && loop)
		server_open_index(s, loop);
	if (fail != FAIL_NONE && why->n == 0)
		say(why, s->settings->data, "the mail in it cannot be opened, see the log", 0);
	return fail;
}

void
server_open_index(struct server *s, struct loop *loop)
{
	const struct search_settings *settings =
	    server_version.hands_on ? NULL : config_values(&s->config, &search_section);

	if (!settings || !settings->has_index)
		return;
	search_open(&s->search, loop, server_path(s, "index.db"), &mail_source, s->mail);
	mail_use_search(s->mail, s->search);
}

enum fail
server_open_mail(struct server *s, struct buf *why)
{
	enum fail fail = server_become_user(s, why);

	if (fail == FAIL_NONE)
		fail = server_lock_data(s, why);
	return fail == FAIL_NONE ? server_open_files(s, NULL, why) : fail;
}

void
server_close_files(struct server *s)
{
	search_close(&s->search);
	if (s->mail)
		mail_close(&s->mail);
	if (s->blobs)
		blob_close(&s->blobs);
	objects_close(s);
	if (s->store)
		store_close(&s->store);
	store_unlock(&s->lock);
}

/* One line for each certificate that cannot be used, with the setting that names the file. */
static enum fail
complain_of_certificates(struct server *s, struct buf *why)
{
	const struct config_instance *i = NULL;
	enum fail first = FAIL_NONE;

	while ((i = config_next(&s->config, &certificate_section, i)) != NULL) {
		const struct certificate_settings *c = i->values;
		struct tls_files files = { .chain = c->chain, .key = c->key };
		struct tls_options options = { .files = &files, .file_count = 1 };
		struct tls_context *one = NULL;
		size_t start = why->n;
		enum fail fail;

		buf_add(why, STR("[certificate "));
		buf_add(why, i->name);
		buf_add(why, STR("] "));
		fail = tls_context_load(&one, &options, why);
		tls_context_free(&one);
		if (fail == FAIL_NONE)
			buf_truncate(why, start);
		else if (buf_ok(why) && !str_ends(buf_str(why), STR("\n")))
			buf_add_char(why, '\n');
		if (first == FAIL_NONE)
			first = fail;
	}
	return first;
}

enum fail
server_load_tls(struct server *s, struct tls_context **out, struct buf *why)
{
	const struct config_instance *i = NULL;
	struct tls_files *files;
	struct tls_options options = { .sessions = 1000 };
	size_t count = 0;

	*out = NULL;
	while ((i = config_next(&s->config, &certificate_section, i)) != NULL)
		count++;
	if (count == 0)
		return FAIL_NONE;
	files = mem_new(count, sizeof *files);
	while ((i = config_next(&s->config, &certificate_section, i)) != NULL) {
		const struct certificate_settings *c = i->values;

		files[options.file_count++] =
		    (struct tls_files){ .chain = c->chain, .key = c->key };
	}
	options.files = files;
	size_t start = why->n;
	enum fail fail = tls_context_load(out, &options, why), told;

	mem_free(files);
	if (fail == FAIL_NONE)
		return FAIL_NONE;
	buf_truncate(why, start);
	told = complain_of_certificates(s, why);
	return told == FAIL_NONE ? FAIL_TEMP : told; /* a file that came back in between */
}
