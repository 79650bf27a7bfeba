#include "directory/source.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "directory/address.h"
#include "directory/directory.h"

#define TARGETS_MAX 10000 /* of one alias or list */
#define NAMES_MAX   1000  /* addresses, groups, tokens of one account */
#define DOMAINS_MAX 100000
#define ONE_ROW     1
#define ACCOUNT_DEFAULTS \
	{ \
		"", "", "0", "0", "1" \
	}
#define PRINCIPALS_MAX DIRECTORY_PRINCIPALS_MAX

const struct source_form source_forms[] = {
	[SOURCE_ACCOUNT] = { "account", "name", 5, ACCOUNT_DEFAULTS, ONE_ROW },
	[SOURCE_PASSWORDS] = { "passwords", "name", 1, { "" }, NAMES_MAX },
	[SOURCE_TOKEN] = { "token", "hash", 1, { "" }, ONE_ROW },
	[SOURCE_TOKENS] = { "tokens", "name", 1, { "" }, NAMES_MAX },
	[SOURCE_ADDRESSES] = { "addresses", "name", 1, { "" }, NAMES_MAX },
	[SOURCE_GROUPS] = { "groups", "name", 1, { "" }, NAMES_MAX },
	[SOURCE_TARGETS] = { "targets", "address", 1, { "" }, TARGETS_MAX },
	[SOURCE_LIST] = { "list", "address", 1, { "" }, ONE_ROW },
	[SOURCE_MEMBERS] = { "members", "address", 1, { "" }, TARGETS_MAX },
	[SOURCE_DOMAIN] = { "domain", "domain", 1, { "" }, ONE_ROW },
	[SOURCE_DOMAINS] = { "domains", "", 1, { "" }, DOMAINS_MAX },
	[SOURCE_ACCOUNTS] = { "accounts", "domain", 2, { "", "" }, PRINCIPALS_MAX },
	[SOURCE_ALL_GROUPS] = { "all-groups", "domain", 2, { "", "" }, PRINCIPALS_MAX },
	[SOURCE_POSTMASTER] = { "postmaster", "", 1, { "" }, ONE_ROW },
};
static_assert(ARRAY_LEN(source_forms) == SOURCE_QUESTION_COUNT, "a form for each question");

/* Nothing is stored under any other: no use to ask, and engines stumble over some, or forgive blanks at the end. */
static bool
is_key(struct str key)
{
	return !str_ends(key, STR(" ")) && key.n <= ADDRESS_MAX &&
	    str_find_char(key, '\0') == STR_NONE && utf8_is_valid(key);
}

void
source_begin(struct source *s, enum source_question question, struct str key)
{
	invariant(!s->is_begun);
	s->question = question;
	s->column_count = 0;
	s->rows = 0;
	if (!is_key(key))
		return;
	s->is_begun = true;
	s->engine->begin(s, question, key);
}

bool
source_next(struct source *s)
{
	if (!s->is_begun || s->rows >= source_forms[s->question].rows_max || !s->engine->next(s))
		return false;
	s->rows++;
	return true;
}

enum fail
source_end(struct source *s)
{
	if (!s->is_begun)
		return FAIL_NONE;
	s->is_begun = false;
	return s->engine->end(s);
}

struct str
source_text(const struct source *s, size_t column)
{
	return column < s->column_count ? s->columns[column]
					: str_c(source_forms[s->question].defaults[column]);
}

int64_t
source_number(const struct source *s, size_t column)
{
	struct str text = source_text(s, column);
	uint64_t n;

	return str_u64(&text, INT64_MAX, &n) ? (int64_t)n : 0;
}

bool
source_is_true(struct str text)
{
	static const struct str words[] = { STR_INIT("t"), STR_INIT("true"), STR_INIT("y"),
		STR_INIT("yes"), STR_INIT("on"), STR_INIT("\x01") };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(text, words[i]))
			return true;
	}
	if (text.n > 0 && text.p[0] == '-')
		text = str_from(text, 1);
	for (size_t i = 0; i < text.n && char_is_digit(text.p[i]); i++) {
		if (text.p[i] != '0')
			return true;
	}
	return false;
}

bool
source_truth(const struct source *s, size_t column)
{
	return source_is_true(source_text(s, column));
}

enum fail
source_has(struct source *s, enum source_question question, struct str key)
{
	bool has_row;
	enum fail fail;

	source_begin(s, question, key);
	has_row = source_next(s);
	fail = source_end(s);
	return fail == FAIL_NONE && !has_row ? FAIL_MISSING : fail;
}
