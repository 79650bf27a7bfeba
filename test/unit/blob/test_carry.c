/* Small messages in the commit: what they cost, and that the bytes are there whatever becomes of the file. */
#include "blob/blob.h"

/* system */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "../../lib/small_mail.h"
#include "blob/inner.h"
#include "store/store.h"
#include "sys/sys.h"

static char folder[256];

static struct str
fresh(void)
{
	snprintf(folder, sizeof folder, "%s/tree", test_folder());
	small_fresh_folder(folder);
	return str_c(folder);
}

/* Do something with each file in cur of ann; how many there are. */
static int
each_file(int (*fn)(const char *path))
{
	char path[800];
	struct dirent *entry;
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof path, "%s/mail/ann/cur", folder);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/mail/ann/cur/%s", folder, entry->d_name);
		n++;
		if (fn != NULL)
			CHECK_NUM(fn(path), 0);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

static int
tear(const char *path)
{
	return truncate(path, 3);
}

static void
swallow(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* --- what it costs ------------------------------------------------------------------------- */

static int syncs, opens;

static int
count_sync(int fd)
{
	syncs++;
	return fdatasync(fd);
}

static int
count_open(const char *path, int flags, mode_t mode)
{
	opens++;
	return open(path, flags | O_CLOEXEC, mode);
}

static void
test_cost(void)
{
	struct small_mail m;

	TEST_ROW("one sync, and one file opened once");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 4000), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 2, BLOB_CARRY_MAX + 1), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE); /* syncs the folders that are new */
	sys.fsync = sys.fdatasync = sys.syncfs = count_sync;
	sys.open = count_open;
	syncs = opens = 0;
	CHECK_NUM(small_add(&m, STR("ann"), 3, 4000), FAIL_NONE);
	CHECK_NUM(small_look(&m, 3), FAIL_NONE);
	CHECK_NUM(each_file(NULL), 2);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(syncs, 1);
	CHECK_NUM(opens, 1);
	CHECK_NUM(each_file(NULL), 3);
	sys_restore();
	CHECK_NUM(small_verify(&m, true), 0);

	TEST_ROW("a link makes a file of it");
	CHECK_NUM(small_add(&m, STR("ann"), 4, 4000), FAIL_NONE);
	CHECK_NUM(small_link(&m, 4, STR("bob"), 5), FAIL_NONE);
	CHECK_NUM(m.blob->carried_bytes, 0);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

/* --- killed -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*damage)(const char *path);
	bool is_dropped, is_linked;
} kill_rows[] = {
	{ "nothing is lost", NULL, false, false },
	{ "the file was lost", unlink, false, false },
	{ "a part of it was lost", tear, false, false },
	{ "it was dropped meanwhile", unlink, true, false },
	{ "it was dropped, the file is still there", NULL, true, false },
	{ "it was linked meanwhile", NULL, false, true },
};

static void
work_and_die(size_t row)
{
	struct small_mail m;
	bool is_well = small_open(&m, NULL, str_c(folder)) == FAIL_NONE &&
	    small_add(&m, STR("ann"), 1, 4000) == FAIL_NONE && blob_commit(m.blob) == FAIL_NONE;

	if (is_well && kill_rows[row].is_dropped)
		is_well = small_drop(&m, 1) == FAIL_NONE && store_commit(m.store) == FAIL_NONE;
	if (is_well && kill_rows[row].is_linked)
		is_well = small_link(&m, 1, STR("bob"), 2) == FAIL_NONE &&
		    blob_commit(m.blob) == FAIL_NONE;
	if (is_well && kill_rows[row].damage != NULL)
		is_well = each_file(kill_rows[row].damage) == 1;
	_exit(is_well ? 0 : 1);
}

static void
test_kill(void)
{
	for (size_t i = 0; i < ARRAY_LEN(kill_rows); i++) {
		struct small_mail m;
		int status = -1;
		pid_t pid;

		TEST_ROW(kill_rows[i].name);
		fresh();
		pid = fork();
		if (pid == 0)
			work_and_die(i);
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
		CHECK_NUM(small_open(&m, NULL, str_c(folder)), FAIL_NONE);
		CHECK_NUM(small_look(&m, 1), kill_rows[i].is_dropped ? FAIL_MISSING : FAIL_NONE);
		CHECK_NUM(small_verify(&m, true), 0);
		CHECK_NUM(each_file(NULL), kill_rows[i].is_dropped ? 0 : 1);
		small_close(&m);

		/* its key went: what is torn now stays so */
		if (!kill_rows[i].is_dropped)
			CHECK_NUM(each_file(tear), 1);
		CHECK_NUM(small_open(&m, NULL, str_c(folder)), FAIL_NONE);
		CHECK_NUM(small_look(&m, 1), kill_rows[i].is_dropped ? FAIL_MISSING : FAIL_PERM);
		small_close(&m);
	}
}

/* --- the disk fails ------------------------------------------------------------------------ */

static int
no_file_in_cur(const char *path, int flags, mode_t mode)
{
	if (strstr(path, "/cur/") != NULL && (flags & O_CREAT)) {
		errno = ENOSPC;
		return -1;
	}
	return open(path, flags | O_CLOEXEC, mode);
}

static int
no_syncfs(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

/* Found, and linked by a copy, without a file. */
static void
look_behind(struct small_mail *m)
{
	CHECK(m->blob->is_behind);
	CHECK_NUM(small_look(m, 1), FAIL_NONE);
	CHECK_NUM(small_verify(m, false), 0);
}

static void
test_behind(void)
{
	struct small_mail m;

	TEST_ROW("the disk is full when the file is written");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	sys.open = no_file_in_cur;
	CHECK_NUM(small_add(&m, STR("ann"), 1, 4000), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(each_file(NULL), 0);
	CHECK(!blob_is_well(m.blob));
	look_behind(&m);

	TEST_ROW("and is still full");
	store_flush(m.store);
	look_behind(&m);
	CHECK_NUM(small_add(&m, STR("ann"), 2, 4000), FAIL_NONE); /* as a file */
	CHECK_NUM(m.blob->carried_bytes, 0);
	CHECK_NUM(small_link(&m, 1, STR("bob"), 3), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	CHECK_NUM(small_look(&m, 3), FAIL_NONE);

	TEST_ROW("also after a new start");
	small_close(&m);
	CHECK_NUM(small_open(&m, NULL, str_c(folder)), FAIL_NONE);
	look_behind(&m);

	TEST_ROW("there is room again");
	sys_restore();
	store_flush(m.store);
	CHECK(!m.blob->is_behind && !m.blob->is_loose);
	CHECK_NUM(each_file(NULL), 2);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

static void
test_sync_fails(void)
{
	struct small_mail m;

	TEST_ROW("the sync fails: the files are not trusted");
	CHECK_NUM(small_open(&m, NULL, fresh()), FAIL_NONE);
	CHECK_NUM(small_add(&m, STR("ann"), 1, 4000), FAIL_NONE);
	CHECK_NUM(blob_commit(m.blob), FAIL_NONE);
	sys.syncfs = no_syncfs;
	store_flush(m.store);
	CHECK_NUM(each_file(tear), 1);
	look_behind(&m);
	sys_restore();
	small_close(&m);
	CHECK_NUM(small_open(&m, NULL, str_c(folder)), FAIL_NONE);
	CHECK_NUM(small_verify(&m, true), 0);
	small_close(&m);
}

int
main(void)
{
	log_capture(swallow, NULL);
	test_cost();
	test_kill();
	test_behind();
	test_sync_fails();
	return test_end();
}
