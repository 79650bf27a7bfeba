#include "imap/name.h"

/* rooms */
#include "codec/utf7.h"
#include "codec/utf8.h"
#include "message/imap_string.h"

enum fail
imap_name_parse(struct arena *arena, struct str name, bool is_utf8, struct str *path_out)
{
	struct buf path;
	enum fail fail = FAIL_NONE;

	buf_init(&path, IMAP_NAME_MAX);
	/* Liberal: raw UTF-8 is taken in an IMAP4rev1 session too; in modified UTF-7 it has no
	 * meaning of its own, and clients send it. */
	if (is_utf8 || !utf8_is_ascii(name)) {
		if (utf8_is_valid(name))
			buf_add(&path, name);
		else
			fail = FAIL_SYNTAX;
	} else {
		fail = utf7_imap_parse(&path, name);
	}
	if (fail == FAIL_NONE && !buf_ok(&path))
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE) {
		*path_out = arena_str(arena, buf_str(&path));
		if (!path_out->p)
			fail = FAIL_LIMIT;
	}
	buf_release(&path);
	return fail;
}

void
imap_name_write(struct buf *out, struct str path, bool is_utf8)
{
	struct buf name;

	if (is_utf8) {
		imap_utf8_write(out, path);
		return;
	}
	buf_init(&name, IMAP_NAME_MAX * 2);
	utf7_imap_write(&name, path);
	imap_astring_write(out, buf_str(&name));
	buf_release(&name);
}

struct str
imap_name_turn(struct arena *arena, struct str path)
{
	char *p = arena_alloc(arena, path.n + 1, 1);

	if (!p)
		return (struct str){ 0 };
	for (size_t i = 0; i < path.n; i++)
		p[i] = path.p[i] == '/' ? '.' : path.p[i] == '.' ? '/' : path.p[i];
	return str_of(p, path.n);
}

bool
imap_name_is_inbox(struct str path)
{
	return str_eq_nocase(path, STR("INBOX"));
}

/* Bytes at the front of a path that are compared without case. */
static size_t
folded_bytes(struct str path)
{
	struct str first = str_head(path, 5);

	if (imap_name_is_inbox(first) && (path.n == 5 || path.p[5] == IMAP_DELIMITER))
		return 5;
	return 0;
}

bool
imap_name_matches(struct str pattern, struct str path)
{
	size_t folded = folded_bytes(path);
	size_t p = 0, n = 0;                      /* where we are in pattern and path */
	size_t star = STR_NONE, star_n = 0;       /* behind the last "*", and its path position */
	size_t percent = STR_NONE, percent_n = 0; /* the same of a "%" behind that */

	for (;;) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			star_n = n;
			percent = STR_NONE;
		} else if (p < pattern.n && pattern.p[p] == '%') {
			percent = ++p;
			percent_n = n;
		} else if (n < path.n && p < pattern.n &&
		    (pattern.p[p] == path.p[n] ||
			(n < folded && char_lower(pattern.p[p]) == char_lower(path.p[n])))) {
			p++;
			n++;
		} else if (n == path.n && p == pattern.n) {
			return true;
		} else if (percent != STR_NONE && percent_n < path.n &&
		    path.p[percent_n] != IMAP_DELIMITER) {
			p = percent;
			n = ++percent_n;
		} else if (star != STR_NONE && star_n < path.n) {
			p = star;
			n = ++star_n;
			percent = STR_NONE;
		} else {
			return false;
		}
	}
}

bool
imap_name_is_below(struct str path, struct str top)
{
	return path.n > top.n && path.p[top.n] == IMAP_DELIMITER &&
	    str_eq(str_head(path, top.n), top);
}
