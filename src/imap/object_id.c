#include "imap/object_id.h"

void
imap_id_write(const struct imap_session *s, struct buf *out, const struct account *a,
    enum id_kind kind, uint64_t id)
{
	id_write(out, kind, id);
	if (imap_is_own(s, a))
		return;
	buf_add_char(out, '-');
	id_write(out, ID_ACCOUNT, a->id);
}

bool
imap_id_parse(const struct imap_session *s, struct str text, const struct account *a,
    enum id_kind kind, uint64_t *out)
{
	size_t dash = str_find_char(text, '-');
	uint64_t account;

	if (imap_is_own(s, a))
		return id_parse(text, kind, out); /* it has no dash */
	return dash != STR_NONE && id_parse(str_from(text, dash + 1), ID_ACCOUNT, &account) &&
	    account == a->id && id_parse(str_head(text, dash), kind, out);
}
