#include "imap/set.h"

/* system */
#include <stdlib.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* seq-number = nz-number / "*" */
static bool
seq_number(struct imap_cursor *c, uint32_t *out)
{
	uint64_t n;

	if (imap_char(c, '*')) {
		*out = IMAP_STAR;
		return true;
	}
	if (!imap_number(c, 1, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* seq-range = seq-number ":" seq-number; either alone is a range of one */
static bool
seq_range(struct imap_cursor *c, struct imap_range *out)
{
	if (!seq_number(c, &out->first))
		return false;
	out->last = out->first;
	return !imap_char(c, ':') || seq_number(c, &out->last);
}

/* How many ranges the set has at most: its commas, counted before anything is allocated. */
static size_t
count_parts(struct str s)
{
	size_t count = 1;

	for (size_t i = 0; i < s.n; i++) {
		char b = s.p[i];

		if (b == ',')
			count++;
		else if (!char_is_digit(b) && b != ':' && b != '*')
			break;
	}
	return count;
}

bool
imap_set_parse(struct imap_cursor *c, struct imap_set *out)
{
	struct imap_cursor at = *c;
	struct imap_set set = { 0 };
	size_t parts = count_parts(at.at);

	if (imap_char(&at, '$')) {
		c->at = at.at;
		*out = (struct imap_set){ .is_saved = true };
		return true;
	}
	set.ranges = arena_alloc(c->arena, parts, sizeof(*set.ranges));
	if (!set.ranges) {
		c->is_over = true;
		return false;
	}
	do {
		invariant(set.count < parts);
		if (!seq_range(&at, &set.ranges[set.count++]))
			return false;
	} while (imap_char(&at, ','));
	c->at = at.at;
	*out = set;
	return true;
}

static int
compare_ranges(const void *a, const void *b)
{
	const struct imap_range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

/*
 * first <= last, "*" replaced; false when the range names nothing. Liberal: "1:*" of an empty mailbox
 * names nothing instead of message 1, because programs ask so without looking at EXISTS.
 */
static bool
resolve_range(struct imap_range *r, uint32_t largest)
{
	uint32_t a = r->first == IMAP_STAR ? largest : r->first;
	uint32_t b = r->last == IMAP_STAR ? largest : r->last;

	r->first = a < b ? a : b;
	r->last = a < b ? b : a;
	return r->first > 0;
}

void
imap_set_resolve(struct imap_set *set, uint32_t largest)
{
	size_t kept = 0, merged = 0;
	bool is_sorted = true;

	for (size_t i = 0; i < set->count; i++) {
		struct imap_range r = set->ranges[i];

		if (!resolve_range(&r, largest))
			continue;
		if (kept > 0 && r.first < set->ranges[kept - 1].first)
			is_sorted = false;
		set->ranges[kept++] = r;
	}
	if (!is_sorted)
		qsort(set->ranges, kept, sizeof(*set->ranges), compare_ranges);
	for (size_t i = 0; i < kept; i++) {
		struct imap_range r = set->ranges[i];
		struct imap_range *last = merged > 0 ? &set->ranges[merged - 1] : NULL;

		if (last && (r.first <= last->last || r.first == last->last + 1)) {
			if (r.last > last->last)
				last->last = r.last;
		} else {
			set->ranges[merged++] = r;
		}
	}
	set->count = merged;
}

const struct imap_range *
imap_set_from(const struct imap_set *set, uint32_t n)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (set->ranges[mid].last < n)
			low = mid + 1;
		else
			high = mid;
	}
	return low < set->count ? &set->ranges[low] : NULL;
}

bool
imap_set_has(const struct imap_set *set, uint32_t n)
{
	const struct imap_range *r = imap_set_from(set, n);

	return r && r->first <= n;
}

uint32_t
imap_set_last(const struct imap_set *set)
{
	return set->count > 0 ? set->ranges[set->count - 1].last : 0;
}

void
imap_ranges_add(struct imap_ranges *r, uint32_t n)
{
	imap_ranges_add_all(r, n, n);
}

void
imap_ranges_add_all(struct imap_ranges *r, uint32_t first, uint32_t last)
{
	if (r->count > 0 && r->ranges[r->count - 1].last + 1 == first) {
		r->ranges[r->count - 1].last = last;
		return;
	}
	if (r->count == IMAP_RANGES_MAX) {
		r->is_over = true;
		return;
	}
	if (r->count == r->cap) {
		r->cap = size_max(16, size_min(r->cap * 2, IMAP_RANGES_MAX));
		r->ranges = mem_resize(r->ranges, r->cap, sizeof(*r->ranges));
	}
	r->ranges[r->count++] = (struct imap_range){ first, last };
}

void
imap_ranges_clear(struct imap_ranges *r)
{
	r->count = 0;
	r->is_over = false;
}

void
imap_ranges_sort(struct imap_ranges *r)
{
	struct imap_set set = { .ranges = r->ranges, .count = r->count };

	imap_set_resolve(&set, IMAP_STAR);
	r->count = set.count;
}

bool
imap_ranges_have(const struct imap_ranges *r, uint32_t n)
{
	for (size_t i = 0; i < r->count; i++)
		if (n >= r->ranges[i].first && n <= r->ranges[i].last)
			return true;
	return false;
}

void
imap_ranges_release(struct imap_ranges *r)
{
	mem_free(r->ranges);
	*r = (struct imap_ranges){ 0 };
}

void
imap_ranges_write(struct buf *out, const struct imap_ranges *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_u64(out, r->ranges[i].first);
		if (r->ranges[i].last == r->ranges[i].first)
			continue;
		buf_add_char(out, ':');
		buf_add_u64(out, r->ranges[i].last);
	}
}
