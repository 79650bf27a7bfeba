/*
 * command.h - commands that look into a running server, or do the same in a data folder without one.
 *
 * A command is a function that is called until it is done: it appends lines to `out` or `err` and keeps
 * its place in the run, so that a server goes on serving while somebody lists a hundred thousand messages.
 * Through the control socket (control.h) or straight from the command line it is the same function.
 */
#ifndef SERVER_COMMAND_H
#define SERVER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "queue/admin.h"

struct server;

#define COMMAND_WORDS_MAX 6 /* words and arguments together */
#define COMMAND_OUT_MAX \
	(8 * 1024 * 1024) /* bytes of one slice: a message with all its recipients */

struct command_run { /* fields: read only, but for those of the command */
	struct server *server;
	const struct server_command *command;
	struct str arguments[COMMAND_WORDS_MAX]; /* behind the command's words; borrow */
	size_t argument_count;
	bool is_json;
	struct buf out, err; /* own; whole lines */
	int status;          /* 0 done, 1 failed, 2 wrong use */
	int64_t pause_ms;    /* out: of no use before that; 0: go on */

	/* the command's own, zeroed before its first call */
	struct arena arena;
	uint64_t at, after;
	struct buf name, mark;
	uint64_t count;
	struct queue_retried retried;
};

enum command_need {
	NEED_QUEUE, /* a version that sends mail */
	NEED_RUN,   /* a server that runs: what it is about lives in memory */
	NEED_INDEX, /* the full-text index */
};

struct server_command {
	const char *words; /* "queue list" */
	enum command_need need;
	size_t least, most;
	bool (*run)(struct command_run *r); /* false: done */
};

extern const struct server_command server_commands[]; /* NULL words at the end */

/*
 * Find the command of these words and make ready; false (said in r->err): there is none or it does not take
 * so many arguments (status 2), or what it needs is not there (1). `words` are borrowed as long as the run lives.
 */
bool command_begin(struct command_run *r, struct server *s, const struct str *words, size_t count);

/* One slice; false: done. */
bool command_step(struct command_run *r);

void command_release(struct command_run *r);

/* For commands: one line to stderr, status 1. Returns false. */
bool command_fail(struct command_run *r, struct str what, const char *why);

#endif
