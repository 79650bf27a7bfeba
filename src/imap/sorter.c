#include "imap/sorter.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

#define FIRST_CAP 256

void
imap_sorter_init(struct imap_sorter *so)
{
	*so = (struct imap_sorter){ 0 };
	buf_init(&so->keys, IMAP_SORTER_KEYS_MAX);
}

void
imap_sorter_release(struct imap_sorter *so)
{
	buf_release(&so->keys);
	mem_free(so->items);
	mem_free(so->merged);
	*so = (struct imap_sorter){ .keys = so->keys };
}

static uint64_t
head_of(struct str key)
{
	uint64_t head = 0;

	for (size_t i = 0; i < sizeof(head); i++)
		head = head << 8 | (i < key.n ? (unsigned char)key.p[i] : 0);
	return head;
}

void
imap_sorter_add(struct imap_sorter *so)
{
	struct str key = str_from(buf_str(&so->keys), so->key_start);

	so->is_over |= so->count == IMAP_SORTER_THINGS_MAX || !buf_ok(&so->keys);
	if (so->is_over)
		return;
	if (so->count == so->cap) {
		so->cap = size_max(FIRST_CAP, so->cap * 2);
		so->items = mem_resize(so->items, so->cap, sizeof(*so->items));
	}
	so->items[so->count] = (struct imap_sorter_item){ .head = head_of(key),
		.at = (uint32_t)so->key_start,
		.n = (uint32_t)key.n,
		.index = (uint32_t)so->count };
	so->count++;
	so->key_start += key.n;
}

/* May `a`, which came first, stay in front of `b`? */
static bool
is_in_order(const struct imap_sorter *so, const struct imap_sorter_item *a,
    const struct imap_sorter_item *b)
{
	struct str keys = buf_str(&so->keys);

	if (a->head != b->head)
		return a->head < b->head;
	return str_cmp(str_slice(keys, a->at, a->n), str_slice(keys, b->at, b->n)) <= 0;
}

/* Merge the pair of runs that begins at left; false when the moves are used up. */
static bool
merge_pair(struct imap_sorter *so, size_t *moves)
{
	size_t middle = size_min(so->left + so->width, so->count);
	size_t end = size_min(so->left + 2 * so->width, so->count);

	while (so->i < middle || so->j < end) {
		size_t to = so->i + so->j - middle;
		bool takes_left = so->j == end ||
		    (so->i < middle && is_in_order(so, so->items + so->i, so->items + so->j));

		if ((*moves)-- == 0) {
			*moves = 0;
			return false;
		}
		so->merged[to] = so->items[takes_left ? so->i++ : so->j++];
	}
	return true;
}

static void
pair_begin(struct imap_sorter *so, size_t left)
{
	so->left = left;
	so->i = left;
	so->j = size_min(left + so->width, so->count);
}

bool
imap_sorter_step(struct imap_sorter *so, size_t moves)
{
	if (so->width == 0) {
		so->merged = mem_resize(so->merged, size_max(so->count, 1), sizeof(*so->merged));
		so->width = 1;
		pair_begin(so, 0);
	}
	while (so->width < so->count) {
		struct imap_sorter_item *items = so->items;

		while (so->left < so->count) {
			if (!merge_pair(so, &moves))
				return false;
			pair_begin(so, so->left + 2 * so->width);
		}
		so->items = so->merged;
		so->merged = items;
		so->width *= 2;
		pair_begin(so, 0);
	}
	return true;
}
