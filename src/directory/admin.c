#include "directory/admin.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "crypto/password.h"
#include "crypto/scram.h"
#include "directory/address.h"
#include "directory/admin_private.h"

#define STORED_MAX 1024

enum fail
admin_open(struct admin **out, struct str path)
{
	struct db db;
	enum fail fail = db_open(&db, path);

	if (fail != FAIL_NONE)
		return fail;
	*out = mem_new(1, sizeof **out);
	(*out)->db = db;
	(*out)->reason = "";
	return FAIL_NONE;
}

void
admin_close(struct admin **a)
{
	if (*a == NULL)
		return;
	db_close(&(*a)->db);
	mem_free(*a);
	*a = NULL;
}

const char *
admin_reason(const struct admin *a)
{
	return a->reason;
}

enum fail
admin_fail(struct admin *a, enum fail fail, const char *reason)
{
	a->reason = fail == FAIL_TEMP ? "the directory's database cannot be written now" : reason;
	return fail;
}

/* --- transactions ---------------------------------------------------------------------------- */

enum fail
admin_begin(struct admin *a)
{
	enum fail fail = db_run(&a->db, "BEGIN IMMEDIATE", STR(""), STR(""));

	return fail == FAIL_NONE ? FAIL_NONE : admin_fail(a, FAIL_TEMP, "");
}

enum fail
admin_end(struct admin *a, enum fail fail)
{
	enum fail ended;

	if (fail == FAIL_NONE) {
		fail = db_run(&a->db, "COMMIT", STR(""), STR(""));
		if (fail == FAIL_NONE)
			return FAIL_NONE;
		fail = admin_fail(a, FAIL_TEMP, "");
	}
	ended = db_run(&a->db, "ROLLBACK", STR(""), STR(""));
	(void)ended; /* the failure that brought us here is the one to tell */
	return fail;
}

enum fail
admin_change(struct admin *a, const char *sql, struct str one, struct str two, const char *missing)
{
	enum fail fail = db_run(&a->db, sql, one, two);

	switch (fail) {
	case FAIL_NONE:
		if (missing && db_changes(&a->db) == 0)
			return admin_fail(a, FAIL_MISSING, missing);
		return FAIL_NONE;
	case FAIL_DENIED: return admin_fail(a, FAIL_DENIED, "it exists already");
	case FAIL_MISSING: return admin_fail(a, FAIL_MISSING, "what it belongs to does not exist");
	case FAIL_SYNTAX:
	case FAIL_LIMIT:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return admin_fail(a, FAIL_TEMP, "");
}

/* --- names ----------------------------------------------------------------------------------- */

enum fail
admin_address(struct admin *a, struct buf *out, struct str address, bool is_catch_all)
{
	buf_init(out, ADDRESS_MAX);
	if (address_write(out, address, is_catch_all) == FAIL_NONE)
		return FAIL_NONE;
	return admin_fail(a, FAIL_SYNTAX, "this is no address; it must look like name@example.org");
}

enum fail
admin_own_domain(struct admin *a, struct str address)
{
	struct str domain = str_from(address, str_rfind_char(address, '@') + 1);
	enum fail fail = db_has(&a->db, "SELECT 1 FROM domains WHERE name = ?1", domain, STR(""));

	return fail == FAIL_NONE
	    ? fail
	    : admin_fail(a, fail, "its domain is not one of ours; add it first");
}

/* An address is one thing only: an account or a list; an alias may stand beside an account. */
enum fail
admin_is_free(struct admin *a, struct str address, bool is_alias)
{
	const char *sql = is_alias ? "SELECT 1 FROM lists WHERE address = ?1"
				   : "SELECT 1 FROM accounts WHERE name = ?1 UNION ALL"
				     " SELECT 1 FROM lists WHERE address = ?1 UNION ALL"
				     " SELECT 1 FROM addresses WHERE address = ?1";
	enum fail fail = db_has(&a->db, sql, address, STR(""));

	if (fail == FAIL_NONE)
		return admin_fail(a, FAIL_DENIED, "this address is taken");
	return fail == FAIL_MISSING ? FAIL_NONE : admin_fail(a, fail, "");
}

/* --- domains --------------------------------------------------------------------------------- */

enum fail
admin_domain_add(struct admin *a, struct str domain)
{
	struct buf name;
	enum fail fail;

	buf_init(&name, ADDRESS_MAX);
	if (idna_write_ascii(&name, domain) != FAIL_NONE)
		fail = admin_fail(a, FAIL_SYNTAX, "this is no domain name");
	else
		fail = admin_change(a, "INSERT INTO domains (name) VALUES (?1)", buf_str(&name),
		    STR(""), NULL);
	buf_release(&name);
	return fail;
}

enum fail
admin_domain_delete(struct admin *a, struct str domain)
{
	struct buf name;
	enum fail fail = admin_begin(a);

	if (fail != FAIL_NONE)
		return fail;
	buf_init(&name, ADDRESS_MAX);
	if (idna_write_ascii(&name, domain) != FAIL_NONE)
		fail = admin_fail(a, FAIL_SYNTAX, "this is no domain name");
	else
		fail = db_has(&a->db,
		    "SELECT 1 FROM (SELECT name AS address FROM accounts UNION ALL"
		    " SELECT address FROM addresses UNION ALL SELECT address FROM lists)"
		    " WHERE lower(substr(address, -length(?1) - 1)) = '@' || ?1",
		    buf_str(&name), STR(""));
	if (fail == FAIL_NONE)
		fail = admin_fail(a, FAIL_DENIED, "there are addresses in this domain");
	else if (fail == FAIL_MISSING)
		fail = admin_change(a, "DELETE FROM domains WHERE name = ?1", buf_str(&name),
		    STR(""), "there is no such domain");
	buf_release(&name);
	return admin_end(a, fail);
}

/* --- users ----------------------------------------------------------------------------------- */

/* Replace all passwords of an account by these two forms. */
static enum fail
set_passwords(struct admin *a, struct str name, struct str stored, struct str scram)
{
	static const char insert[] = "INSERT INTO passwords (account, stored) VALUES (?1, ?2)";
	enum fail fail = db_has(&a->db, "SELECT 1 FROM accounts WHERE name = ?1", name, STR(""));

	if (fail != FAIL_NONE)
		return admin_fail(a, fail, "there is no such user");
	fail = admin_change(a, "DELETE FROM passwords WHERE account = ?1", name, STR(""), NULL);
	if (fail == FAIL_NONE && stored.n > 0)
		fail = admin_change(a, insert, name, stored, NULL);
	if (fail == FAIL_NONE && scram.n > 0)
		fail = admin_change(a, insert, name, scram, NULL);
	return fail;
}

static enum fail
hash_password(struct admin *a, struct str name, struct str secret)
{
	struct scram_keys keys;
	struct buf stored, scram;
	enum fail fail;

	buf_init(&stored, STORED_MAX);
	buf_init(&scram, STORED_MAX);
	fail = password_create(secret, &stored);
	if (fail == FAIL_LIMIT)
		admin_fail(a, fail, "a password must have 1 to 1024 bytes");
	else if (fail != FAIL_NONE)
		admin_fail(a, fail, "");
	if (fail == FAIL_NONE) {
		scram_keys_create(&keys, HASH_SHA256, secret);
		scram_keys_write(&keys, &scram);
		fail = set_passwords(a, name, buf_str(&stored), buf_str(&scram));
		mem_wipe(&keys, sizeof keys);
	}
	buf_release(&stored);
	buf_release(&scram);
	return fail;
}

enum fail
admin_user_add(struct admin *a, struct str name, struct str display_name, struct str secret)
{
	struct buf address;
	enum fail fail = admin_address(a, &address, name, false), begun = FAIL_TEMP;

	if (fail == FAIL_NONE)
		fail = begun = admin_begin(a);
	if (fail == FAIL_NONE)
		fail = admin_own_domain(a, buf_str(&address));
	if (fail == FAIL_NONE)
		fail = admin_is_free(a, buf_str(&address), false);
	if (fail == FAIL_NONE)
		fail = admin_change(a, "INSERT INTO accounts (name, display_name) VALUES (?1, ?2)",
		    buf_str(&address), display_name, NULL);
	if (fail == FAIL_NONE)
		fail = hash_password(a, buf_str(&address), secret);
	buf_release(&address);
	return begun == FAIL_NONE ? admin_end(a, fail) : fail;
}

enum fail
admin_user_delete(struct admin *a, struct str name)
{
	static const char *const sql[] = {
		"DELETE FROM addresses WHERE target = ?1 OR address = ?1",
		"DELETE FROM list_members WHERE member = ?1",
		"DELETE FROM accounts WHERE name = ?1", /* passwords and groups follow */
	};
	struct buf address;
	enum fail fail = admin_address(a, &address, name, false), begun = FAIL_TEMP;

	if (fail == FAIL_NONE)
		fail = begun = admin_begin(a);
	for (size_t i = 0; i < ARRAY_LEN(sql) && fail == FAIL_NONE; i++)
		fail = admin_change(a, sql[i], buf_str(&address), STR(""),
		    i + 1 == ARRAY_LEN(sql) ? "there is no such user" : NULL);
	buf_release(&address);
	return begun == FAIL_NONE ? admin_end(a, fail) : fail;
}

enum fail
admin_user_password(struct admin *a, struct str name, struct str secret)
{
	struct buf address;
	enum fail fail = admin_address(a, &address, name, false), begun = FAIL_TEMP;

	if (fail == FAIL_NONE)
		fail = begun = admin_begin(a);
	if (fail == FAIL_NONE)
		fail = hash_password(a, buf_str(&address), secret);
	buf_release(&address);
	return begun == FAIL_NONE ? admin_end(a, fail) : fail;
}

enum fail
admin_user_hash(struct admin *a, struct str name, struct str stored)
{
	struct buf address;
	enum fail fail = admin_address(a, &address, name, false), begun = FAIL_TEMP;

	if (fail == FAIL_NONE && password_verify(stored, STR("?")) == FAIL_PERM)
		fail = admin_fail(a, FAIL_SYNTAX, "this form of password is not known");
	if (fail == FAIL_NONE)
		fail = begun = admin_begin(a);
	if (fail == FAIL_NONE)
		fail = set_passwords(a, buf_str(&address), stored, STR(""));
	buf_release(&address);
	return begun == FAIL_NONE ? admin_end(a, fail) : fail;
}

/* One UPDATE of an account: ?1 is the name, ?2 and ?3 are numbers. */
static enum fail
update_user(struct admin *a, struct str name, const char *sql, int64_t two, int64_t three)
{
	struct db_query q;
	struct buf address;
	enum fail fail = admin_address(a, &address, name, false);

	if (fail == FAIL_NONE) {
		db_begin(&q, &a->db, sql);
		db_bind_text(&q, 1, buf_str(&address));
		db_bind_int(&q, 2, two);
		db_bind_int(&q, 3, three);
		while (db_next(&q))
			continue;
		if (db_end(&q) != FAIL_NONE)
			fail = admin_fail(a, FAIL_TEMP, "");
		else if (db_changes(&a->db) == 0)
			fail = admin_fail(a, FAIL_MISSING, "there is no such user");
	}
	buf_release(&address);
	return fail;
}

enum fail
admin_user_quota(struct admin *a, struct str name, int64_t bytes, int64_t messages)
{
	if (bytes < 0 || messages < 0)
		return admin_fail(a, FAIL_SYNTAX, "a limit is 0 (none) or more");
	return update_user(a, name,
	    "UPDATE accounts SET quota_bytes = ?2, quota_messages = ?3 WHERE name = ?1", bytes,
	    messages);
}

enum fail
admin_user_enable(struct admin *a, struct str name, bool is_enabled)
{
	return update_user(a, name, "UPDATE accounts SET is_enabled = ?2 WHERE name = ?1 AND ?3",
	    is_enabled, 1);
}
