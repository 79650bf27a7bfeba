#include "imap/search.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/flag.h"
#include "mail/keyword.h"
#include "message/charset.h"
#include "message/date.h"
#include "message/message.h"

struct parse {
	struct imap_cursor *c;
	const struct charset *charset; /* of the strings */
	bool is_utf8;                  /* they need no conversion */
	unsigned keys, depth;
};

enum shape { SHAPE_NONE, SHAPE_TEXT, SHAPE_DATE, SHAPE_SIZE, SHAPE_KEYWORD, SHAPE_ID };

/* search-key, one row each but for those with keys or sets in them. */
static const struct {
	struct str name;
	enum imap_key_kind kind;
	enum shape shape;
	bool is_not;
	uint64_t flag;
	struct str field;
} rows[] = {
	{ STR_INIT("ALL"), KEY_ALL, SHAPE_NONE, false, 0, { 0 } },
	{ STR_INIT("ANSWERED"), KEY_FLAG, SHAPE_NONE, false, FLAG_ANSWERED, { 0 } },
	{ STR_INIT("BCC"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("Bcc") },
	{ STR_INIT("BEFORE"), KEY_BEFORE, SHAPE_DATE, false, 0, { 0 } },
	{ STR_INIT("BODY"), KEY_BODY, SHAPE_TEXT, false, 0, { 0 } },
	{ STR_INIT("CC"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("Cc") },
	{ STR_INIT("DELETED"), KEY_FLAG, SHAPE_NONE, false, FLAG_DELETED, { 0 } },
	{ STR_INIT("DRAFT"), KEY_FLAG, SHAPE_NONE, false, FLAG_DRAFT, { 0 } },
	{ STR_INIT("EMAILID"), KEY_EMAILID, SHAPE_ID, false, 0, { 0 } },
	{ STR_INIT("FLAGGED"), KEY_FLAG, SHAPE_NONE, false, FLAG_FLAGGED, { 0 } },
	{ STR_INIT("FROM"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("From") },
	{ STR_INIT("KEYWORD"), KEY_KEYWORD, SHAPE_KEYWORD, false, 0, { 0 } },
	{ STR_INIT("LARGER"), KEY_LARGER, SHAPE_SIZE, false, 0, { 0 } },
	{ STR_INIT("NEW"), KEY_NEW, SHAPE_NONE, false, 0, { 0 } },
	{ STR_INIT("OLD"), KEY_RECENT, SHAPE_NONE, true, 0, { 0 } },
	{ STR_INIT("ON"), KEY_ON, SHAPE_DATE, false, 0, { 0 } },
	{ STR_INIT("RECENT"), KEY_RECENT, SHAPE_NONE, false, 0, { 0 } },
	{ STR_INIT("SEEN"), KEY_FLAG, SHAPE_NONE, false, FLAG_SEEN, { 0 } },
	{ STR_INIT("SENTBEFORE"), KEY_SENTBEFORE, SHAPE_DATE, false, 0, { 0 } },
	{ STR_INIT("SENTON"), KEY_SENTON, SHAPE_DATE, false, 0, { 0 } },
	{ STR_INIT("SENTSINCE"), KEY_SENTSINCE, SHAPE_DATE, false, 0, { 0 } },
	{ STR_INIT("SINCE"), KEY_SINCE, SHAPE_DATE, false, 0, { 0 } },
	{ STR_INIT("SMALLER"), KEY_SMALLER, SHAPE_SIZE, false, 0, { 0 } },
	{ STR_INIT("SUBJECT"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("Subject") },
	{ STR_INIT("TEXT"), KEY_TEXT, SHAPE_TEXT, false, 0, { 0 } },
	{ STR_INIT("THREADID"), KEY_THREADID, SHAPE_ID, false, 0, { 0 } },
	{ STR_INIT("TO"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("To") },
	{ STR_INIT("UNANSWERED"), KEY_FLAG, SHAPE_NONE, true, FLAG_ANSWERED, { 0 } },
	{ STR_INIT("UNDELETED"), KEY_FLAG, SHAPE_NONE, true, FLAG_DELETED, { 0 } },
	{ STR_INIT("UNDRAFT"), KEY_FLAG, SHAPE_NONE, true, FLAG_DRAFT, { 0 } },
	{ STR_INIT("UNFLAGGED"), KEY_FLAG, SHAPE_NONE, true, FLAG_FLAGGED, { 0 } },
	{ STR_INIT("UNKEYWORD"), KEY_KEYWORD, SHAPE_KEYWORD, true, 0, { 0 } },
	{ STR_INIT("UNSEEN"), KEY_FLAG, SHAPE_NONE, true, FLAG_SEEN, { 0 } },
};

static const enum imap_cost costs[KEY_COUNT] = {
	/* the others: COST_VIEW */
	[KEY_SENTBEFORE] = COST_SUMMARY,
	[KEY_SENTON] = COST_SUMMARY,
	[KEY_SENTSINCE] = COST_SUMMARY,
	[KEY_FIELD] = COST_SUMMARY,
	[KEY_BODY] = COST_FILE,
	[KEY_TEXT] = COST_FILE,
};

static struct imap_key *search_key(struct parse *p);

static struct imap_key *
key_new(struct parse *p, enum imap_key_kind kind)
{
	struct imap_key *key;

	if (++p->keys > IMAP_SEARCH_KEYS_MAX ||
	    !(key = arena_alloc(p->c->arena, 1, sizeof(*key)))) {
		p->c->is_over = true;
		return NULL;
	}
	key->kind = kind;
	key->cost = costs[kind];
	return key;
}

/* Put a child in its place by cost; equal costs keep the client's order. */
static void
key_add(struct imap_key *parent, struct imap_key *child)
{
	struct imap_key **at = &parent->child;

	while (*at && (*at)->cost <= child->cost)
		at = &(*at)->next;
	child->next = *at;
	*at = child;
	if (child->cost > parent->cost)
		parent->cost = child->cost;
}

/* A string of the client as UTF-8. */
static bool
text(struct parse *p, struct str *out)
{
	if (!imap_astring(p->c, out))
		return false;
	if (!p->is_utf8)
		*out = charset_to_utf8(p->charset, *out, p->c->arena);
	return true;
}

/* date = date-text / DQUOTE date-text DQUOTE */
static bool
day(struct parse *p, int64_t *out)
{
	struct str date;

	return imap_astring(p->c, &date) && date_parse_imap_day(date, out) == FAIL_NONE;
}

static bool
argument(struct parse *p, struct imap_key *key, enum shape shape)
{
	uint64_t size;

	if (shape == SHAPE_NONE)
		return true;
	if (!imap_sp(p->c))
		return false;
	switch (shape) {
	case SHAPE_TEXT: return text(p, &key->text);
	case SHAPE_DATE: return day(p, &key->number);
	case SHAPE_KEYWORD: return imap_flag_keyword(p->c, &key->text);
	case SHAPE_ID: return imap_astring(p->c, &key->text);
	case SHAPE_SIZE:
		if (!imap_number(p->c, 0, INT64_MAX, &size))
			return false;
		key->number = (int64_t)size;
		return true;
	case SHAPE_NONE: break;
	}
	return false;
}

/* Fields that the summary keeps; for others the file is opened. */
static bool
is_in_summary(struct str name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (str_eq_nocase(name, str_c(field_names[i])))
			return true;
	return false;
}

/* "HEADER" SP header-fld-name SP astring */
static struct imap_key *
header_key(struct parse *p)
{
	struct imap_key *key = key_new(p, KEY_FIELD);

	if (!key || !imap_sp(p->c) || !imap_astring(p->c, &key->name) || !imap_sp(p->c) ||
	    !text(p, &key->text))
		return NULL;
	key->cost = is_in_summary(key->name) ? COST_SUMMARY : COST_FILE;
	return key;
}

/* "OR" SP search-key SP search-key */
static struct imap_key *
or_key(struct parse *p)
{
	struct imap_key *key = key_new(p, KEY_OR), *child;

	for (int i = 0; key && i < 2; i++) {
		if (!imap_sp(p->c) || !(child = search_key(p)))
			return NULL;
		key_add(key, child);
	}
	return key;
}

/* search-key *(SP search-key) */
static struct imap_key *
and_keys(struct parse *p)
{
	struct imap_key *key = key_new(p, KEY_AND), *child;

	if (!key)
		return NULL;
	do {
		if (!(child = search_key(p)))
			return NULL;
		key_add(key, child);
	} while (imap_sp(p->c));
	return key;
}

static struct imap_key *
set_key(struct parse *p, enum imap_key_kind kind)
{
	struct imap_key *key = key_new(p, kind);

	return key && imap_set_parse(p->c, &key->set) ? key : NULL;
}

static struct imap_key *
row_key(struct parse *p, struct str word)
{
	struct imap_key *key;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_eq_nocase(word, rows[i].name))
			continue;
		if (!(key = key_new(p, rows[i].kind)))
			return NULL;
		key->is_not = rows[i].is_not;
		key->flag = rows[i].flag;
		key->name = rows[i].field;
		return argument(p, key, rows[i].shape) ? key : NULL;
	}
	return NULL;
}

static struct imap_key *
word_key(struct parse *p)
{
	struct imap_key *key;
	struct str word;

	if (!imap_atom(p->c, &word))
		return NULL;
	if (str_eq_nocase(word, STR("NOT"))) {
		if (!imap_sp(p->c) || !(key = search_key(p)))
			return NULL;
		key->is_not = !key->is_not;
		return key;
	}
	if (str_eq_nocase(word, STR("OR")))
		return or_key(p);
	if (str_eq_nocase(word, STR("HEADER")))
		return header_key(p);
	if (str_eq_nocase(word, STR("UID")))
		return imap_sp(p->c) ? set_key(p, KEY_UID) : NULL;
	return row_key(p, word);
}

static struct imap_key *
search_key(struct parse *p)
{
	struct imap_key *key = NULL;

	if (++p->depth > IMAP_SEARCH_DEPTH_MAX) {
		p->c->is_over = true;
		return NULL;
	}
	if (imap_char(p->c, '(')) {
		key = and_keys(p);
		if (key && !imap_char(p->c, ')'))
			key = NULL;
	} else if (p->c->at.n > 0 &&
	    (char_is_digit(p->c->at.p[0]) || p->c->at.p[0] == '*' || p->c->at.p[0] == '$')) {
		key = set_key(p, KEY_SEQUENCE);
	} else {
		key = word_key(p);
	}
	p->depth--;
	return key;
}

/* search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" */
static bool
return_options(struct imap_cursor *c, struct imap_search *out)
{
	static const struct {
		struct str name;
		unsigned bit;
	} options[] = {
		{ STR_INIT("MIN"), SEARCH_MIN },
		{ STR_INIT("MAX"), SEARCH_MAX },
		{ STR_INIT("ALL"), SEARCH_ALL },
		{ STR_INIT("COUNT"), SEARCH_COUNT },
		{ STR_INIT("SAVE"), SEARCH_SAVE },
	};
	struct str word;
	size_t i;

	out->has_return = true;
	if (!imap_sp(c) || !imap_char(c, '('))
		return false;
	if (imap_char(c, ')')) {
		out->returns = SEARCH_ALL;
		return imap_sp(c);
	}
	do {
		if (!imap_atom(c, &word))
			return false;
		for (i = 0; i < ARRAY_LEN(options); i++)
			if (str_eq_nocase(word, options[i].name))
				break;
		if (i == ARRAY_LEN(options))
			return false;
		out->returns |= options[i].bit;
	} while (imap_sp(c));
	return imap_char(c, ')') && imap_sp(c);
}

enum fail
imap_search_parse(struct imap_cursor *c, struct imap_search *out)
{
	struct parse p = { .c = c, .is_utf8 = true };
	struct str charset;

	*out = (struct imap_search){ 0 };
	if (imap_keyword(c, STR("RETURN")) && !return_options(c, out))
		return imap_cursor_fail(c);
	if (imap_keyword(c, STR("CHARSET"))) {
		if (!imap_sp(c) || !imap_astring(c, &charset) || !imap_sp(c))
			return imap_cursor_fail(c);
		out->has_charset = true;
		p.charset = charset_find(charset);
		if (!p.charset)
			return FAIL_MISSING;
		p.is_utf8 = str_eq_nocase(charset_name(p.charset), STR("UTF-8"));
	}
	out->root = and_keys(&p);
	return out->root && imap_at_end(c) ? FAIL_NONE : imap_cursor_fail(c);
}

void
imap_search_resolve(struct imap_key *key, uint32_t last_sequence, uint32_t last_uid)
{
	if (key->kind == KEY_SEQUENCE)
		imap_set_resolve(&key->set, last_sequence);
	if (key->kind == KEY_UID)
		imap_set_resolve(&key->set, last_uid);
	for (struct imap_key *child = key->child; child; child = child->next)
		imap_search_resolve(child, last_sequence, last_uid);
}

uint32_t
imap_search_last_sequence(const struct imap_key *key)
{
	uint32_t last = key->kind == KEY_SEQUENCE ? imap_set_last(&key->set) : 0;

	for (const struct imap_key *child = key->child; child; child = child->next) {
		uint32_t of_child = imap_search_last_sequence(child);

		if (of_child > last)
			last = of_child;
	}
	return last;
}

static void
set_write(struct buf *out, const struct imap_set *set)
{
	if (set->is_saved)
		buf_add_char(out, '$');
	for (size_t i = 0; i < set->count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_u64(out, set->ranges[i].first);
		buf_add_char(out, ':');
		buf_add_u64(out, set->ranges[i].last);
	}
}

void
imap_search_write(struct buf *out, const struct imap_key *key)
{
	static const char *const names[KEY_COUNT] = { "ALL", "AND", "OR", "SEQ ", "UID ", "FLAG ",
		"KEYWORD ", "RECENT", "NEW", "EMAILID ", "THREADID ", "BEFORE ", "ON ", "SINCE ",
		"LARGER ", "SMALLER ", "SENTBEFORE ", "SENTON ", "SENTSINCE ", "FIELD ", "BODY ",
		"TEXT " };

	buf_add_c(out, key->is_not ? "(NOT " : "(");
	buf_add_c(out, names[key->kind]);
	set_write(out, &key->set);
	if (key->kind == KEY_FLAG)
		buf_add_u64(out, key->flag);
	if (key->kind >= KEY_BEFORE && key->kind <= KEY_SENTSINCE)
		buf_add_i64(out, key->number);
	if (key->name.n > 0) {
		buf_add(out, key->name);
		buf_add_char(out, ':');
	}
	buf_add(out, key->text);
	for (const struct imap_key *child = key->child; child; child = child->next) {
		buf_add_char(out, ' ');
		imap_search_write(out, child);
	}
	buf_add_char(out, ')');
}
