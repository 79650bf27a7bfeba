#include "message/header.h"

/* system */
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* A line that begins with this is an mbox separator, sometimes quoted, and no field. */
static const struct str from_line = STR_INIT("From ");

/*
 * field-name = 1*ftext, then blanks that obs-optional allows, then ":" (RFC 5322 2.2, 4.5). The
 * length of the name, or 0 when the line is no field; *colon_out is the colon's position.
 */
static size_t
field_name_size(struct str line, size_t *colon_out)
{
	size_t i = 0, n;

	while (i < line.n && line.p[i] > 32 && line.p[i] < 127 && line.p[i] != ':')
		i++;
	n = i;
	while (i < line.n && char_is_space(line.p[i]))
		i++;
	if (n == 0 || i == line.n || line.p[i] != ':')
		return 0;
	*colon_out = i;
	return n;
}

static size_t
line_size(struct str s)
{
	const char *end = s.n > 0 ? memchr(s.p, '\n', s.n) : NULL;

	return end ? (size_t)(end - s.p) + 1 : s.n;
}

static bool
is_blank_line(struct str s)
{
	return s.n > 0 && (s.p[0] == '\n' || (s.p[0] == '\r' && s.n > 1 && s.p[1] == '\n'));
}

/* Fields that no sentence of a body begins with. */
static bool
is_known_name(struct str name)
{
	static const struct str known[] = { STR_INIT("From"), STR_INIT("To"), STR_INIT("Cc"),
		STR_INIT("Bcc"), STR_INIT("Date"), STR_INIT("Subject"), STR_INIT("Sender"),
		STR_INIT("Reply-To"), STR_INIT("Message-ID"), STR_INIT("In-Reply-To"),
		STR_INIT("References"), STR_INIT("Received"), STR_INIT("Return-Path"),
		STR_INIT("Delivered-To"), STR_INIT("MIME-Version"), STR_INIT("DKIM-Signature") };

	if (str_starts_nocase(name, STR("X-")) || str_starts_nocase(name, STR("Content-")))
		return true;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_eq_nocase(name, known[i]))
			return true;
	return false;
}

static bool
is_mbox_line(struct str line)
{
	if (line.n > 0 && line.p[0] == '>')
		line = str_from(line, 1);
	return str_starts(line, from_line);
}

/*
 * Liberal: one line that is no field does not end the header when a well-known field stands right
 * behind it (RFC 7103 7.2); nor does an mbox separator. Delimiters of multiparts always end it.
 */
static bool
may_skip_line(struct str cur, size_t n)
{
	struct str rest = str_from(cur, n), line;
	size_t colon, name;

	if (is_blank_line(cur) || str_starts(cur, STR("--")))
		return false;
	if (is_mbox_line(cur))
		return true;
	line = str_head(rest, line_size(str_head(rest, 128)));
	name = field_name_size(line, &colon);
	return name > 0 && is_known_name(str_head(line, name));
}

bool
header_next(struct str *cur, struct header *out)
{
	struct str s = *cur;
	size_t n, colon, name, end;

	/* Liberal: a byte order mark before the first field. */
	if (str_starts(s, STR("\xef\xbb\xbf")))
		s = str_from(s, 3);
	for (;;) {
		if (s.n == 0)
			return false;
		n = line_size(s);
		name = field_name_size(str_head(s, n), &colon);
		if (name > 0)
			break;
		if (!may_skip_line(s, n))
			return false;
		s = str_from(s, n);
		*cur = s;
	}
	while (n < s.n && char_is_space(s.p[n]))
		n += line_size(str_from(s, n));
	end = n;
	if (end > colon + 1 && s.p[end - 1] == '\n')
		end--;
	if (end > colon + 1 && s.p[end - 1] == '\r')
		end--;
	out->name = str_head(s, name);
	out->value = str_slice(s, colon + 1, end - colon - 1);
	out->whole = str_head(s, n);
	*cur = str_from(s, n);
	return true;
}

bool
header_next_any(struct str *cur, struct header *out)
{
	while (!header_next(cur, out)) {
		if (cur->n == 0 || is_blank_line(*cur))
			return false;
		*cur = str_from(*cur, line_size(*cur));
	}
	return true;
}

bool
header_find(struct str block, struct str name, struct header *out)
{
	struct header h;

	while (header_next(&block, &h)) {
		if (str_eq_nocase(h.name, name)) {
			*out = h;
			return true;
		}
	}
	return false;
}

bool
header_find_last(struct str block, struct str name, struct header *out)
{
	struct header h;
	bool is_found = false;

	while (header_next(&block, &h)) {
		if (str_eq_nocase(h.name, name)) {
			*out = h;
			is_found = true;
		}
	}
	return is_found;
}

size_t
header_size(struct str bytes)
{
	struct str cur = bytes;
	struct header h;

	while (header_next(&cur, &h))
		continue;
	if (is_blank_line(cur))
		cur = str_from(cur, line_size(cur));
	return bytes.n - cur.n;
}

size_t
header_block_end(struct str bytes, size_t from)
{
	size_t at;

	if (str_starts(bytes, STR("\r\n")))
		return 2;
	from = from > 3 ? from - 3 : 0; /* CRLFCRLF may lie across two pieces */
	at = str_find(str_from(bytes, from), STR("\r\n\r\n"));
	return at == STR_NONE ? 0 : from + at + 4;
}

struct str
header_unfold(struct str raw, struct arena *a)
{
	struct str s = str_trim(raw);
	size_t n = 0;
	char *p;

	if (s.n == 0)
		return (struct str){ raw.p ? raw.p : "", 0 };
	if (memchr(s.p, '\n', s.n) == NULL && memchr(s.p, '\r', s.n) == NULL)
		return s;
	p = arena_alloc(a, s.n, 1);
	if (p == NULL)
		return s;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' && s.p[i] != '\n')
			p[n++] = s.p[i];
	return str_of(p, n);
}

size_t
header_comment_size(struct str s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

void
header_skip_blanks(struct str *cur, struct str others)
{
	size_t depth = 0, i = 0;

	for (; i < cur->n; i++) {
		char c = cur->p[i];

		if (depth > 0 && c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (depth > 0 && c == ')')
			depth--;
		else if (depth == 0 && !char_is_space(c) && str_find_char(others, c) == STR_NONE)
			break;
	}
	*cur = str_from(*cur, i);
}

struct str
header_uncomment(struct str raw, struct arena *a)
{
	bool is_in_angle = false, is_quoted = false;
	size_t n = 0, comment;
	char *p;

	if (str_find_char(raw, '(') == STR_NONE || (p = arena_alloc(a, raw.n, 1)) == NULL)
		return raw;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		comment = c == '(' && !is_in_angle && !is_quoted
		    ? header_comment_size(str_from(raw, i))
		    : 0;
		if (comment > 0) {
			p[n++] = ' ';
			i += comment - 1;
			continue;
		}
		if (c == '(' && !is_in_angle &&
		    !is_quoted) { /* it never ends: nor does any other */
			memcpy(p + n, raw.p + i, raw.n - i);
			return str_of(p, n + raw.n - i);
		}
		if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '<' || c == '>')
			is_in_angle = c == '<';
		p[n++] = c;
		if (c == '\\' && i + 1 < raw.n)
			p[n++] = raw.p[++i];
	}
	return str_of(p, n);
}

/* RFC 2369 2: whitespace in the brackets is there by mistake. */
static struct str
without_blanks(struct str s, struct arena *a)
{
	size_t n = 0;
	char *p = arena_alloc(a, s.n + 1, 1);

	for (size_t i = 0; p && i < s.n; i++)
		if (!char_is_space(s.p[i]) && s.p[i] != '\r' && s.p[i] != '\n')
			p[n++] = s.p[i];
	return p ? str_of(p, n) : str_trim(s);
}

bool
header_next_url(struct str *cur, struct arena *a, struct str *out)
{
	struct str rest = str_trim(*cur), url;

	*cur = (struct str){ 0 };
	*out = (struct str){ 0 };
	while (str_skip_char(&rest, '<') && str_take_until(&rest, '>', &url)) {
		*out = without_blanks(url, a);
		rest = str_trim(rest);
		if (str_skip_char(&rest, ','))
			rest = str_trim(rest);
		else
			rest = (struct str){ 0 };
		if (str_empty(*out))
			continue;
		*cur = rest;
		return true;
	}
	return false;
}

/* By length first: most names are told apart by that. */
static int
compare_names(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return str_cmp_nocase(*x, *y);
}

void
header_subset_write(struct buf *out, struct str block, const struct str *names, size_t name_count,
    bool is_not)
{
	struct str *sorted = mem_new(name_count + 1, sizeof(*sorted));
	struct header h;

	for (size_t i = 0; i < name_count; i++)
		sorted[i] = names[i];
	qsort(sorted, name_count, sizeof(*sorted), compare_names);
	block = str_head(block, MESSAGE_HEADER_MAX);
	while (header_next(&block, &h)) {
		bool is_named =
		    bsearch(&h.name, sorted, name_count, sizeof(*sorted), compare_names) != NULL;

		if (is_named == is_not)
			continue;
		buf_add(out, h.whole);
		if (!str_ends(h.whole, STR("\n")))
			buf_add_c(out, "\r\n");
	}
	buf_add_c(out, "\r\n");
	mem_free(sorted);
}
