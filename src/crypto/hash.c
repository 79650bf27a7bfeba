#include "crypto/hash.h"

/* system */
#include <assert.h>
#include <bearssl.h>
#include <string.h>

static_assert(sizeof(br_hash_compat_context) <= sizeof(struct hash_state),
    "hash_state is too small");

static const br_hash_class *
class_of(enum hash kind)
{
	switch (kind) {
	case HASH_MD5: return &br_md5_vtable;
	case HASH_SHA1: return &br_sha1_vtable;
	case HASH_SHA256: return &br_sha256_vtable;
	case HASH_SHA384: return &br_sha384_vtable;
	case HASH_COUNT:
	case HASH_SHA512: break;
	}
	return &br_sha512_vtable;
}

/* The library's context begins with its class, and so says by itself which hash it is. */
static const br_hash_class **
context(struct hash_state *s)
{
	return (const br_hash_class **)(void *)s->words;
}

/*
 * That class. It is copied out as bytes: a state that was assigned is words to the compiler, which might look for a
 * pointer there before the words arrive (C11 6.5p7).
 */
static const br_hash_class *
class_in(const struct hash_state *s)
{
	const br_hash_class *class;

	memcpy(&class, s->words, sizeof class);
	return class;
}

size_t
hash_size(enum hash kind)
{
	return class_of(kind)->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}

size_t
hash_block(enum hash kind)
{
	return (size_t)1 << (class_of(kind)->desc >> BR_HASHDESC_LBLEN_OFF &
		   BR_HASHDESC_LBLEN_MASK);
}

void
hash_init(struct hash_state *s, enum hash kind)
{
	*s = (struct hash_state){ { 0 } };
	class_of(kind)->init(context(s));
}

void
hash_add(struct hash_state *s, struct str bytes)
{
	if (bytes.n > 0)
		class_in(s)->update(context(s), bytes.p, bytes.n);
}

void
hash_get(const struct hash_state *s, unsigned char *out)
{
	struct hash_state copy = *s;

	class_in(&copy)->out(context(&copy), out);
}

void
hash_once(enum hash kind, struct str bytes, unsigned char *out)
{
	struct hash_state s;

	hash_init(&s, kind);
	hash_add(&s, bytes);
	hash_get(&s, out);
}
