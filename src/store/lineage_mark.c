/* The file beside the store that says which store it is. */
#include "store/lineage.h"

/* system */
#include <errno.h>
#include <fcntl.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "store/inner.h"
#include "store/sqlite_vfs.h"
#include "sys/sys.h"

#define MARK_BYTES_MAX 512
#define PATH_BYTES_MAX 4096

/* --- text ------------------------------------------------------------------------------------------------- */

static const char introduction[] = "not for backups or copies: beat ";

void
lineage_mark_write(struct buf *out, const struct lineage_mark *m)
{
	buf_add_c(out, introduction);
	buf_add_u64(out, m->beat);
	buf_add_c(out, " next ");
	buf_add_u64(out, m->next);
	buf_add_c(out, " inode ");
	buf_add_u64(out, m->store.inode);
	buf_add_c(out, " made ");
	buf_add_u64(out, m->store.made_ns);
	if (m->redo.inode != 0) {
		buf_add_c(out, " redo ");
		buf_add_u64(out, m->redo.inode);
		buf_add_c(out, " made ");
		buf_add_u64(out, m->redo.made_ns);
	}
	if (m->epoch > 0) {
		buf_add_c(out, " epoch ");
		buf_add_u64(out, m->epoch);
	}
	buf_add_char(out, '\n');
}

static bool
number(struct str *cur, const char *name, uint64_t *out)
{
	return str_skip(cur, str_c(name)) && str_u64(cur, UINT64_MAX, out);
}

/* Not there: one was not known. */
static bool
redo(struct str *cur, struct birth *out)
{
	if (!str_skip(cur, STR(" redo ")))
		return true;
	return str_u64(cur, UINT64_MAX, &out->inode) && out->inode != 0 &&
	    number(cur, " made ", &out->made_ns);
}

bool
lineage_mark_parse(struct str text, struct lineage_mark *out)
{
	bool is_good;

	*out = (struct lineage_mark){ 0 };
	is_good = number(&text, introduction, &out->beat) && number(&text, " next ", &out->next) &&
	    number(&text, " inode ", &out->store.inode) &&
	    number(&text, " made ", &out->store.made_ns) && redo(&text, &out->redo);
	if (is_good && !str_eq(text, STR("\n"))) /* no epoch began here yet */
		is_good = number(&text, " epoch ", &out->epoch);
	return is_good && str_eq(text, STR("\n"));
}

/* --- file ------------------------------------------------------------------------------------------------- */

static enum fail
because(const char *path, const char *event)
{
	int error = errno;

	log_warn(&store_log, event, LOG_TEXT("file", str_c(path)), LOG_NUM("errno", error));
	return FAIL_TEMP;
}

enum fail
lineage_mark_load(const char *path, struct lineage_mark *out)
{
	char bytes[MARK_BYTES_MAX];
	ssize_t n;
	int fd;

	*out = (struct lineage_mark){ 0 };
	fd = sys.open(path, O_RDONLY, 0);
	if (fd < 0)
		return errno == ENOENT ? FAIL_MISSING : because(path, "store.lineage.open");
	n = sys.read(fd, bytes, sizeof bytes);
	if (n < 0) {
		enum fail fail = because(path, "store.lineage.read");

		sys.close(fd);
		return fail;
	}
	sys.close(fd);
	return lineage_mark_parse(str_of(bytes, (size_t)n), out) ? FAIL_NONE : FAIL_PERM;
}

static enum fail
write_part(const char *path, const char *name, struct str text)
{
	int fd = sys.open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	enum fail fail = FAIL_NONE;

	if (fd < 0)
		return because(path, "store.lineage.open");
	if (sys.write(fd, text.p, text.n) != (ssize_t)text.n || sys.fsync(fd) != 0)
		fail = because(path, "store.lineage.write");
	sys.close(fd);
	return fail;
}

enum fail
lineage_mark_save(const char *path, const struct lineage_mark *m)
{
	struct buf text, part;
	enum fail fail = FAIL_LIMIT;

	buf_init(&text, MARK_BYTES_MAX);
	buf_init(&part, PATH_BYTES_MAX);
	lineage_mark_write(&text, m);
	buf_add_c(&part, path);
	buf_add_c(&part, ".part");
	if (buf_ok(&part)) {
		fail = write_part(path, buf_c(&part), buf_str(&text));
		if (fail == FAIL_NONE && sys.rename(buf_c(&part), path) != 0)
			fail = because(path, "store.lineage.rename");
		if (fail == FAIL_NONE)
			fail = sqlite_vfs_sync_folder(path);
		else
			(void)sys.unlink(buf_c(&part));
	}
	buf_release(&text);
	buf_release(&part);
	return fail;
}
