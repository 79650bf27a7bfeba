#include "server/home.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/log.h"

/* rooms */
#include "blob/settings.h"
#include "mail/index.h"
#include "server/server_files.h"
#include "sys/sys.h"

#define HOME_NAME "mail.home"
#define HOME_MAX  64 /* bytes: two engines */

static const struct log home_log = { .room = "server" };

static struct str
engine_name(int engine)
{
	return engine == BLOB_S3 ? STR("s3") : STR("maildir");
}

static struct str
engine_of(const struct server *s)
{
	const struct blob_settings *settings = config_values(&s->config, &blob_section);

	return engine_name(settings->engine);
}

/* --- the file ---------------------------------------------------------------------------------- */

/* Its line; empty where there is no file. */
static void
read_home(struct server *s, struct buf *out)
{
	int fd = sys.open(server_path(s, HOME_NAME).p, O_RDONLY, 0);
	char *room = buf_room(out, HOME_MAX);
	ssize_t n = fd >= 0 && room ? sys.read(fd, room, HOME_MAX) : 0;
	struct str text;

	if (n > 0)
		buf_grow(out, (size_t)n);
	text = str_trim(buf_str(out));
	buf_truncate(out, text.n);
	if (fd >= 0)
		sys.close(fd);
}

static bool
is_in(struct str home, struct str engine)
{
	struct str word;

	while (str_next_part(&home, ' ', &word)) {
		if (str_eq(word, engine))
			return true;
	}
	return false;
}

/* A crash leaves the old one or the new one. */
static enum fail
write_home(struct server *s, struct str text, struct buf *why)
{
	struct str path = server_path(s, HOME_NAME);
	const char *fresh = server_path(s, HOME_NAME ".new").p;
	int fd = sys.open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool is_good =
	    fd >= 0 && sys.write(fd, text.p, text.n) == (ssize_t)text.n && sys.fsync(fd) == 0;
	int error = errno;

	if (fd >= 0)
		sys.close(fd);
	if (is_good && sys.rename(fresh, path.p) == 0)
		return FAIL_NONE;
	buf_add(why, path);
	buf_add(why, STR(": cannot be written: "));
	buf_add_c(why, strerror(is_good ? errno : error));
	buf_add_char(why, '\n');
	return FAIL_TEMP;
}

/* --- what it decides --------------------------------------------------------------------------- */

static bool
has_messages(struct server *s)
{
	struct search_account a = { .id = 0 };
	enum fail fail;

	while ((fail = mail_source.account(s->mail, a.id, &a)) == FAIL_NONE) {
		if (a.emails > 0)
			return true;
	}
	return fail != FAIL_MISSING;
}

static enum fail
refuse(struct server *s, struct str home, struct str engine, struct buf *why)
{
	struct str from;

	if (!str_next_part(&home, ' ', &from)) /* it has a name at least */
		from = home;
	buf_add(why, STR("[blob] engine: the messages are kept by "));
	buf_add(why, from);
	buf_add(why, STR("; `blob migrate "));
	buf_add(why, from);
	buf_add_char(why, ' ');
	buf_add(why, engine);
	buf_add(why, STR("` brings them along first (where they are there already, remove "));
	buf_add(why, server_path(s, HOME_NAME));
	buf_add(why, STR(")\n"));
	return FAIL_DENIED;
}

enum fail
home_check(struct server *s, struct buf *why)
{
	struct buf home;
	enum fail fail = FAIL_NONE;

	if (server_version.hands_on)
		return FAIL_NONE;
	buf_init(&home, 2 * HOME_MAX);
	read_home(s, &home);
	if (home.n > 0 && !is_in(buf_str(&home), engine_of(s)) && has_messages(s))
		fail = refuse(s, buf_str(&home), engine_of(s), why);
	buf_release(&home);
	return fail;
}

enum fail
home_settle(struct server *s, struct buf *why)
{
	size_t start = why->n;
	struct buf home;
	enum fail fail = FAIL_NONE;

	if (server_version.hands_on)
		return FAIL_NONE;
	buf_init(&home, 2 * HOME_MAX);
	read_home(s, &home);
	if (!str_eq(buf_str(&home), engine_of(s)))
		fail = write_home(s, engine_of(s), why);
	if (fail != FAIL_NONE && (home.n == 0 || is_in(buf_str(&home), engine_of(s)))) {
		log_warn(&home_log, "server.home.unwritten",
		    LOG_TEXT("why", str_trim(str_from(buf_str(why), start))));
		buf_truncate(why, start);
		fail =
		    FAIL_NONE; /* a full disk: what is there is true enough until the next start */
	}
	buf_release(&home);
	return fail;
}

enum fail
server_migrated(struct server *s, int from, int to, struct buf *why)
{
	struct buf home;
	enum fail fail = FAIL_NONE;

	buf_init(&home, 2 * HOME_MAX);
	read_home(s, &home);
	if (is_in(buf_str(&home), engine_name(from)) && !is_in(buf_str(&home), engine_name(to))) {
		buf_add_char(&home, ' ');
		buf_add(&home, engine_name(to));
		fail = write_home(s, buf_str(&home), why);
	}
	buf_release(&home);
	return fail;
}
