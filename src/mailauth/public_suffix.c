#include "mailauth/public_suffix.h"

/* system */
#include <stdint.h>

/* rooms */
#include "mailauth/public_suffix_table.h"

#define BLOCK_COUNT (sizeof suffix_starts / sizeof suffix_starts[0])

/* How names of the table end: their rules. All other bytes are letters of the name. */
enum {
	RULE_PLAIN = 1,     /* "co.uk" */
	RULE_WILD = 2,      /* "*.ck" */
	RULE_EXCEPTION = 4, /* "!www.ck" */
	RULE_ALL = RULE_PLAIN | RULE_WILD | RULE_EXCEPTION
};

struct reader {
	size_t at;                  /* bits of suffix_bits */
	char name[SUFFIX_NAME_MAX]; /* labels turned round: "jp.kawasaki" */
	size_t n;
	unsigned rules;
};

/* The next symbol of a canonical Huffman code: `counts` tells how many codes there are of 1, 2 .. bits. */
static unsigned
next_symbol(struct reader *r, const uint8_t *symbols, const uint8_t *counts)
{
	unsigned code = 0, first = 0, index = 0;

	for (;; counts++) {
		unsigned byte = suffix_bits[r->at / 8], bit = byte >> (7 - r->at % 8) & 1;

		r->at++;
		code = code << 1 | bit;
		if (code - first < *counts)
			return symbols[index + code - first];
		index += *counts;
		first = (first + *counts) << 1;
	}
}

static void
next_name(struct reader *r)
{
	unsigned c;

	r->n = next_symbol(r, shared_symbols, shared_counts);
	while ((c = next_symbol(r, letter_symbols, letter_counts)) > RULE_ALL)
		r->name[r->n++] = (char)c;
	r->rules = c;
}

static void
first_name(struct reader *r, size_t block)
{
	r->at = (size_t)suffix_starts[block] * 8;
	next_name(r);
}

/* The rules of a name whose labels are turned round. */
static unsigned
find_rules(struct str name)
{
	struct reader r;
	size_t low = 0, high = BLOCK_COUNT; /* the block is at least low, less than high */

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		first_name(&r, middle);
		if (str_cmp(str_of(r.name, r.n), name) <= 0)
			low = middle;
		else
			high = middle;
	}
	first_name(&r, low);
	for (size_t i = low * SUFFIX_BLOCK;;) {
		int order = str_cmp(str_of(r.name, r.n), name);

		if (order == 0)
			return r.rules;
		if (order > 0 || ++i == SUFFIX_COUNT || i % SUFFIX_BLOCK == 0)
			return 0;
		next_name(&r);
	}
}

/* The last label of s, which loses it and the dot before it. */
static struct str
take_last(struct str *s)
{
	size_t dot = str_rfind_char(*s, '.');
	struct str label = dot == STR_NONE ? *s : str_from(*s, dot + 1);

	*s = str_head(*s, dot == STR_NONE ? 0 : dot);
	return label;
}

/* The end of `name` that begins at `label`. */
static struct str
end_from(struct str name, struct str label)
{
	return str_from(name, (size_t)(label.p - name.p));
}

struct str
public_suffix(struct str name)
{
	char turned[SUFFIX_NAME_MAX];
	struct str rest = name, label = take_last(&rest), found = label;
	size_t n = 0;

	for (;;) {
		struct str parent = label, above = rest;
		unsigned rules;

		if (label.n + 1 > sizeof turned - n)
			return end_from(name, found);
		if (n > 0)
			turned[n++] = '.';
		for (size_t i = 0; i < label.n; i++)
			turned[n++] = char_lower(label.p[i]);
		rules = find_rules(str_of(turned, n));
		label = take_last(&rest);
		if (rules & RULE_EXCEPTION)
			return str_from(end_from(name, parent), parent.n + 1);
		if (rules & RULE_PLAIN)
			found = parent;
		if ((rules & RULE_WILD) && !str_empty(above))
			found = label;
		if (str_empty(above))
			return end_from(name, found);
	}
}

struct str
public_suffix_organization(struct str name)
{
	struct str suffix = public_suffix(name), rest;

	if (suffix.n + 1 >= name.n)
		return name;
	rest = str_head(name, name.n - suffix.n - 1);
	return end_from(name, take_last(&rest));
}
