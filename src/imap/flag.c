#include "imap/flag.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/keyword.h"

static const struct {
	struct str name;
	uint64_t bit;
} system_flags[] = {
	{ STR_INIT("Seen"), FLAG_SEEN },
	{ STR_INIT("Answered"), FLAG_ANSWERED },
	{ STR_INIT("Flagged"), FLAG_FLAGGED },
	{ STR_INIT("Deleted"), FLAG_DELETED },
	{ STR_INIT("Draft"), FLAG_DRAFT },
	/* Liberal: \Recent cannot be set (RFC 3501 2.3.2) and is passed over, because programs hand
	 * the flags that FETCH gave them to APPEND. */
	{ STR_INIT("Recent"), 0 },
};

static bool
system_flag(struct imap_cursor *c, uint64_t *bits)
{
	struct imap_cursor at = *c;
	struct str name;

	if (!imap_char(&at, '\\') || !imap_atom(&at, &name))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(system_flags); i++) {
		if (!str_eq_nocase(name, system_flags[i].name))
			continue;
		*bits |= system_flags[i].bit;
		c->at = at.at;
		return true;
	}
	return false;
}

bool
imap_flag_keyword(struct imap_cursor *c, struct str *out)
{
	struct imap_cursor at = *c;
	struct str word;

	if (!imap_atom(&at, &word) || word.n > IMAP_KEYWORD_MAX)
		return false;
	c->at = at.at;
	*out = word;
	return true;
}

/* flag = "\Answered" .. / flag-keyword */
static bool
flag(struct imap_cursor *c, struct imap_flags *out)
{
	struct str word;

	if (imap_next_is(c, '\\'))
		return system_flag(c, &out->bits);
	if (!imap_flag_keyword(c, &word))
		return false;
	for (size_t i = 0; i < out->keyword_count; i++)
		if (str_eq_nocase(out->keywords[i], word))
			return true;
	if (!out->keywords)
		out->keywords = arena_alloc(c->arena, IMAP_KEYWORDS_MAX, sizeof(struct str));
	if (!out->keywords || out->keyword_count == IMAP_KEYWORDS_MAX) {
		c->is_over = true;
		return false;
	}
	out->keywords[out->keyword_count++] = word;
	return true;
}

static bool
flags(struct imap_cursor *c, struct imap_flags *out)
{
	do {
		if (!flag(c, out))
			return false;
	} while (imap_sp(c));
	return true;
}

bool
imap_flag_list(struct imap_cursor *c, struct imap_flags *out)
{
	struct imap_cursor at = *c;
	bool is_ok = false;

	*out = (struct imap_flags){ 0 };
	if (imap_char(&at, '('))
		is_ok = imap_char(&at, ')') || (flags(&at, out) && imap_char(&at, ')'));
	c->is_over = at.is_over;
	if (is_ok)
		c->at = at.at;
	return is_ok;
}

bool
imap_store_flags(struct imap_cursor *c, struct imap_flags *out)
{
	struct imap_cursor at = *c;
	bool is_ok;

	if (imap_next_is(c, '('))
		return imap_flag_list(c, out);
	*out = (struct imap_flags){ 0 };
	is_ok = flags(&at, out);
	c->is_over = at.is_over;
	if (is_ok)
		c->at = at.at;
	return is_ok;
}
