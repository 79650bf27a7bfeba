#include "mail/id_walk.h"

#define GAP_MAX \
	4 /* records that are passed over before the walk begins anew: a search costs as much */

void
id_walk_init(struct id_walk *w, struct txn *t, char space, uint64_t account)
{
	*w = (struct id_walk){ .txn = t, .prefix = key_account(space, account) };
}

static void
begin(struct id_walk *w, uint64_t id)
{
	struct key from = w->prefix, to = key_after(w->prefix);

	key_u64(&from, id);
	if (w->is_open)
		(void)cursor_end(&w->cursor); /* a failure sticks to the transaction */
	txn_scan(w->txn, &w->cursor, key_str(&from), key_str(&to), false);
	w->is_open = w->has_record = true;
	w->id = 0;
}

bool
id_walk_is_near(uint64_t id, uint64_t next)
{
	return next >= id && next - id <= GAP_MAX;
}

bool
id_walk_to(struct id_walk *w, uint64_t id)
{
	struct key_reader r;
	struct str key;

	if (!w->is_open || !id_walk_is_near(w->id, id))
		begin(w, id);
	while (w->has_record && w->id < id) {
		w->has_record = cursor_next(&w->cursor, &key, &w->value);
		if (!w->has_record)
			break;
		key_read(&r, str_from(key, w->prefix.n));
		w->id = key_read_u64(&r);
	}
	return w->has_record && w->id == id;
}

enum fail
id_walk_end(struct id_walk *w)
{
	return w->is_open ? cursor_end(&w->cursor) : FAIL_NONE;
}
