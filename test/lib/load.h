/*
 * load.h - many connections of a load, in one epoll loop that costs the machine little.
 *
 * For programs of test/bench: whatever goes wrong ends the program with a line that says what. Lines are what
 * ends in LF; the content of literals comes as lines too, and the caller knows a response by its beginning.
 *
 * Ownership: a load has its links, made by load_dial(); load_release() closes them.
 */
#ifndef TEST_LOAD_H
#define TEST_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct load_link { /* fields: read only, but for `out` and `user` */
	int fd;
	uint32_t number; /* from 0 in its load */
	bool is_blocked; /* the socket took no more of `out` */
	struct buf out;  /* append, then load_send() or return from load_line_fn */
	struct buf in;   /* what is not taken yet */
	void *user;      /* the caller's */
};

struct load {
	const char *program; /* in front of what is said in trouble */
	int epoll;
	struct load_link **links; /* own */
	uint32_t count;
};

/* A line without its line end, valid during the call. */
typedef void load_line_fn(struct load_link *k, struct str line, void *arg);

void load_init(struct load *l, const char *program);
void load_release(struct load *l);

/* Connect to 127.0.0.1. */
struct load_link *load_dial(struct load *l, uint16_t port);

/* Send what `out` has, as far as the socket takes it; the rest follows in later turns. */
void load_send(struct load *l, struct load_link *k);

/* Bytes came: takes (buf_consume) what is complete out of k->in. */
typedef void load_bytes_fn(struct load_link *k, void *arg);

/* Wait for bytes (a minute at most) and give their lines to `take`, or all of them. */
void load_turn(struct load *l, load_line_fn *take, void *arg);
void load_turn_bytes(struct load *l, load_bytes_fn *take, void *arg);

/* Say what is wrong and exit. */
_Noreturn void load_die(const struct load *l, const char *what, struct str said);

/* A number from 1 of the command line. */
uint32_t load_number(const struct load *l, const char *text);

/* "NAME "user" "password"CRLF": LOGIN is answered by "NAME OK". */
void load_login_write(struct buf *out, const char *tag, const char *user, const char *password);

/* A message of about `size` bytes; none is the same as another. One in LOAD_RARE has the word "xylophone". */
#define LOAD_RARE 10000
void load_message_write(struct buf *out, const char *to, uint32_t number, size_t size);

#endif
