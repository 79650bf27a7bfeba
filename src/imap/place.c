/*
 * From the name that a client writes to a path and its mailbox, and back.
 *
 *     name  --its encoding, name.c-->  visible path  --without [imap] prefix-->  path in the account
 *     "INBOX.Entw&APw-rfe"             INBOX/Entwürfe                            Entwürfe
 */
#include "imap/command.h"

/* rooms */
#include "imap/name.h"

char
imap_delimiter(const struct imap_session *s)
{
	return s->service->settings->separator == IMAP_SEPARATOR_DOT ? '.' : '/';
}

void
imap_delimiter_write(const struct imap_session *s, struct buf *out)
{
	buf_add_char(out, '"');
	buf_add_char(out, imap_delimiter(s));
	buf_add_char(out, '"');
}

/* "INBOX.", "INBOX/" and "INBOX" mean the same, whatever the separator is. */
struct str
imap_prefix(const struct imap_session *s)
{
	struct str prefix = s->service->settings->prefix;

	for (size_t i = 0; i < prefix.n; i++)
		if (prefix.p[i] == '.' || prefix.p[i] == '/')
			return str_head(prefix, i);
	return prefix;
}

/* --- in ------------------------------------------------------------------------------------------ */

enum fail
imap_visible_path(struct imap_session *s, struct str name, struct str *path_out)
{
	enum fail fail = imap_name_parse(&s->run.arena, name, imap_is_utf8(s), path_out);

	if (fail == FAIL_NONE && imap_delimiter(s) != IMAP_DELIMITER)
		*path_out = imap_name_turn(&s->run.arena, *path_out);
	return fail == FAIL_NONE && !path_out->p ? FAIL_LIMIT : fail;
}

/* What the client sees, without the prefix of personal names. FAIL_MISSING: it is in no namespace. */
static enum fail
without_prefix(const struct imap_session *s, struct str *path_out)
{
	struct str prefix = imap_prefix(s), rest;
	enum mail_namespace space;

	if (prefix.n == 0 || imap_name_is_inbox(*path_out) ||
	    imap_in_namespace(s, *path_out, &space))
		return FAIL_NONE;
	rest = *path_out;
	if (!(imap_name_is_inbox(prefix) ? str_skip_nocase(&rest, prefix)
					 : str_skip(&rest, prefix)) ||
	    !str_skip_char(&rest, IMAP_DELIMITER) || rest.n == 0)
		return FAIL_MISSING; /* in no namespace of ours */
	*path_out = rest;
	return FAIL_NONE;
}

enum fail
imap_name_path(struct imap_session *s, struct str name, struct str *path_out)
{
	enum fail fail = imap_visible_path(s, name, path_out);

	return fail == FAIL_NONE ? without_prefix(s, path_out) : fail;
}

enum fail
imap_url_path(struct imap_session *s, struct str name, struct str *path_out)
{
	enum fail fail = imap_name_parse(&s->run.arena, name, true, path_out);

	if (fail == FAIL_NONE && imap_delimiter(s) != IMAP_DELIMITER)
		*path_out = imap_name_turn(&s->run.arena, *path_out);
	if (fail == FAIL_NONE && !path_out->p)
		fail = FAIL_LIMIT;
	return fail == FAIL_NONE ? without_prefix(s, path_out) : fail;
}

bool
imap_path(struct imap_session *s, struct imap_cursor *args, struct str *path_out,
    enum imap_state *state_out)
{
	struct str name;
	enum fail fail;

	if (!imap_astring(args, &name)) {
		*state_out = imap_wrong(s, args);
		return false;
	}
	fail = imap_name_path(s, name, path_out);
	if (fail == FAIL_NONE)
		return true;
	*state_out = imap_fail(s, fail);
	return false;
}

/* --- out ----------------------------------------------------------------------------------------- */

static void
add_prefix(const struct imap_session *s, struct buf *out)
{
	struct str prefix = imap_prefix(s);

	if (prefix.n == 0)
		return;
	buf_add(out, prefix);
	buf_add_char(out, IMAP_DELIMITER);
}

void
imap_visible_path_of(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	if (!imap_is_own(s, m->account)) {
		struct acl_user who = imap_user(s);

		namespace_path_write(m, &who, out);
		return;
	}
	if (m->role != MAILBOX_ROLE_INBOX)
		add_prefix(s, out);
	mailbox_path_write(m->account, m, out);
}

void
imap_visible_path_write(struct imap_session *s, struct buf *out, struct str path)
{
	struct arena arena;

	if (imap_delimiter(s) == IMAP_DELIMITER) {
		imap_name_write(out, path, imap_is_utf8(s));
		return;
	}
	arena_init(&arena, IMAP_NAME_MAX * 2);
	imap_name_write(out, imap_name_turn(&arena, path), imap_is_utf8(s));
	arena_release(&arena);
}

void
imap_path_write(struct imap_session *s, struct buf *out, const struct mailbox *m)
{
	struct buf path;

	buf_init(&path, IMAP_NAME_MAX);
	imap_visible_path_of(s, &path, m);
	imap_visible_path_write(s, out, buf_str(&path));
	buf_release(&path);
}

void
imap_own_path_write(struct imap_session *s, struct buf *out, struct str path)
{
	struct buf visible;

	buf_init(&visible, IMAP_NAME_MAX);
	if (!imap_name_is_inbox(path))
		add_prefix(s, &visible);
	buf_add(&visible, path);
	imap_visible_path_write(s, out, buf_str(&visible));
	buf_release(&visible);
}
