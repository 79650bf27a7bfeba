#include "imap/modifier.h"

/* SP "(": modifiers follow */
static bool
begins(struct imap_cursor *c)
{
	struct imap_cursor at = *c;

	if (!imap_sp(&at) || !imap_char(&at, '('))
		return false;
	c->at = at.at;
	return true;
}

/* A name, a blank, a mod-sequence; once. Liberal: 0 is taken where the RFC has 1 as the least. */
static bool
modseq(struct imap_cursor *c, bool *has, uint64_t *out)
{
	if (*has || !imap_sp(c))
		return false;
	*has = true;
	return imap_number(c, 0, IMAP_MODSEQ_MAX, out);
}

/* A sequence-set without "*" and "$" */
static bool
plain_set(struct imap_cursor *c, struct imap_set *out)
{
	if (!imap_set_parse(c, out) || out->is_saved)
		return false;
	for (size_t i = 0; i < out->count; i++)
		if (out->ranges[i].first == IMAP_STAR || out->ranges[i].last == IMAP_STAR)
			return false;
	return true;
}

/* RFC 7162 3.2.5.2: in ascending order */
static bool
ascending_set(struct imap_cursor *c, struct imap_set *out)
{
	uint32_t before = 0;

	if (!plain_set(c, out))
		return false;
	for (size_t i = 0; i < out->count; i++) {
		if (out->ranges[i].first <= before || out->ranges[i].last < out->ranges[i].first)
			return false;
		before = out->ranges[i].last;
	}
	return true;
}

/* "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")" */
static bool
qresync(struct imap_cursor *c, struct imap_select_params *out)
{
	uint64_t validity;

	if (out->has_qresync || !imap_sp(c) || !imap_char(c, '(') ||
	    !imap_number(c, 1, UINT32_MAX, &validity) || !imap_sp(c) ||
	    !imap_number(c, 0, IMAP_MODSEQ_MAX, &out->modseq))
		return false;
	out->has_qresync = true;
	out->uid_validity = (uint32_t)validity;
	if (imap_char(c, ')'))
		return true;
	if (!imap_sp(c))
		return false;
	if (!imap_next_is(c, '(')) {
		if (!plain_set(c, &out->known))
			return false;
		imap_set_resolve(&out->known, UINT32_MAX);
		out->has_known = true;
		if (imap_char(c, ')'))
			return true;
		if (!imap_sp(c))
			return false;
	}
	out->has_match = true;
	return imap_char(c, '(') && ascending_set(c, &out->match_numbers) && imap_sp(c) &&
	    ascending_set(c, &out->match_uids) && imap_char(c, ')') && imap_char(c, ')');
}

bool
imap_select_params(struct imap_cursor *c, struct imap_select_params *out)
{
	struct str word;

	*out = (struct imap_select_params){ 0 };
	if (!begins(c))
		return true;
	do {
		if (!imap_atom(c, &word))
			return false;
		if (str_eq_nocase(word, STR("CONDSTORE")))
			out->has_condstore = true;
		else if (!str_eq_nocase(word, STR("QRESYNC")) || !qresync(c, out))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

/* "PARTIAL" SP partial-range; once */
static bool
partial(struct imap_cursor *c, struct imap_fetch_modifiers *out)
{
	if (out->has_partial || !imap_sp(c))
		return false;
	out->has_partial = true;
	return imap_partial_parse(c, &out->partial);
}

static bool
fetch_modifier(struct imap_cursor *c, struct imap_fetch_modifiers *out)
{
	struct str word;

	if (!imap_atom(c, &word))
		return false;
	if (str_eq_nocase(word, STR("PARTIAL")))
		return partial(c, out);
	if (str_eq_nocase(word, STR("CHANGEDSINCE")))
		return modseq(c, &out->has_changed_since, &out->changed_since);
	out->has_vanished = str_eq_nocase(word, STR("VANISHED"));
	return out->has_vanished;
}

bool
imap_fetch_modifiers(struct imap_cursor *c, struct imap_fetch_modifiers *out)
{
	*out = (struct imap_fetch_modifiers){ 0 };
	if (!begins(c))
		return true;
	do {
		if (!fetch_modifier(c, out))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

bool
imap_store_modifiers(struct imap_cursor *c, struct imap_store_modifiers *out)
{
	*out = (struct imap_store_modifiers){ 0 };
	if (!begins(c))
		return true;
	do {
		if (!imap_keyword(c, STR("UNCHANGEDSINCE")) ||
		    !modseq(c, &out->has_unchanged_since, &out->unchanged_since))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}
