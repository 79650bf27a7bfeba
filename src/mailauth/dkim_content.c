#include "mailauth/dkim_content.h"

/* system */
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

struct named {
	struct str name;
	uint32_t index;
};

/* By length first: most names are told apart by that. */
static int
compare_names(struct str a, struct str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return str_cmp_nocase(a, b);
}

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = compare_names(x->name, y->name);

	if (order != 0)
		return order;
	return x->index > y->index ? -1 : 1; /* the last first */
}

static void
sort_fields(struct dkim_content *c)
{
	struct named *all = mem_new(c->count + 1, sizeof *all);

	c->by_name = mem_new(c->count + 1, sizeof *c->by_name);
	for (size_t i = 0; i < c->count; i++)
		all[i] = (struct named){ c->fields[i].name, (uint32_t)i };
	qsort(all, c->count, sizeof *all, compare_named);
	for (size_t i = 0; i < c->count; i++)
		c->by_name[i] = all[i].index;
	mem_free(all);
}

/*
 * Count the fields, and say what is wrong with the header; its bytes. Lines that are no field would be shown to
 * somebody, and no signature is about them.
 */
static size_t
survey(struct dkim_content *c, struct str block)
{
	struct header field;
	struct str rest = block, before;

	for (before = rest; c->count < DKIM_FIELDS_MAX && header_next(&rest, &field);
	     before = rest) {
		c->is_odd = c->is_odd || field.whole.p != before.p;
		c->count++;
	}
	c->is_cut = c->count == DKIM_FIELDS_MAX && header_next(&rest, &field);
	if (c->is_cut)
		return block.n - before.n;
	c->is_odd = c->is_odd || header_size(rest) < rest.n;
	return block.n - rest.n;
}

void
dkim_content_header(struct dkim_content *c, struct str block)
{
	size_t n = survey(c, block);
	struct str cur;

	c->is_cut = c->is_cut || n > DKIM_HEADER_MAX;
	for (int i = 0; i < DKIM_CANON_COUNT; i++)
		c->bodies[i].canon = (enum dkim_canon)i;
	buf_init(&c->header, DKIM_HEADER_MAX);
	buf_add(&c->header, str_head(block, size_min(n, DKIM_HEADER_MAX)));
	c->fields = mem_new(c->count + 1, sizeof *c->fields);
	cur = buf_str(&c->header);
	for (size_t i = 0; i < c->count; i++)
		if (!header_next(&cur, &c->fields[i]))
			c->count = i;
	sort_fields(c);
}

void
dkim_content_body(struct dkim_content *c, struct str piece)
{
	for (int i = 0; i < DKIM_CANON_COUNT; i++)
		dkim_body_add(&c->bodies[i], piece);
}

void
dkim_content_end(struct dkim_content *c)
{
	for (int i = 0; i < DKIM_CANON_COUNT; i++)
		dkim_body_end(&c->bodies[i]);
	c->is_ended = true;
}

void
dkim_content_release(struct dkim_content *c)
{
	buf_release(&c->header);
	mem_free(c->fields);
	mem_free(c->by_name);
	*c = (struct dkim_content){ 0 };
}

/* Where the fields of a name begin in by_name, or where they would. */
static size_t
first_of(const struct dkim_content *c, struct str name)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(c->fields[c->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_named(const struct dkim_content *c, size_t at, struct str name)
{
	return at < c->count && str_eq_nocase(c->fields[c->by_name[at]].name, name);
}

bool
dkim_content_take(const struct dkim_content *c, uint32_t *taken, struct str name,
    struct header *out)
{
	size_t first = first_of(c, name), at;

	if (!is_named(c, first, name))
		return false;
	at = first + taken[first];
	if (!is_named(c, at, name))
		return false;
	taken[first]++;
	*out = c->fields[c->by_name[at]];
	return true;
}
