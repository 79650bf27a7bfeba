#include "server/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "server/server.h"
#include "server/server_files.h"

#define COMMAND_NAME_MAX  4096              /* bytes: a key of the store, texts beside it */
#define COMMAND_ARENA_MAX (8 * 1024 * 1024) /* bytes: one message with SMTP_RCPT_MAX recipients */

bool
command_fail(struct command_run *r, struct str what, const char *why)
{
	buf_add(&r->err, STR("staunch: "));
	buf_add(&r->err, what);
	buf_add(&r->err, STR(": "));
	buf_add_c(&r->err, why);
	buf_add_char(&r->err, '\n');
	r->status = 1;
	return false;
}

/* How many of the words are the command's; 0: it is another one. */
static size_t
match(const struct server_command *c, const struct str *words, size_t count)
{
	struct str all = str_c(c->words), word;
	size_t n = 0;

	while (str_next_part(&all, ' ', &word))
		if (n == count || !str_eq(words[n++], word))
			return 0;
	return n;
}

static bool
has_need(struct command_run *r)
{
	switch (r->command->need) {
	case NEED_QUEUE:
		return r->server->queue != NULL ||
		    command_fail(r, STR("queue"), "this version sends no mail");
	case NEED_INDEX:
		if (!r->server->search) /* without a server it was not opened yet */
			server_open_index(r->server, NULL);
		if (r->server->search != NULL)
			return true;
		return server_version.hands_on
		    ? command_fail(r, STR("reindex"), "this version has no mailboxes")
		    : command_fail(r, STR("reindex"),
			  "there is to be no index: [search] index = no");
	case NEED_RUN: break;
	}
	return r->server->policy != NULL ||
	    command_fail(r, str_c(r->command->words), "no server is running");
}

bool
command_begin(struct command_run *r, struct server *s, const struct str *words, size_t count)
{
	*r = (struct command_run){ .server = s };
	buf_init(&r->out, COMMAND_OUT_MAX);
	buf_init(&r->err, COMMAND_OUT_MAX);
	buf_init(&r->name, COMMAND_NAME_MAX);
	buf_init(&r->mark, COMMAND_NAME_MAX);
	arena_init(&r->arena, COMMAND_ARENA_MAX);
	if (count > 0 && str_eq(words[count - 1], STR("--json"))) {
		r->is_json = true;
		count--;
	}
	for (const struct server_command *c = server_commands; c->words; c++) {
		size_t n = match(c, words, count);

		if (n == 0 || count - n < c->least || count - n > c->most)
			continue;
		r->command = c;
		for (size_t i = n; i < count; i++)
			r->arguments[r->argument_count++] = words[i];
		return has_need(r);
	}
	(void)command_fail(r, count > 0 ? words[0] : STR("command"),
	    "there is no such command, or it takes other arguments");
	r->status = 2;
	return false;
}

bool
command_step(struct command_run *r)
{
	arena_reset(&r->arena);
	r->pause_ms = 0;
	return r->command->run(r);
}

void
command_release(struct command_run *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
	buf_release(&r->name);
	buf_release(&r->mark);
	arena_release(&r->arena);
}
