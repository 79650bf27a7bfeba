/*
 * Patterns of LIST (RFC 9051 6.3.9), all of whose ways are gone at once: after each byte of the path, bit n of `at`
 * tells whether the first n bytes of the pattern may stand for what was read. So a path costs its bytes times the words
 * of the pattern; trying one way after the other costs its cube, for who wants that.
 */
#include "imap/name.h"

/* base */
#include "base/mem.h"

#define WORD_BITS 64

static void
set_bit(uint64_t *set, size_t bit)
{
	set[bit / WORD_BITS] |= (uint64_t)1 << bit % WORD_BITS;
}

static bool
has_bit(const uint64_t *set, size_t bit)
{
	return (set[bit / WORD_BITS] >> bit % WORD_BITS & 1) != 0;
}

/* Wildcards side by side are one: "*" when one of them is. The length of the pattern, so counted. */
static size_t
read_pattern(struct imap_pattern *m, struct str pattern)
{
	bool is_behind_wildcard = false;
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		bool is_star = pattern.p[i] == '*';
		bool is_wildcard = is_star || pattern.p[i] == '%';

		n += !(is_wildcard && is_behind_wildcard);
		if (is_wildcard)
			set_bit(is_star ? m->star : m->level, n - 1);
		else
			set_bit(m->bytes + (unsigned char)pattern.p[i] * m->words, n - 1);
		is_behind_wildcard = is_wildcard;
	}
	return n;
}

/* A wildcard may stand for nothing: what is in front of it is behind it, too. */
static uint64_t
pass_wildcards(uint64_t at, uint64_t wildcards, uint64_t *carry)
{
	uint64_t before = at & wildcards, after = at | before << 1 | *carry;

	*carry = before >> (WORD_BITS - 1);
	return after;
}

/* One byte of the path, which may stand for `other`, too. */
static void
read_byte(struct imap_pattern *m, unsigned char byte, unsigned char other)
{
	const uint64_t *a = m->bytes + byte * m->words, *b = m->bytes + other * m->words;
	uint64_t carry = 0, wildcard_carry = 0;

	for (size_t i = 0; i < m->words; i++) {
		uint64_t moved = m->at[i] & (a[i] | b[i]);
		uint64_t stays = m->star[i] | (byte == IMAP_DELIMITER ? 0 : m->level[i]);
		uint64_t now = (m->at[i] & stays) | moved << 1 | carry;

		carry = moved >> (WORD_BITS - 1);
		m->at[i] = pass_wildcards(now, m->star[i] | m->level[i], &wildcard_carry);
	}
}

/* Bytes at the front of a path that are compared without case. */
static size_t
folded_bytes(struct str path)
{
	struct str first = str_head(path, 5);

	if (imap_name_is_inbox(first) && (path.n == 5 || path.p[5] == IMAP_DELIMITER))
		return 5;
	return 0;
}

void
imap_pattern_init(struct imap_pattern *m, struct str pattern)
{
	size_t words = pattern.n / WORD_BITS + 1;
	uint64_t *sets = mem_new((3 + 256) * words, sizeof(*sets));

	*m = (struct imap_pattern){ .words = words,
		.at = sets,
		.star = sets + words,
		.level = sets + 2 * words,
		.bytes = sets + 3 * words };
	m->end = read_pattern(m, pattern);
}

bool
imap_pattern_matches(struct imap_pattern *m, struct str path)
{
	size_t folded = folded_bytes(path);
	uint64_t carry = 0;

	memset(m->at, 0, m->words * sizeof(*m->at));
	m->at[0] = pass_wildcards(1, m->star[0] | m->level[0], &carry);
	for (size_t i = 0; i < path.n; i++) {
		unsigned char byte = (unsigned char)path.p[i];
		unsigned char other = i < folded ? byte ^ 0x20 : byte; /* a letter in other case */

		read_byte(m, byte, other);
	}
	return has_bit(m->at, m->end);
}

void
imap_pattern_release(struct imap_pattern *m)
{
	mem_free(m->at);
	*m = (struct imap_pattern){ 0 };
}
