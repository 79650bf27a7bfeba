#include "imap/list.h"

/* base */
#include "base/mem.h"

const struct str imap_status_names[STATUS_ITEM_COUNT] = {
	STR_INIT("MESSAGES"),
	STR_INIT("RECENT"),
	STR_INIT("UIDNEXT"),
	STR_INIT("UIDVALIDITY"),
	STR_INIT("UNSEEN"),
	STR_INIT("DELETED"),
	STR_INIT("SIZE"),
	STR_INIT("MAILBOXID"),
	STR_INIT("APPENDLIMIT"),
	STR_INIT("HIGHESTMODSEQ"),
	STR_INIT("DELETED-STORAGE"),
};

struct option {
	struct str name;
	unsigned bit;
};

static const struct option select_options[] = {
	{ STR_INIT("SUBSCRIBED"), LIST_SUBSCRIBED },
	{ STR_INIT("REMOTE"), LIST_REMOTE },
	{ STR_INIT("RECURSIVEMATCH"), LIST_RECURSIVE },
	{ STR_INIT("SPECIAL-USE"), LIST_SPECIAL_USE },
};

static const struct option return_options[] = {
	{ STR_INIT("SUBSCRIBED"), LIST_SUBSCRIBED },
	{ STR_INIT("CHILDREN"), LIST_CHILDREN },
	{ STR_INIT("SPECIAL-USE"), LIST_SPECIAL_USE },
	{ STR_INIT("STATUS"), LIST_STATUS },
	{ STR_INIT("METADATA"), LIST_METADATA },
	{ STR_INIT("MYRIGHTS"), LIST_MYRIGHTS },
};

static bool
find_option(const struct option *options, size_t count, struct str word, unsigned *bits,
    unsigned *bit_out)
{
	for (size_t i = 0; i < count; i++) {
		if (!str_eq_nocase(options[i].name, word))
			continue;
		*bits |= options[i].bit;
		*bit_out = options[i].bit;
		return true;
	}
	return false;
}

bool
imap_status_items(struct imap_cursor *c, unsigned *out)
{
	unsigned items = 0;
	struct str word;
	size_t i;

	if (!imap_char(c, '('))
		return false;
	do {
		if (!imap_atom(c, &word))
			return false;
		for (i = 0; i < STATUS_ITEM_COUNT; i++)
			if (str_eq_nocase(word, imap_status_names[i]))
				break;
		if (i == STATUS_ITEM_COUNT)
			return false;
		items |= 1u << i;
	} while (imap_sp(c));
	*out = items;
	return imap_char(c, ')');
}

/* list-select-opts = "(" [option *(SP option)] ")" */
static bool
selects(struct imap_cursor *c, struct imap_list *list)
{
	struct str word;
	unsigned bit;

	list->is_extended = true;
	if (imap_char(c, ')'))
		return true;
	do {
		if (!imap_atom(c, &word) ||
		    !find_option(select_options, ARRAY_LEN(select_options), word, &list->selects,
			&bit))
			return false;
	} while (imap_sp(c));
	/* RFC 5258 3: RECURSIVEMATCH says how to match another option, not alone */
	if (list->selects & LIST_RECURSIVE &&
	    !(list->selects & (LIST_SUBSCRIBED | LIST_SPECIAL_USE)))
		return false;
	return imap_char(c, ')');
}

/* RFC 9590: option =/ "METADATA" SP "(" entry *(SP entry) ")" */
static bool
entries(struct imap_cursor *c, struct imap_list *list)
{
	list->entries = (struct imap_entries){ .size_max = IMAP_METADATA_SIZE_MAX };
	return imap_next_is(c, '(') && imap_entries_parse(c, &list->entries);
}

/* list-return-opts = "RETURN" SP "(" [option *(SP option)] ")" */
static bool
returns(struct imap_cursor *c, struct imap_list *list)
{
	struct str word;
	unsigned bit;

	list->is_extended = true;
	if (!imap_keyword(c, STR("RETURN")) || !imap_sp(c) || !imap_char(c, '('))
		return false;
	if (imap_char(c, ')'))
		return true;
	do {
		if (!imap_atom(c, &word) ||
		    !find_option(return_options, ARRAY_LEN(return_options), word, &list->returns,
			&bit))
			return false;
		if (bit == LIST_STATUS && (!imap_sp(c) || !imap_status_items(c, &list->status)))
			return false;
		if (bit == LIST_METADATA && (!imap_sp(c) || !entries(c, list)))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

static bool
pattern(struct imap_cursor *c, struct imap_list *list)
{
	struct str *out = &list->patterns[list->pattern_count];

	if (!imap_list_mailbox(c, out))
		return false;
	if (out->n > IMAP_PATTERN_MAX) {
		c->is_over = true;
		return false;
	}
	list->pattern_count++;
	return true;
}

/* mbox-or-pat = list-mailbox / patterns; patterns = "(" list-mailbox *(SP list-mailbox) ")" */
static bool
patterns(struct imap_cursor *c, struct imap_list *list)
{
	bool is_many = imap_char(c, '(');

	list->patterns =
	    arena_alloc(c->arena, is_many ? IMAP_PATTERNS_MAX : 1, sizeof(*list->patterns));
	if (!list->patterns) {
		c->is_over = true;
		return false;
	}
	if (!is_many)
		return pattern(c, list);
	list->is_extended = true;
	do {
		if (list->pattern_count == IMAP_PATTERNS_MAX) {
			c->is_over = true;
			return false;
		}
		if (!pattern(c, list))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

bool
imap_list_parse(struct imap_cursor *c, struct imap_list *out)
{
	*out = (struct imap_list){ 0 };
	if (imap_char(c, '(') && (!selects(c, out) || !imap_sp(c)))
		return false;
	if (!imap_astring(c, &out->reference) || !imap_sp(c) || !patterns(c, out))
		return false;
	if (out->reference.n > IMAP_PATTERN_MAX) {
		c->is_over = true;
		return false;
	}
	return imap_at_end(c) || (imap_sp(c) && returns(c, out) && imap_at_end(c));
}
