#include "directory/admin.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "directory/admin_private.h"

#define GROUP_NAME_MAX 255

/* --- aliases --------------------------------------------------------------------------------- */

enum fail
admin_alias_add(struct admin *a, struct str address, struct str target)
{
	struct buf from, to;
	enum fail fail = admin_address(a, &from, address, true);
	enum fail bad = admin_address(a, &to, target, false);

	if (fail == FAIL_NONE)
		fail = bad;
	if (fail == FAIL_NONE)
		fail = admin_own_domain(a, buf_str(&from));
	if (fail == FAIL_NONE)
		fail = admin_is_free(a, buf_str(&from), true);
	if (fail == FAIL_NONE)
		fail = admin_change(a, "INSERT INTO addresses (address, target) VALUES (?1, ?2)",
		    buf_str(&from), buf_str(&to), NULL);
	buf_release(&from);
	buf_release(&to);
	return fail;
}

enum fail
admin_alias_delete(struct admin *a, struct str address, struct str target)
{
	struct buf from, to;
	enum fail fail = admin_address(a, &from, address, true);

	buf_init(&to, 0);
	if (fail == FAIL_NONE && target.n > 0)
		fail = admin_address(a, &to, target, false);
	if (fail == FAIL_NONE)
		fail = admin_change(a,
		    "DELETE FROM addresses WHERE address = ?1 AND (?2 = '' OR target = ?2)",
		    buf_str(&from), buf_str(&to), "there is no such alias");
	buf_release(&from);
	buf_release(&to);
	return fail;
}

/* --- lists ------------------------------------------------------------------------------------- */

enum fail
admin_list_add(struct admin *a, struct str address, struct str display_name)
{
	struct buf name;
	enum fail fail = admin_address(a, &name, address, false);

	if (fail == FAIL_NONE)
		fail = admin_own_domain(a, buf_str(&name));
	if (fail == FAIL_NONE)
		fail = admin_is_free(a, buf_str(&name), false);
	if (fail == FAIL_NONE)
		fail = admin_change(a, "INSERT INTO lists (address, display_name) VALUES (?1, ?2)",
		    buf_str(&name), display_name, NULL);
	buf_release(&name);
	return fail;
}

/* Change by one or two addresses. */
static enum fail
change_by_addresses(struct admin *a, const char *sql, struct str one, struct str two,
    const char *missing)
{
	struct buf first, second;
	enum fail fail = admin_address(a, &first, one, false);

	buf_init(&second, 0);
	if (fail == FAIL_NONE && two.n > 0)
		fail = admin_address(a, &second, two, false);
	if (fail == FAIL_NONE)
		fail = admin_change(a, sql, buf_str(&first), buf_str(&second), missing);
	buf_release(&first);
	buf_release(&second);
	return fail;
}

enum fail
admin_list_delete(struct admin *a, struct str address)
{
	return change_by_addresses(a, "DELETE FROM lists WHERE address = ?1", address, STR(""),
	    "there is no such list");
}

enum fail
admin_list_join(struct admin *a, struct str address, struct str member)
{
	if (member.n == 0)
		return admin_fail(a, FAIL_SYNTAX, "a member is an address");
	return change_by_addresses(a, "INSERT INTO list_members (list, member) VALUES (?1, ?2)",
	    address, member, NULL);
}

enum fail
admin_list_leave(struct admin *a, struct str address, struct str member)
{
	return change_by_addresses(a, "DELETE FROM list_members WHERE list = ?1 AND member = ?2",
	    address, member, "it is no member of this list");
}

/* --- groups ------------------------------------------------------------------------------------ */

static enum fail
check_group(struct admin *a, struct str group)
{
	bool is_good = group.n > 0 && group.n <= GROUP_NAME_MAX && utf8_is_valid(group);

	for (size_t i = 0; i < group.n; i++)
		is_good = is_good && (unsigned char)group.p[i] > ' ' && group.p[i] != 0x7f;
	return is_good ? FAIL_NONE : admin_fail(a, FAIL_SYNTAX, "this is no name for a group");
}

enum fail
admin_group_add(struct admin *a, struct str group, struct str display_name)
{
	enum fail fail = check_group(a, group);

	if (fail != FAIL_NONE)
		return fail;
	return admin_change(a, "INSERT INTO groups (name, display_name) VALUES (lower(?1), ?2)",
	    group, display_name, NULL);
}

enum fail
admin_group_delete(struct admin *a, struct str group)
{
	return admin_change(a, "DELETE FROM groups WHERE name = ?1", group, STR(""),
	    "there is no such group");
}

static enum fail
change_member(struct admin *a, const char *sql, struct str group, struct str name,
    const char *missing)
{
	struct buf account;
	enum fail fail = admin_address(a, &account, name, false);

	if (fail == FAIL_NONE)
		fail = admin_change(a, sql, group, buf_str(&account), missing);
	buf_release(&account);
	return fail;
}

enum fail
admin_group_join(struct admin *a, struct str group, struct str name)
{
	return change_member(a, "INSERT INTO group_members (name, account) VALUES (lower(?1), ?2)",
	    group, name, NULL);
}

enum fail
admin_group_leave(struct admin *a, struct str group, struct str name)
{
	return change_member(a, "DELETE FROM group_members WHERE name = ?1 AND account = ?2", group,
	    name, "it is no member of this group");
}

/* --- listings ---------------------------------------------------------------------------------- */

/* Columns: name, display name, target, quotas, enabled, password. */
static enum fail
list_rows(struct admin *a, const char *sql, admin_row_fn *fn, void *arg)
{
	struct db_query q;

	db_begin(&q, &a->db, sql);
	while (db_next(&q)) {
		struct admin_row row = {
			.name = db_text(&q, 0),
			.display_name = db_text(&q, 1),
			.target = db_text(&q, 2),
			.quota_bytes = db_int(&q, 3),
			.quota_messages = db_int(&q, 4),
			.is_enabled = db_int(&q, 5) != 0,
			.has_password = db_int(&q, 6) != 0,
		};

		fn(&row, arg);
	}
	return db_end(&q) == FAIL_NONE ? FAIL_NONE : admin_fail(a, FAIL_TEMP, "");
}

enum fail
admin_domain_list(struct admin *a, admin_row_fn *fn, void *arg)
{
	return list_rows(a, "SELECT name, '', '', 0, 0, 1, 0 FROM domains ORDER BY name", fn, arg);
}

enum fail
admin_user_list(struct admin *a, admin_row_fn *fn, void *arg)
{
	return list_rows(a,
	    "SELECT name, display_name, '', quota_bytes, quota_messages, is_enabled,"
	    " EXISTS (SELECT 1 FROM passwords WHERE account = accounts.name)"
	    " FROM accounts ORDER BY name",
	    fn, arg);
}

enum fail
admin_alias_list(struct admin *a, admin_row_fn *fn, void *arg)
{
	return list_rows(a,
	    "SELECT address, '', target, 0, 0, 1, 0 FROM addresses ORDER BY address, target", fn,
	    arg);
}

enum fail
admin_list_list(struct admin *a, admin_row_fn *fn, void *arg)
{
	return list_rows(a,
	    "SELECT address, display_name, coalesce(member, ''), 0, 0, 1, 0"
	    " FROM lists LEFT JOIN list_members ON list = address ORDER BY address, member",
	    fn, arg);
}

enum fail
admin_group_list(struct admin *a, admin_row_fn *fn, void *arg)
{
	return list_rows(a,
	    "SELECT g.name, g.display_name, coalesce(m.account, ''), 0, 0, 1, 0"
	    " FROM groups g LEFT JOIN group_members m ON m.name = g.name"
	    " ORDER BY g.name, m.account",
	    fn, arg);
}
