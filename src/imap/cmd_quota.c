/*
 * GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208). An account that has limits is one quota root: "" is the user's own.
 * Limits come from the directory, so that nobody sets them here.
 *
 * Strict: a root without limits would have the list "()", which 4.2.1 knows, but its grammar (7) does not;
 * Thunderbird takes it for a syntax error. So an account without limits has no root (3.2).
 */
#include "imap/command.h"

/* rooms */
#include "message/imap_string.h"

#define QUOTA_BLOCK      1024 /* bytes: the unit of STORAGE (RFC 9208 5.1) */
#define QUOTA_LIMITS_MAX 100  /* of one SETQUOTA: there are four resources */

static uint64_t
blocks(uint64_t bytes)
{
	return bytes / QUOTA_BLOCK + (bytes % QUOTA_BLOCK > 0);
}

/* Resources without a limit are not named (RFC 9208 4.2.1). */
static void
resource_write(struct buf *out, const char *name, uint64_t used, uint64_t limit, bool *is_first)
{
	if (limit == 0)
		return;
	if (!*is_first)
		buf_add_char(out, ' ');
	*is_first = false;
	buf_add_c(out, name);
	buf_add_char(out, ' ');
	buf_add_u64(out, used);
	buf_add_char(out, ' ');
	buf_add_u64(out, limit);
}

static bool
has_root(const struct account *a)
{
	return a->limits.quota_bytes || a->limits.quota_messages;
}

static void
root_write(struct imap_session *s, const struct account *a)
{
	imap_astring_write(&s->run.before, imap_is_own(s, a) ? STR("") : a->name);
}

/* quota-response = "QUOTA" SP quota-root-name SP quota-list */
static void
quota_write(struct imap_session *s, const struct account *a)
{
	struct buf *out = &s->run.before;
	bool is_first = true;

	buf_add_c(out, "* QUOTA ");
	root_write(s, a);
	buf_add_c(out, " (");
	resource_write(out, "STORAGE", blocks(a->used_bytes), blocks(a->limits.quota_bytes),
	    &is_first);
	resource_write(out, "MESSAGE", a->used_messages, a->limits.quota_messages, &is_first);
	buf_add_c(out, ")\r\n");
}

/* "GETQUOTA" SP quota-root-name */
enum imap_state
imap_cmd_getquota(struct imap_session *s, struct imap_cursor *args)
{
	struct str root;

	if (!imap_astring(args, &root) || !imap_at_end(args))
		return imap_wrong(s, args);
	if (root.n > 0 || !has_root(s->account))
		return imap_no(s, "NONEXISTENT", "There is no such quota root");
	quota_write(s, s->account);
	return imap_ok(s, NULL, "Quota told");
}

/*
 * "GETQUOTAROOT" SP mailbox. One's own need not exist (RFC 9208 4.1.2); how much others have is told to those
 * who may read it.
 */
enum imap_state
imap_cmd_getquotaroot(struct imap_session *s, struct imap_cursor *args)
{
	struct account *account = s->account;
	struct str name, visible;
	enum mail_namespace space;
	enum imap_state refused;
	enum fail fail;

	if (!imap_astring(args, &name) || !imap_at_end(args))
		return imap_wrong(s, args);
	fail = imap_visible_path(s, name, &visible);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	if (imap_in_namespace(s, visible, &space)) {
		const struct mailbox *m;

		m = imap_find(s, visible, (struct imap_need){ .all = ACL_READ }, &refused);
		if (!m)
			return refused;
		account = m->account;
	}
	buf_add_c(&s->run.before, "* QUOTAROOT ");
	imap_visible_path_write(s, &s->run.before, visible);
	if (has_root(account)) {
		buf_add_char(&s->run.before, ' ');
		root_write(s, account);
	}
	buf_add_c(&s->run.before, "\r\n");
	if (has_root(account))
		quota_write(s, account);
	return imap_ok(s, NULL, "Quota root told");
}

/* setquota-list = "(" [resource-name SP resource-limit *(SP ..)] ")" */
static bool
limits_parse(struct imap_cursor *args)
{
	struct str name;
	uint64_t limit;

	if (!imap_char(args, '('))
		return false;
	if (imap_char(args, ')'))
		return true;
	for (size_t i = 0; i < QUOTA_LIMITS_MAX; i++) {
		if (!imap_atom(args, &name) || !imap_sp(args) ||
		    !imap_number(args, 0, INT64_MAX, &limit))
			return false;
		if (!imap_sp(args))
			return imap_char(args, ')');
	}
	args->is_over = true;
	return false;
}

/* "SETQUOTA" SP quota-root-name SP setquota-list */
enum imap_state
imap_cmd_setquota(struct imap_session *s, struct imap_cursor *args)
{
	struct str root;

	if (!imap_astring(args, &root) || !imap_sp(args) || !limits_parse(args) ||
	    !imap_at_end(args))
		return imap_wrong(s, args);
	return imap_no(s, "NOPERM", "The owner of the server sets limits in the directory");
}
