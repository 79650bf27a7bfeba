#include "imap/search_narrow.h"

static enum search_kind
kind_of(const struct imap_key *key)
{
	/* line ends in a needle are the matcher's affair: it has its own of them */
	if (key->is_not || str_find_char(key->text, '\n') != STR_NONE)
		return SEARCH_ANYTHING;
	switch ((unsigned)key->kind) {
	case KEY_AND: return SEARCH_EACH;
	case KEY_OR: return SEARCH_EITHER;
	case KEY_FIELD:
	case KEY_BODY:
	case KEY_TEXT: return SEARCH_TEXT;
	default: return SEARCH_ANYTHING; /* the view or the summary knows it */
	}
}

/* As deep as keys may nest, IMAP_SEARCH_DEPTH_MAX. False: the arena is full. */
static bool
add(struct arena *a, struct search_term *parent, struct imap_key *key)
{
	struct search_term *term = search_term_add(a, parent, kind_of(key));

	if (!term)
		return false;
	term->text = key->text;
	term->where = key->kind == KEY_FIELD ? SEARCH_IN_HEADER
	    : key->kind == KEY_BODY          ? SEARCH_IN_BODY
					     : SEARCH_IN_ALL;
	if (key->kind == KEY_BODY || key->kind == KEY_TEXT)
		term->proof = &key->proof;
	if (term->kind == SEARCH_ANYTHING)
		return true;
	for (struct imap_key *child = key->child; child; child = child->next)
		if (!add(a, term, child))
			return false;
	return true;
}

/* Is there a key that reads headers or bodies? */
static bool
has_text(const struct imap_key *key)
{
	if (kind_of(key) == SEARCH_TEXT)
		return true;
	for (const struct imap_key *child = key->child; child; child = child->next)
		if (has_text(child))
			return true;
	return false;
}

struct search_term *
imap_search_narrow(struct arena *a, struct imap_key *root)
{
	struct search_term *all;

	if (!has_text(root))
		return NULL;
	all = search_term_add(a, NULL, SEARCH_EACH);
	return all && add(a, all, root) ? all : NULL;
}
