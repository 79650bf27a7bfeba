/*
 * key.h - keys whose order is their meaning.
 *
 * A key is a space byte (which kind of record), then components. Numbers begin with their length, texts are
 * escaped and end with a mark that sorts before every other byte, so keys compare as tuples do:
 *
 *     u32, u64   how many bytes, 0 to 8, then those, big-endian, without zeros in front
 *     i64        8 bytes, big-endian with the sign bit turned
 *     bytes      00 -> 00 FF, then the end 00 01 ("a" < "a\0" < "aa")
 *     rest       as it is, up to the end of the key; last component only
 *
 * A key that grows past STORE_KEY_MAX overflows; the store refuses it with FAIL_LIMIT, so writers need
 * not ask. The reader takes the components back in the same order and its error sticks.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/store.h"

struct key {      /* fields: read only */
	size_t n; /* STORE_KEY_MAX + 1 once it overflowed */
	char bytes[STORE_KEY_MAX + 1];
};

/* Begin with the space byte; everything before is forgotten. */
void key_init(struct key *k, char space);

void key_u32(struct key *k, uint32_t n);
void key_u64(struct key *k, uint64_t n);
void key_i64(struct key *k, int64_t n);
void key_char(struct key *k, char c);
void key_bytes(struct key *k, struct str s);
void key_rest(struct key *k, struct str s);

/* Cut back to `n` bytes, to build the next key with the same beginning. */
void key_cut(struct key *k, size_t n);

static inline struct str
key_str(const struct key *k)
{
	return (struct str){ k->bytes, k->n };
}

/*
 * Make it the first key after all that begin with it: scan from a prefix to its end. A key of FF
 * bytes only becomes empty, which means "no end". Space bytes are below FF.
 */
void key_end(struct key *k);

struct key_reader {
	struct str rest; /* borrow: the key */
	bool is_bad;     /* something was missing; all later values are 0 */
};

void key_read(struct key_reader *r, struct str key);
char key_read_char(struct key_reader *r); /* also the space byte */
uint32_t key_read_u32(struct key_reader *r);
uint64_t key_read_u64(struct key_reader *r);
int64_t key_read_i64(struct key_reader *r);
void key_read_bytes(struct key_reader *r, struct buf *out); /* appended, unescaped */
struct str key_read_rest(struct key_reader *r);

/* True when nothing was missing and nothing is left. */
bool key_read_done(const struct key_reader *r);

#endif
