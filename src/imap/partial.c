#include "imap/partial.h"

/* base */
#include "base/mem.h"

static bool
place(struct imap_cursor *c, bool is_from_last, uint32_t *out)
{
	uint64_t n;

	if ((is_from_last && !imap_char(c, '-')) || !imap_number(c, 1, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool
imap_partial_parse(struct imap_cursor *c, struct imap_partial *out)
{
	struct imap_cursor at = *c;
	bool is_from_last = imap_next_is(&at, '-');
	uint32_t a, b;

	if (!place(&at, is_from_last, &a) || !imap_char(&at, ':') || !place(&at, is_from_last, &b))
		return false;
	*out = (struct imap_partial){ .first = a < b ? a : b,
		.last = a < b ? b : a,
		.is_from_last = is_from_last,
		.text = str_head(c->at, c->at.n - at.at.n) };
	*c = at;
	return true;
}

bool
imap_partial_places(const struct imap_partial *p, uint64_t count, uint64_t *first_out,
    uint64_t *last_out)
{
	uint64_t last = p->last < count ? p->last : count;

	if (p->first > count)
		return false;
	*first_out = p->is_from_last ? count - last + 1 : p->first;
	*last_out = p->is_from_last ? count - p->first + 1 : last;
	return true;
}
