/* The result of a context: UIDs ascending, or by their sort keys (context.h). */
#include "imap/context.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

static struct str
key_at(const struct imap_context *c, size_t at)
{
	return str_slice(buf_str(&c->key_bytes), c->keys[at].at, c->keys[at].n);
}

/* Does the one at this place stand in front of `uid` with `key`? */
static bool
is_before(const struct imap_context *c, size_t at, uint32_t uid, struct str key)
{
	int order = c->is_sorted ? str_cmp(key_at(c, at), key) : 0;

	return order != 0 ? order < 0 : c->uids[at] < uid;
}

static size_t
lower(const struct imap_context *c, uint32_t uid, struct str key)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(c, middle, uid, key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where it is; count when it is not there. By order in a search, one after the other in a sort. */
static size_t
find(const struct imap_context *c, uint32_t uid)
{
	size_t at = c->is_sorted ? 0 : lower(c, uid, STR(""));

	while (c->is_sorted && at < c->count && c->uids[at] != uid)
		at++;
	return at < c->count && c->uids[at] == uid ? at : c->count;
}

bool
imap_context_has(const struct imap_context *c, uint32_t uid)
{
	return find(c, uid) < c->count;
}

static bool
make_room(struct imap_context *c)
{
	c->is_over |=
	    c->count == (c->is_sorted ? IMAP_CONTEXT_SORTED_MAX : IMAP_CONTEXT_MESSAGES_MAX);
	if (c->is_over || c->count < c->cap)
		return !c->is_over;
	c->cap = size_max(16, 2 * c->cap);
	c->uids = mem_resize(c->uids, c->cap, sizeof(*c->uids));
	if (c->is_sorted)
		c->keys = mem_resize(c->keys, c->cap, sizeof(*c->keys));
	return true;
}

static void
put_at(struct imap_context *c, size_t at, uint32_t uid, struct str key)
{
	size_t behind = c->count - at;

	if (!make_room(c))
		return;
	memmove(c->uids + at + 1, c->uids + at, behind * sizeof(*c->uids));
	c->uids[at] = uid;
	if (c->is_sorted) {
		memmove(c->keys + at + 1, c->keys + at, behind * sizeof(*c->keys));
		c->keys[at] = (struct imap_context_key){ .at = (uint32_t)c->key_bytes.n,
			.n = (uint32_t)key.n };
		buf_add(&c->key_bytes, key);
		c->is_over |= !buf_ok(&c->key_bytes);
	}
	c->count++;
}

size_t
imap_context_put(struct imap_context *c, uint32_t uid, struct str key)
{
	size_t at = lower(c, uid, key);

	put_at(c, at, uid, key);
	return at + 1;
}

void
imap_context_add(struct imap_context *c, uint32_t uid, struct str key)
{
	put_at(c, c->count, uid, key);
}

size_t
imap_context_take(struct imap_context *c, uint32_t uid)
{
	size_t at = find(c, uid), behind = c->count - at;

	if (at == c->count)
		return 0;
	memmove(c->uids + at, c->uids + at + 1, (behind - 1) * sizeof(*c->uids));
	if (c->is_sorted)
		memmove(c->keys + at, c->keys + at + 1, (behind - 1) * sizeof(*c->keys));
	c->count--;
	return at + 1;
}
