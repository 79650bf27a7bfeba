#include "directory/child.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "directory/anybody.h"
#include "directory/source_sqlite.h"
#include "directory/words.h"
#include "sys/sys.h"

#define CHILD_FD          3           /* where the child keeps its socket */
#define QUESTION_BYTES    (64 * 1024) /* of the tree of one question */
#define QUESTION_LINE_MAX (32 * 1024) /* bytes of a question */

static const struct log child_log = { .room = "directory" };

/* The member as text, or empty. */
static struct str
text_of(const struct json *v, struct str name)
{
	struct str text = STR("");

	return json_get_text(json_find(v, name), &text) ? text : STR("");
}

static enum fail
ask_database(struct lookup *l, enum directory_kind kind, const struct json *question,
    struct json_writer *w)
{
	struct str name = text_of(question, STR("name"));

	switch (kind) {
	case DIRECTORY_LOGIN: return lookup_login(l, name, text_of(question, STR("secret")), w);
	case DIRECTORY_SCRAM: return lookup_scram(l, name, text_of(question, STR("mechanism")), w);
	case DIRECTORY_RESOLVE: return lookup_resolve(l, text_of(question, STR("address")), w);
	case DIRECTORY_ACCOUNT: return lookup_account(l, name, w);
	case DIRECTORY_DOMAINS: return lookup_domains(l, w);
	case DIRECTORY_PRINCIPALS: return lookup_principals(l, text_of(question, STR("domain")), w);
	case DIRECTORY_CREDENTIAL:
		return lookup_credential(l, name, text_of(question, STR("credential")), w);
	case DIRECTORY_KIND_COUNT: break;
	}
	return FAIL_PERM;
}

static enum fail
answer(struct lookup *l, const struct json *question, struct json_writer *w)
{
	enum directory_kind kind = directory_word_find(text_of(question, STR("ask")));
	enum fail fail = ask_database(l, kind, question, w);
	struct str name =
	    text_of(question, kind == DIRECTORY_RESOLVE ? STR("address") : STR("name"));

	if ((fail != FAIL_MISSING && fail != FAIL_DENIED) || str_empty(l->settings->test_password))
		return fail;
	buf_clear(w->out); /* what the refused lookup had begun */
	w->needs_comma = false;
	return anybody_answer(l, kind, name,
		   text_of(question,
		       kind == DIRECTORY_CREDENTIAL ? STR("credential") : STR("secret")),
		   w) == FAIL_NONE
	    ? FAIL_NONE
	    : fail;
}

void
directory_child_answer(struct lookup *l, struct str line, struct buf *out)
{
	struct json_writer w = { .out = out };
	const struct json *question;
	struct buf members;
	struct json_writer inner = { .out = &members };
	struct arena a;
	int64_t id = 0;
	enum fail fail;

	arena_init(&a, QUESTION_BYTES);
	buf_init(&members, DIRECTORY_LINE_MAX - 100);
	fail = json_parse(line, &a, &question);
	if (fail == FAIL_NONE && json_get_int(json_find(question, STR("id")), &id))
		fail = answer(l, question, &inner);
	else
		fail = FAIL_PERM;
	if (fail == FAIL_NONE && !buf_ok(&members))
		fail = FAIL_TEMP;
	json_object_begin(&w);
	json_name_int(&w, STR("id"), id);
	json_name_string(&w, STR("result"), directory_result_write(fail));
	if (fail == FAIL_NONE) {
		buf_add_char(out, ',');
		buf_add(out, buf_str(&members));
	}
	json_object_end(&w);
	buf_release(&members);
	arena_release(&a);
}

static bool
send_all(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t n = sys.send(fd, text.p, text.n, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = str_from(text, (size_t)n);
	}
	return true;
}

/* Questions contain passwords: what was read is wiped. */
static bool
answer_lines(struct lookup *l, int fd, struct buf *in)
{
	size_t end;

	while ((end = str_find_char(buf_str(in), '\n')) != STR_NONE) {
		struct buf out;
		bool is_sent;

		buf_init(&out, DIRECTORY_LINE_MAX);
		directory_child_answer(l, str_head(buf_str(in), end), &out);
		buf_add_char(&out, '\n');
		is_sent = buf_ok(&out) && send_all(fd, buf_str(&out));
		buf_release(&out);
		mem_wipe(in->p + in->start, end);
		buf_consume(in, end + 1);
		if (!is_sent)
			return false;
	}
	return true;
}

static void
serve(struct lookup *l, int fd)
{
	struct buf in;

	buf_init(&in, 64 * QUESTION_LINE_MAX);
	for (;;) {
		char *room = buf_room(&in, QUESTION_LINE_MAX);
		ssize_t n = room ? sys.recv(fd, room, QUESTION_LINE_MAX, 0) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_grow(&in, (size_t)n);
		if (!answer_lines(l, fd, &in))
			break;
	}
	buf_release(&in);
}

/* Nothing of the server's stays open here: neither its connections nor its files. */
static void
close_others(int fd)
{
	if (fd != CHILD_FD)
		dup2(fd, CHILD_FD);
	fcntl(CHILD_FD, F_SETFL, 0);
	if (syscall(SYS_close_range, CHILD_FD + 1, ~0u, 0) != 0) {
		long most = sysconf(_SC_OPEN_MAX);

		for (int i = CHILD_FD + 1; i < most; i++)
			close(i);
	}
}

void
directory_child_main(int fd, struct str path, const struct directory_settings *settings)
{
	struct source_sqlite sqlite;
	struct lookup l = { .source = &sqlite.source, .settings = settings };

	/* It ends when its socket does; signals to the whole group are the server's to answer. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "staunch-dir");
	close_others(fd);
	if (source_sqlite_open(&sqlite, path, settings->engine_values) != FAIL_NONE) {
		log_error(&child_log, "directory.child", LOG_TEXT("path", path));
		_exit(1);
	}
	serve(&l, CHILD_FD);
	source_sqlite_close(&sqlite);
	_exit(0);
}
