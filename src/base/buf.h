/*
 * buf.h - a growing byte buffer with a cap given at birth.
 *
 * Appending is sticky: once an append does not fit under the cap, that one and all later ones do
 * nothing and buf_ok() is false. So a writer appends without looking and asks once at the end.
 *
 * Ownership: the buffer owns its bytes; a str taken from it dies with the next append, consume or
 * release. A released or zeroed buffer holds no memory, which is what idle sessions keep.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf {           /* fields: read only */
	char *p;       /* own; the bytes begin at p + start */
	size_t start;  /* consumed bytes before the content */
	size_t n;      /* bytes of content */
	size_t cap;    /* bytes allocated */
	size_t max;    /* bytes of content allowed at most */
	bool overflow; /* an append did not fit */
	bool is_secret;
};

/* Empty, holding no memory, never more than `max` bytes of content. */
void buf_init(struct buf *b, size_t max);

/* The same for passwords and keys: memory is wiped before it is given back, also when the content moves as it grows. */
void buf_init_secret(struct buf *b, size_t max);

/* Give the memory back; the buffer is as after buf_init() with the same cap. */
void buf_release(struct buf *b);

/* Forget the content and the overflow, keep the memory. */
void buf_clear(struct buf *b);

/* The content. */
static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p + b->start : NULL, b->n };
}

/* False once an append did not fit. */
static inline bool
buf_ok(const struct buf *b)
{
	return !b->overflow;
}

/* Appending. */
void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_add_c(struct buf *b, const char *c);             /* a C string of ours */
void buf_add_again(struct buf *b, size_t from, size_t n); /* n bytes of the content from there */
void buf_add_u64(struct buf *b, uint64_t n);              /* decimal */
void buf_add_i64(struct buf *b, int64_t n);
void buf_add_u64_padded(struct buf *b, uint64_t n, unsigned width); /* with leading zeros */
void buf_add_hex(struct buf *b, struct str bytes);                  /* lower case */
void buf_add_escape(struct buf *b, char mark,
    char c); /* "%2F": the mark, and `c` in capital digits */

/*
 * Make room for `n` bytes after the content and return where they go, or NULL when the cap does
 * not allow it (not sticky); then buf_grow() by what was really written, 0 .. n.
 */
char *buf_room(struct buf *b, size_t n);
void buf_grow(struct buf *b, size_t n);

/* `n` bytes more of content, which the caller writes at once: where; NULL (sticky, as appending) when they do not fit. */
char *buf_extend(struct buf *b, size_t n);

/* Drop `n` bytes at the front (n <= content); memory is given back when the content is empty. */
void buf_consume(struct buf *b, size_t n);

/* The same, and the memory is kept for what follows at once. */
void buf_drop(struct buf *b, size_t n);

/* Cut the content to its first `n` bytes. */
void buf_truncate(struct buf *b, size_t n);

/* The same, and an overflow since then is forgotten: what was appended behind n is undone. */
void buf_rewind(struct buf *b, size_t n);

/* The content as memory of its own, for mem_free(); the buffer is as after buf_init(). p is NULL: it was empty. */
struct str buf_take(struct buf *b);

/* A NUL behind the content (not counted) and the content as a C string, for library edges. */
const char *buf_c(struct buf *b);

#endif
