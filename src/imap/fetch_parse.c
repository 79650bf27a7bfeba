#include "imap/fetch.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "message/imap_string.h"

/* Items that are one word. */
static const struct {
	struct str name;
	enum imap_fetch kind;
	enum section section;
	bool is_peek, is_old; /* is_old: answered under its own name */
} words[] = {
	{ STR_INIT("UID"), FETCH_UID, SECTION_ALL, true, false },
	{ STR_INIT("FLAGS"), FETCH_FLAGS, SECTION_ALL, true, false },
	{ STR_INIT("INTERNALDATE"), FETCH_INTERNALDATE, SECTION_ALL, true, false },
	{ STR_INIT("RFC822.SIZE"), FETCH_SIZE, SECTION_ALL, true, false },
	{ STR_INIT("EMAILID"), FETCH_EMAILID, SECTION_ALL, true, false },
	{ STR_INIT("THREADID"), FETCH_THREADID, SECTION_ALL, true, false },
	{ STR_INIT("MODSEQ"), FETCH_MODSEQ, SECTION_ALL, true, false },
	{ STR_INIT("SAVEDATE"), FETCH_SAVEDATE, SECTION_ALL, true, false },
	{ STR_INIT("ENVELOPE"), FETCH_ENVELOPE, SECTION_ALL, true, false },
	{ STR_INIT("BODYSTRUCTURE"), FETCH_BODYSTRUCTURE, SECTION_ALL, true, false },
	{ STR_INIT("PREVIEW"), FETCH_PREVIEW, SECTION_ALL, true, false },
	{ STR_INIT("BODY"), FETCH_STRUCTURE, SECTION_ALL, true, false },
	{ STR_INIT("RFC822"), FETCH_BODY, SECTION_ALL, false, true },
	{ STR_INIT("RFC822.HEADER"), FETCH_BODY, SECTION_HEADER, true, true },
	{ STR_INIT("RFC822.TEXT"), FETCH_BODY, SECTION_TEXT, false, true },
};

/* Items with a section in brackets. */
static const struct {
	struct str name;
	enum imap_fetch kind;
	bool is_peek, has_text, has_partial;
} bracketed[] = {
	{ STR_INIT("BODY["), FETCH_BODY, false, true, true },
	{ STR_INIT("BODY.PEEK["), FETCH_BODY, true, true, true },
	{ STR_INIT("BINARY["), FETCH_BINARY, false, false, true },
	{ STR_INIT("BINARY.PEEK["), FETCH_BINARY, true, false, true },
	{ STR_INIT("BINARY.SIZE["), FETCH_BINARY_SIZE, true, false, false },
};

static const struct {
	struct str name;
	enum section section;
	bool has_fields;
} texts[] = {
	/* the longer names first: one begins with the other */
	{ STR_INIT("HEADER.FIELDS.NOT "), SECTION_FIELDS_NOT, true },
	{ STR_INIT("HEADER.FIELDS "), SECTION_FIELDS, true },
	{ STR_INIT("HEADER"), SECTION_HEADER, false },
	{ STR_INIT("TEXT"), SECTION_TEXT, false },
	{ STR_INIT("MIME"), SECTION_MIME, false },
};

/* section-part = nz-number *("." nz-number); stops before a "." that no digit follows */
static bool
section_part(struct imap_cursor *c, struct str *out)
{
	const char *start = c->at.p;
	uint64_t number;
	size_t depth = 0;

	*out = (struct str){ 0 };
	while (c->at.n > 0 && char_is_digit(c->at.p[0])) {
		if (++depth > MESSAGE_DEPTH_MAX * 2 || !imap_number(c, 1, UINT32_MAX, &number))
			return false;
		*out = str_of(start, (size_t)(c->at.p - start));
		if (c->at.n < 2 || c->at.p[0] != '.' || !char_is_digit(c->at.p[1]))
			break;
		c->at = str_from(c->at, 1);
	}
	return true;
}

/* Things separated by blanks in the rest of the command at most: what must be allocated. */
static size_t
count_words(const struct imap_cursor *c, size_t max)
{
	size_t count = 1;

	for (size_t i = 0; i < c->at.n && count < max; i++)
		count += c->at.p[i] == ' ';
	return count;
}

/* header-list = "(" header-fld-name *(SP header-fld-name) ")" */
static bool
header_list(struct imap_cursor *c, struct imap_fetch_item *item)
{
	size_t max = count_words(c, IMAP_FETCH_FIELDS_MAX);
	struct str *fields = arena_alloc(c->arena, max, sizeof(*fields));

	if (!fields) {
		c->is_over = true;
		return false;
	}
	if (!imap_char(c, '('))
		return false;
	do {
		if (item->field_count == max) {
			c->is_over = true;
			return false;
		}
		if (!imap_astring(c, &fields[item->field_count++]))
			return false;
	} while (imap_sp(c));
	item->fields = fields;
	return imap_char(c, ')');
}

/* section-text = section-msgtext / "MIME"; MIME only behind a part */
static bool
section_text(struct imap_cursor *c, struct imap_fetch_item *item)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!str_skip_nocase(&c->at, texts[i].name))
			continue;
		item->section = texts[i].section;
		if (item->section == SECTION_MIME && item->part.n == 0)
			return false;
		return !texts[i].has_fields || header_list(c, item);
	}
	return false;
}

/* section = "[" [section-spec] "]"; the bracket was read */
static bool
section(struct imap_cursor *c, struct imap_fetch_item *item, bool has_text)
{
	if (!section_part(c, &item->part))
		return false;
	if (imap_char(c, ']'))
		return true;
	if (!has_text || (item->part.n > 0 && !imap_char(c, '.')))
		return false;
	return section_text(c, item) && imap_char(c, ']');
}

bool
imap_fetch_section(struct imap_cursor *c, struct imap_fetch_item *item)
{
	if (!section_part(c, &item->part))
		return false;
	if (imap_at_end(c))
		return true;
	if (item->part.n > 0 && !imap_char(c, '.'))
		return false;
	return section_text(c, item) && imap_at_end(c);
}

/* partial = "<" number64 "." nz-number64 ">" */
static bool
partial(struct imap_cursor *c, struct imap_fetch_item *item)
{
	if (!imap_char(c, '<'))
		return true;
	item->has_partial = true;
	return imap_number(c, 0, IMAP_PARTIAL_MAX, &item->start) && imap_char(c, '.') &&
	    imap_number(c, 1, IMAP_PARTIAL_MAX, &item->count) && imap_char(c, '>');
}

/* The name of an item ends where something follows that no name has. */
static struct str
item_word(const struct imap_cursor *c)
{
	size_t n = 0;

	while (n < c->at.n &&
	    (char_is_alpha(c->at.p[n]) || char_is_digit(c->at.p[n]) || c->at.p[n] == '.'))
		n++;
	return str_head(c->at, n);
}

/* "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"] (RFC 8970 6); LAZY is the one there is */
static void
preview_modifier(struct imap_cursor *c, struct imap_fetch_item *item)
{
	struct imap_cursor at = *c;

	if (!imap_sp(&at) || !imap_char(&at, '(') || !imap_keyword(&at, STR("LAZY")) ||
	    !imap_char(&at, ')'))
		return;
	item->is_lazy = true;
	c->at = at.at;
}

/* fetch-att */
static bool
fetch_att(struct imap_cursor *c, struct imap_fetch_item *item)
{
	struct str word = item_word(c);

	*item = (struct imap_fetch_item){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(bracketed); i++) {
		if (!str_skip_nocase(&c->at, bracketed[i].name))
			continue;
		item->kind = bracketed[i].kind;
		item->is_peek = bracketed[i].is_peek;
		return section(c, item, bracketed[i].has_text) &&
		    (!bracketed[i].has_partial || partial(c, item));
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_eq_nocase(word, words[i].name))
			continue;
		item->kind = words[i].kind;
		item->section = words[i].section;
		item->is_peek = words[i].is_peek;
		item->old_name = words[i].is_old ? words[i].name : (struct str){ 0 };
		c->at = str_from(c->at, word.n);
		if (item->kind == FETCH_PREVIEW)
			preview_modifier(c, item);
		return true;
	}
	return false;
}

/* ALL = FAST and ENVELOPE, FULL = ALL and BODY (RFC 9051 6.4.5) */
static bool
macro(struct imap_cursor *c, struct imap_fetch_list *list)
{
	static const enum imap_fetch kinds[] = { FETCH_FLAGS, FETCH_INTERNALDATE, FETCH_SIZE,
		FETCH_ENVELOPE, FETCH_STRUCTURE };
	static const struct {
		struct str name;
		size_t count;
	} macros[] = { { STR_INIT("FAST"), 3 }, { STR_INIT("ALL"), 4 }, { STR_INIT("FULL"), 5 } };

	for (size_t i = 0; i < ARRAY_LEN(macros); i++) {
		if (!imap_keyword(c, macros[i].name))
			continue;
		for (list->count = 0; list->count < macros[i].count; list->count++)
			list->items[list->count] =
			    (struct imap_fetch_item){ .kind = kinds[list->count], .is_peek = true };
		return true;
	}
	return false;
}

static bool
fetch_atts(struct imap_cursor *c, struct imap_fetch_list *list, size_t max)
{
	if (!imap_char(c, '('))
		return fetch_att(c, &list->items[list->count++]);
	do {
		if (list->count == max) {
			c->is_over = true;
			return false;
		}
		if (!fetch_att(c, &list->items[list->count++]))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

bool
imap_fetch_parse(struct imap_cursor *c, struct imap_fetch_list *out)
{
	struct imap_fetch_list list = { 0 };
	size_t max = count_words(c, IMAP_FETCH_ITEMS_MAX);

	/* room for a macro, and for imap_fetch_add_uid() and imap_fetch_add_modseq() */
	list.items = arena_alloc(c->arena, size_max(max, 5) + 2, sizeof(*list.items));
	if (!list.items) {
		c->is_over = true;
		return false;
	}
	if (!macro(c, &list) && !fetch_atts(c, &list, max))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		list.kinds |= 1u << list.items[i].kind;
		list.sets_seen = list.sets_seen || !list.items[i].is_peek;
	}
	*out = list;
	return true;
}

void
imap_fetch_add_uid(struct imap_fetch_list *list)
{
	if (list->kinds & 1u << FETCH_UID)
		return;
	for (size_t i = list->count; i > 0; i--)
		list->items[i] = list->items[i - 1];
	list->items[0] = (struct imap_fetch_item){ .kind = FETCH_UID, .is_peek = true };
	list->count++;
	list->kinds |= 1u << FETCH_UID;
}

void
imap_fetch_add_modseq(struct imap_fetch_list *list)
{
	if (list->kinds & 1u << FETCH_MODSEQ)
		return;
	list->items[list->count++] =
	    (struct imap_fetch_item){ .kind = FETCH_MODSEQ, .is_peek = true };
	list->kinds |= 1u << FETCH_MODSEQ;
}

static void
section_write(struct buf *out, const struct imap_fetch_item *item)
{
	static const char *const names[] = { "", "HEADER", "TEXT", "MIME", "HEADER.FIELDS (",
		"HEADER.FIELDS.NOT (" };

	buf_add_char(out, '[');
	buf_add(out, item->part);
	if (item->part.n > 0 && item->section != SECTION_ALL)
		buf_add_char(out, '.');
	buf_add_c(out, names[item->section]);
	for (size_t i = 0; i < item->field_count; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		imap_astring_write(out, item->fields[i]);
	}
	buf_add_c(out, item->field_count > 0 ? ")]" : "]");
}

void
imap_fetch_name_write(struct buf *out, const struct imap_fetch_item *item)
{
	static const char *const names[] = { "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE",
		"EMAILID", "THREADID", "MODSEQ", "SAVEDATE", "ENVELOPE", "BODY", "BODYSTRUCTURE",
		"PREVIEW", "BODY", "BINARY", "BINARY.SIZE" };

	_Static_assert(ARRAY_LEN(names) == FETCH_COUNT, "one name each");
	if (item->old_name.n > 0) {
		buf_add(out, item->old_name);
		return;
	}
	buf_add_c(out, names[item->kind]);
	if (item->kind < FETCH_BODY)
		return;
	section_write(out, item);
	if (!item->has_partial)
		return;
	buf_add_char(out, '<');
	buf_add_u64(out, item->start);
	buf_add_char(out, '>');
}
