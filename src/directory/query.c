#include "directory/query.h"

/* base */
#include "base/mem.h"

struct reader {
	struct query *q;
	struct str rest; /* not read yet */
	enum query_dialect dialect;
	struct str key;
	const char *start;
};

static bool
is_word(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

static char
peek(const struct reader *r, size_t at)
{
	return at < r->rest.n ? r->rest.p[at] : '\0';
}

/* The byte n places before the next one. */
static char
behind(const struct reader *r, size_t n)
{
	return (size_t)(r->rest.p - r->start) >= n ? *(r->rest.p - n) : ' ';
}

/* Copy n bytes as they are. */
static void
copy(struct reader *r, size_t n)
{
	buf_add(&r->q->sql, str_head(r->rest, n));
	r->rest = str_from(r->rest, n);
}

static enum fail
refuse(struct reader *r, const char *why)
{
	r->q->why = why;
	return FAIL_SYNTAX;
}

/* --- what is left alone ------------------------------------------------------------------------ */

/* E'..' of PostgreSQL, and every string of MariaDB, know backslashes. */
static bool
has_escapes(const struct reader *r, char quote)
{
	if (r->dialect == QUERY_MYSQL)
		return quote != '`';
	return r->dialect == QUERY_PGSQL && quote == '\'' && char_lower(behind(r, 1)) == 'e' &&
	    !is_word(behind(r, 2));
}

/* Up to the closing quote; a doubled one stands for itself. */
static enum fail
copy_quoted(struct reader *r, char end)
{
	bool escapes = has_escapes(r, end);
	size_t n = 1;

	do {
		while (n < r->rest.n && r->rest.p[n] != end)
			n += escapes && r->rest.p[n] == '\\' ? 2 : 1;
		if (n >= r->rest.n)
			return refuse(r, "a quote has no end");
		n += 2;
	} while (peek(r, n - 1) == end);
	copy(r, n - 1);
	return FAIL_NONE;
}

/* Comments nest in PostgreSQL only. */
static enum fail
copy_comment(struct reader *r)
{
	size_t n = 2, depth = 1;

	while (depth > 0) {
		if (n + 1 >= r->rest.n)
			return refuse(r, "a comment has no end");
		if (peek(r, n) == '*' && peek(r, n + 1) == '/') {
			depth--;
			n += 2;
		} else if (r->dialect == QUERY_PGSQL && peek(r, n) == '/' &&
		    peek(r, n + 1) == '*') {
			depth++;
			n += 2;
		} else {
			n++;
		}
	}
	copy(r, n);
	return FAIL_NONE;
}

static enum fail
copy_line(struct reader *r)
{
	size_t end = str_find_char(r->rest, '\n');

	copy(r, end == STR_NONE ? r->rest.n : end);
	return FAIL_NONE;
}

/* $$ .. $$ and $tag$ .. $tag$ of PostgreSQL; a $1 would be a parameter of its own. */
static enum fail
copy_dollar(struct reader *r)
{
	size_t n = 1, end;

	if (is_word(behind(r, 1)) || behind(r, 1) == '$') {
		copy(r, 1);
		return FAIL_NONE;
	}
	if (char_is_digit(peek(r, 1)))
		return refuse(r, "parameters are written :name");
	while (is_word(peek(r, n)))
		n++;
	if (peek(r, n) != '$') {
		copy(r, 1);
		return FAIL_NONE;
	}
	n++;
	end = str_find(str_from(r->rest, n), str_head(r->rest, n));
	if (end == STR_NONE)
		return refuse(r, "a quote has no end");
	copy(r, n + end + n);
	return FAIL_NONE;
}

/* --- parameters -------------------------------------------------------------------------------- */

static bool
find_value(const struct reader *r, struct str name, enum query_value *out)
{
	if (!str_empty(r->key) && str_eq(name, r->key))
		*out = QUERY_KEY;
	else if (!str_empty(r->key) && str_eq(name, STR("local")))
		*out = QUERY_LOCAL;
	else if (!str_empty(r->key) && str_eq(name, STR("domain")))
		*out = QUERY_DOMAIN;
	else
		return false;
	return true;
}

/* MariaDB has a place for each use, the others one for each value. */
static bool
place_of(struct reader *r, enum query_value value, size_t *out)
{
	struct query *q = r->q;

	for (size_t i = 0; i < q->value_count && r->dialect != QUERY_MYSQL; i++) {
		if (q->values[i] == value) {
			*out = i;
			return true;
		}
	}
	if (q->value_count == QUERY_PARAMETERS_MAX)
		return false;
	*out = q->value_count;
	q->values[q->value_count++] = value;
	return true;
}

static enum fail
take_parameter(struct reader *r)
{
	static const char
	    signs[] = { [QUERY_SQLITE] = '?', [QUERY_PGSQL] = '$', [QUERY_MYSQL] = '?' };
	enum query_value value;
	size_t n = 1, place;

	while (is_word(peek(r, n)))
		n++;
	if (!find_value(r, str_slice(r->rest, 1, n - 1), &value))
		return refuse(r, "it names a parameter that this question does not have");
	if (!place_of(r, value, &place)) {
		r->q->why = "too many parameters";
		return FAIL_LIMIT;
	}
	buf_add_char(&r->q->sql, signs[r->dialect]);
	if (r->dialect != QUERY_MYSQL)
		buf_add_u64(&r->q->sql, place + 1);
	r->rest = str_from(r->rest, n);
	return FAIL_NONE;
}

static enum fail
take_colon(struct reader *r)
{
	char next = peek(r, 1);

	if (next == ':' || next == '=') {
		copy(r, 2);
		return FAIL_NONE;
	}
	if (is_word(next) && !char_is_digit(next))
		return take_parameter(r);
	copy(r, 1);
	return FAIL_NONE;
}

/* --- the whole --------------------------------------------------------------------------------- */

/* "--" begins a comment; in MariaDB only with a blank behind it (5--1 is 6). */
static bool
is_dashes(const struct reader *r)
{
	return peek(r, 1) == '-' && (r->dialect != QUERY_MYSQL || (unsigned char)peek(r, 2) <= ' ');
}

/* The engine's own marks of a parameter would be one more than we bind. */
static bool
is_foreign(const struct reader *r, char c)
{
	switch (r->dialect) {
	case QUERY_SQLITE: return c == '?' || ((c == '$' || c == '@') && !is_word(behind(r, 1)));
	case QUERY_MYSQL: return c == '?';
	case QUERY_PGSQL: break;
	}
	return false;
}

static enum fail
take(struct reader *r)
{
	char c = r->rest.p[0];

	if (c == '\0')
		return refuse(r, "it has a NUL");
	if (c == '\'' || c == '"' || (c == '`' && r->dialect != QUERY_PGSQL))
		return copy_quoted(r, c);
	if (c == '[' && r->dialect == QUERY_SQLITE)
		return copy_quoted(r, ']');
	if (c == '/' && peek(r, 1) == '*')
		return copy_comment(r);
	if ((c == '-' && is_dashes(r)) || (c == '#' && r->dialect == QUERY_MYSQL))
		return copy_line(r);
	if (c == '$' && r->dialect == QUERY_PGSQL)
		return copy_dollar(r);
	if (c == ':')
		return take_colon(r);
	if (is_foreign(r, c))
		return refuse(r, "parameters are written :name");
	copy(r, 1);
	return FAIL_NONE;
}

enum fail
query_parse(struct query *q, struct str text, enum query_dialect dialect, struct str key)
{
	struct reader r = { .q = q, .rest = text, .dialect = dialect, .key = key, .start = text.p };
	enum fail fail = FAIL_NONE;

	*q = (struct query){ 0 };
	buf_init(&q->sql, QUERY_SQL_MAX);
	while (fail == FAIL_NONE && r.rest.n > 0)
		fail = take(&r);
	if (fail == FAIL_NONE && !buf_ok(&q->sql)) {
		q->why = "it is too long";
		fail = FAIL_LIMIT;
	}
	return fail;
}

void
query_release(struct query *q)
{
	buf_release(&q->sql);
}

struct str
query_value(enum query_value value, struct str key)
{
	size_t at = str_rfind_char(key, '@');

	switch (value) {
	case QUERY_KEY: return key;
	case QUERY_LOCAL: return str_head(key, at == STR_NONE ? key.n : at);
	case QUERY_DOMAIN: return at == STR_NONE ? STR("") : str_from(key, at + 1);
	}
	return key;
}
