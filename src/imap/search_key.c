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
	const struct charset *charset; /* of the strings; NULL: UTF-8 */
	struct imap_search *out;
	unsigned keys, depth;
	bool is_fuzzy; /* within FUZZY */
};

enum shape {
	SHAPE_NONE,
	SHAPE_TEXT,
	SHAPE_DATE,
	SHAPE_SIZE,
	SHAPE_SECONDS,
	SHAPE_KEYWORD,
	SHAPE_ID,
	SHAPE_MODSEQ,
};

/* search-key, one row each but for those with keys or sets in them. */
static const struct {
	struct str name;
	enum imap_key_kind kind;
	enum shape shape;
	bool is_not;
	uint64_t flag;
	struct str field;
	enum imap_capability needs;
} rows[] = {
	{ STR_INIT("ALL"), KEY_ALL, SHAPE_NONE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("ANSWERED"), KEY_FLAG, SHAPE_NONE, false, FLAG_ANSWERED, { 0 }, CAP_BASE },
	{ STR_INIT("BCC"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("Bcc"), CAP_BASE },
	{ STR_INIT("BEFORE"), KEY_BEFORE, SHAPE_DATE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("BODY"), KEY_BODY, SHAPE_TEXT, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("CC"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("Cc"), CAP_BASE },
	{ STR_INIT("DELETED"), KEY_FLAG, SHAPE_NONE, false, FLAG_DELETED, { 0 }, CAP_BASE },
	{ STR_INIT("DRAFT"), KEY_FLAG, SHAPE_NONE, false, FLAG_DRAFT, { 0 }, CAP_BASE },
	{ STR_INIT("EMAILID"), KEY_EMAILID, SHAPE_ID, false, 0, { 0 }, CAP_OBJECTID },
	{ STR_INIT("FLAGGED"), KEY_FLAG, SHAPE_NONE, false, FLAG_FLAGGED, { 0 }, CAP_BASE },
	{ STR_INIT("FROM"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("From"), CAP_BASE },
	{ STR_INIT("KEYWORD"), KEY_KEYWORD, SHAPE_KEYWORD, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("LARGER"), KEY_LARGER, SHAPE_SIZE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("MODSEQ"), KEY_MODSEQ, SHAPE_MODSEQ, false, 0, { 0 }, CAP_CONDSTORE },
	{ STR_INIT("NEW"), KEY_NEW, SHAPE_NONE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("OLD"), KEY_RECENT, SHAPE_NONE, true, 0, { 0 }, CAP_BASE },
	{ STR_INIT("OLDER"), KEY_OLDER, SHAPE_SECONDS, false, 0, { 0 }, CAP_WITHIN },
	{ STR_INIT("ON"), KEY_ON, SHAPE_DATE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("RECENT"), KEY_RECENT, SHAPE_NONE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("SAVEDATESUPPORTED"), KEY_ALL, SHAPE_NONE, false, 0, { 0 }, CAP_SAVEDATE },
	{ STR_INIT("SAVEDBEFORE"), KEY_SAVEDBEFORE, SHAPE_DATE, false, 0, { 0 }, CAP_SAVEDATE },
	{ STR_INIT("SAVEDON"), KEY_SAVEDON, SHAPE_DATE, false, 0, { 0 }, CAP_SAVEDATE },
	{ STR_INIT("SAVEDSINCE"), KEY_SAVEDSINCE, SHAPE_DATE, false, 0, { 0 }, CAP_SAVEDATE },
	{ STR_INIT("SEEN"), KEY_FLAG, SHAPE_NONE, false, FLAG_SEEN, { 0 }, CAP_BASE },
	{ STR_INIT("SENTBEFORE"), KEY_SENTBEFORE, SHAPE_DATE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("SENTON"), KEY_SENTON, SHAPE_DATE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("SENTSINCE"), KEY_SENTSINCE, SHAPE_DATE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("SINCE"), KEY_SINCE, SHAPE_DATE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("SMALLER"), KEY_SMALLER, SHAPE_SIZE, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("SUBJECT"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("Subject"), CAP_BASE },
	{ STR_INIT("TEXT"), KEY_TEXT, SHAPE_TEXT, false, 0, { 0 }, CAP_BASE },
	{ STR_INIT("THREADID"), KEY_THREADID, SHAPE_ID, false, 0, { 0 }, CAP_OBJECTID },
	{ STR_INIT("TO"), KEY_FIELD, SHAPE_TEXT, false, 0, STR_INIT("To"), CAP_BASE },
	{ STR_INIT("UNANSWERED"), KEY_FLAG, SHAPE_NONE, true, FLAG_ANSWERED, { 0 }, CAP_BASE },
	{ STR_INIT("UNDELETED"), KEY_FLAG, SHAPE_NONE, true, FLAG_DELETED, { 0 }, CAP_BASE },
	{ STR_INIT("UNDRAFT"), KEY_FLAG, SHAPE_NONE, true, FLAG_DRAFT, { 0 }, CAP_BASE },
	{ STR_INIT("UNFLAGGED"), KEY_FLAG, SHAPE_NONE, true, FLAG_FLAGGED, { 0 }, CAP_BASE },
	{ STR_INIT("UNKEYWORD"), KEY_KEYWORD, SHAPE_KEYWORD, true, 0, { 0 }, CAP_BASE },
	{ STR_INIT("UNSEEN"), KEY_FLAG, SHAPE_NONE, true, FLAG_SEEN, { 0 }, CAP_BASE },
	{ STR_INIT("YOUNGER"), KEY_YOUNGER, SHAPE_SECONDS, false, 0, { 0 }, CAP_WITHIN },
};

static const enum imap_cost costs[KEY_COUNT] = {
	/* the others: COST_VIEW */
	[KEY_SAVEDBEFORE] = COST_SUMMARY,
	[KEY_SAVEDON] = COST_SUMMARY,
	[KEY_SAVEDSINCE] = COST_SUMMARY,
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

/* Lines end in LF where bodies are looked through, and in what narrows them. */
static bool
lines_to_lf(struct parse *p, struct str *text)
{
	char *to;
	size_t n = 0;

	if (str_find(*text, STR("\r\n")) == STR_NONE)
		return true;
	to = arena_alloc(p->c->arena, text->n, 1);
	p->c->is_over |= !to;
	for (size_t i = 0; to && i < text->n; i++)
		if (!str_starts(str_from(*text, i), STR("\r\n")))
			to[n++] = text->p[i];
	*text = str_of(to, n);
	return to != NULL;
}

/* A string of the client as UTF-8. */
static bool
text(struct parse *p, struct str *out)
{
	if (!imap_astring(p->c, out))
		return false;
	if (p->charset)
		*out = charset_to_utf8(p->charset, *out, p->c->arena);
	return lines_to_lf(p, out);
}

/* date = date-text / DQUOTE date-text DQUOTE */
static bool
day(struct parse *p, int64_t *out)
{
	struct str date;

	return imap_astring(p->c, &date) && date_parse_imap_day(date, out) == FAIL_NONE;
}

/* [quoted SP ("priv" / "shared" / "all") SP] mod-sequence-valzer (RFC 7162 section 7) */
static bool
modseq(struct parse *p, uint64_t *out)
{
	struct str entry, type;

	if (imap_next_is(p->c, '"') &&
	    (!imap_string(p->c, &entry) || !imap_sp(p->c) || !imap_atom(p->c, &type) ||
		!imap_sp(p->c)))
		return false; /* there is one modseq for all of a message: they are not asked */
	p->out->has_modseq = true;
	return imap_number(p->c, 0, INT64_MAX, out);
}

static bool
argument(struct parse *p, struct imap_key *key, enum shape shape)
{
	uint64_t number = 0;

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
		if (!imap_number(p->c, 0, INT64_MAX, &number))
			return false;
		break;
	case SHAPE_SECONDS:
		if (!imap_number(p->c, 1, UINT32_MAX, &number))
			return false;
		break;
	case SHAPE_MODSEQ:
		if (!modseq(p, &number))
			return false;
		break;
	case SHAPE_NONE: break;
	}
	key->number = (int64_t)number;
	return true;
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

	if (!key || !imap_set_parse(p->c, &key->set))
		return NULL;
	p->out->has_numbers |= kind == KEY_SEQUENCE && !key->set.is_saved;
	return key;
}

/* "UIDAFTER" / "UIDBEFORE" SP uniqueid (RFC 9738 3.2): unlike "n:*", never the last one by itself */
static struct imap_key *
uid_side_key(struct parse *p, bool is_after)
{
	struct imap_key *key = key_new(p, KEY_UID);
	struct imap_range *range = arena_alloc(p->c->arena, 1, sizeof(*range));
	uint64_t uid;

	if (!range)
		p->c->is_over = true;
	if (!range || !key || !imap_sp(p->c) || !imap_number(p->c, 1, UINT32_MAX, &uid))
		return NULL;
	imap_capabilities_put(&p->out->needs, CAP_MESSAGELIMIT);
	range->first = is_after ? (uint32_t)uid + 1 : 1;
	range->last = is_after ? IMAP_STAR - 1 : (uint32_t)uid - 1;
	key->set.ranges = range;
	key->set.count = range->first > 0 && range->first <= range->last;
	return key;
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
		imap_capabilities_put(&p->out->needs, rows[i].needs);
		return argument(p, key, rows[i].shape) ? key : NULL;
	}
	return NULL;
}

/* Are they texts, of which FUZZY may find a part? */
static bool
is_text(const struct imap_key *key)
{
	return key->kind == KEY_FIELD || key->kind == KEY_BODY || key->kind == KEY_TEXT;
}

/* RFC 6203 section 3: the text as it is, and behind it each of its words */
static struct imap_key *
fuzzy_key(struct parse *p, struct imap_key *phrase)
{
	struct imap_key *key = key_new(p, KEY_FUZZY), *child;
	struct str cur = phrase->text, word;
	unsigned count = 0;

	if (!key)
		return NULL;
	key_add(key, phrase);
	while (str_next_part(&cur, ' ', &word) && count < IMAP_FUZZY_WORDS_MAX) {
		if (word.n == 0 || word.n == phrase->text.n)
			continue;
		if (!(child = key_new(p, phrase->kind)))
			return NULL;
		child->cost = phrase->cost;
		child->name = phrase->name;
		child->text = word;
		key_add(key, child);
		count++;
	}
	return key;
}

/* "FUZZY" SP search-key (RFC 6203) */
static struct imap_key *
fuzzy(struct parse *p)
{
	bool was_fuzzy = p->is_fuzzy;
	struct imap_key *key;

	p->is_fuzzy = true;
	p->out->has_fuzzy = true;
	imap_capabilities_put(&p->out->needs, CAP_SEARCH_FUZZY);
	key = imap_sp(p->c) ? search_key(p) : NULL;
	p->is_fuzzy = was_fuzzy;
	return key;
}

/*
 * "FILTER" SP filter-name (RFC 5466): who called puts something in its place and parses again. filter-name is an
 * atom without "/".
 */
static struct imap_key *
filter_key(struct parse *p, struct str from)
{
	struct str name;

	if (!imap_sp(p->c) || !imap_atom(p->c, &name) || str_find_char(name, '/') != STR_NONE)
		return NULL;
	imap_capabilities_put(&p->out->needs, CAP_FILTERS);
	p->out->filter = str_head(from, (size_t)(p->c->at.p - from.p));
	p->out->filter_name = name;
	return key_new(p, KEY_ALL);
}

static struct imap_key *
word_key(struct parse *p)
{
	struct str word, from = p->c->at;
	struct imap_key *key;

	if (!imap_atom(p->c, &word))
		return NULL;
	if (str_eq_nocase(word, STR("FUZZY")))
		return fuzzy(p);
	if (str_eq_nocase(word, STR("NOT"))) {
		if (!imap_sp(p->c) || !(key = search_key(p)))
			return NULL;
		key->is_not = !key->is_not;
		return key;
	}
	if (str_eq_nocase(word, STR("OR")))
		return or_key(p);
	if (str_eq_nocase(word, STR("FILTER")))
		return filter_key(p, from);
	if (str_eq_nocase(word, STR("UIDAFTER")) || str_eq_nocase(word, STR("UIDBEFORE")))
		return uid_side_key(p, str_eq_nocase(word, STR("UIDAFTER")));
	if (str_eq_nocase(word, STR("HEADER")))
		key = header_key(p);
	else if (str_eq_nocase(word, STR("UID")))
		return imap_sp(p->c) ? set_key(p, KEY_UID) : NULL;
	else
		key = row_key(p, word);
	return key && p->is_fuzzy && is_text(key) ? fuzzy_key(p, key) : key;
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

enum fail
imap_search_keys(struct imap_cursor *c, const struct charset *charset, struct imap_search *out)
{
	struct parse p = { .c = c, .charset = charset, .out = out };

	out->program = c->at;
	out->charset = charset;
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
	static const char *const names[KEY_COUNT] = { "ALL", "AND", "OR", "FUZZY", "SEQ ", "UID ",
		"FLAG ", "KEYWORD ", "RECENT", "NEW", "EMAILID ", "THREADID ", "MODSEQ ", "OLDER ",
		"YOUNGER ", "BEFORE ", "ON ", "SINCE ", "SAVEDBEFORE ", "SAVEDON ", "SAVEDSINCE ",
		"LARGER ", "SMALLER ", "SENTBEFORE ", "SENTON ", "SENTSINCE ", "FIELD ", "BODY ",
		"TEXT " };

	buf_add_c(out, key->is_not ? "(NOT " : "(");
	buf_add_c(out, names[key->kind]);
	set_write(out, &key->set);
	if (key->kind == KEY_FLAG)
		buf_add_u64(out, key->flag);
	if (key->kind >= KEY_MODSEQ && key->kind <= KEY_SENTSINCE)
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
