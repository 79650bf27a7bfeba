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

bool
imap_name_is_below(struct str path, struct str top)
{
	return path.n > top.n && path.p[top.n] == IMAP_DELIMITER &&
	    str_eq(str_head(path, top.n), top);
}
