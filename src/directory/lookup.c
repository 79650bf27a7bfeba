#include "directory/lookup.h"

/* rooms */
#include "crypto/password.h"
#include "directory/address.h"
#include "directory/credential.h"
#include "directory/directory.h"
#include "directory/token.h"

#define TOKEN_HASH_MAX 64
#define PASSWORDS_MAX  8 /* of one account that are tried: each takes its time */

/* One account's own row. */
static enum fail
write_account(struct lookup *l, struct str name, bool *is_enabled_out, struct json_writer *w)
{
	struct db_query q;
	enum fail fail;

	db_begin(&q, &l->db,
	    "SELECT name, display_name, quota_bytes, quota_messages, is_enabled"
	    " FROM accounts WHERE name = ?1");
	db_bind_text(&q, 1, name);
	if (!db_next(&q)) {
		fail = db_end(&q);
		return fail == FAIL_NONE ? FAIL_MISSING : fail;
	}
	json_name_string(w, STR("name"), db_text(&q, 0));
	json_name_string(w, STR("display_name"), db_text(&q, 1));
	json_name_int(w, STR("quota_bytes"), db_int(&q, 2));
	json_name_int(w, STR("quota_messages"), db_int(&q, 3));
	*is_enabled_out = db_int(&q, 4) != 0;
	json_name_bool(w, STR("enabled"), *is_enabled_out);
	return db_end(&q);
}

static enum fail
write_texts(struct lookup *l, const char *sql, struct str key, struct json_writer *w)
{
	struct db_query q;

	db_begin(&q, &l->db, sql);
	db_bind_text(&q, 1, key);
	json_array_begin(w);
	while (db_next(&q))
		json_string(w, db_text(&q, 0));
	json_array_end(w);
	return db_end(&q);
}

enum fail
lookup_account(struct lookup *l, struct str name, struct json_writer *w)
{
	bool is_enabled;
	enum fail fail;

	json_name(w, STR("account"));
	json_object_begin(w);
	fail = write_account(l, name, &is_enabled, w);
	json_name(w, STR("addresses"));
	if (fail == FAIL_NONE)
		/* the name itself, what leads to it, what leads there .. (UNION ends circles) */
		fail = write_texts(l,
		    "WITH RECURSIVE own (address) AS (SELECT name FROM accounts WHERE name = ?1"
		    " UNION SELECT a.address FROM addresses a JOIN own ON a.target = own.address)"
		    " SELECT address FROM own LIMIT 1000",
		    name, w);
	else
		json_null(w);
	json_name(w, STR("groups"));
	if (fail == FAIL_NONE)
		fail = write_texts(l,
		    "SELECT name FROM group_members WHERE account = ?1 LIMIT 1000", name, w);
	else
		json_null(w);
	json_object_end(w);
	return fail;
}

/*
 * SCRAM keys count as a password only where there is nothing else, so that a login costs one hash. The one that
 * fits is appended to credential_out.
 */
static enum fail
check_passwords(struct lookup *l, struct str name, struct str secret, struct buf *credential_out)
{
	struct db_query q;
	bool has_other = false;
	enum fail fail = FAIL_DENIED, ended;
	int tried = 0;

	db_begin(&q, &l->db,
	    "SELECT p.stored, p.stored LIKE 'SCRAM-%' AS is_scram FROM passwords p"
	    " JOIN accounts a ON a.name = p.account"
	    " WHERE p.account = ?1 AND a.is_enabled ORDER BY is_scram, p.id");
	db_bind_text(&q, 1, name);
	while (fail != FAIL_NONE && tried < PASSWORDS_MAX && db_next(&q)) {
		if (db_int(&q, 1) != 0 && has_other)
			break;
		has_other = true;
		tried++;
		fail = password_verify(db_text(&q, 0), secret);
		if (fail == FAIL_NONE)
			credential_write(credential_out, db_text(&q, 0));
	}
	ended = db_end(&q);
	if (tried == 0)
		password_verify_nobody(secret);
	if (ended != FAIL_NONE)
		return ended;
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_DENIED;
}

/* The account of a token, if it is `name`'s or no name is given. FAIL_DENIED */
static enum fail
check_token(struct lookup *l, struct str name, struct str token, struct buf *account_out,
    struct buf *credential_out)
{
	struct db_query q;
	struct buf hash;
	enum fail fail;

	if (!token_is_one(token))
		return FAIL_DENIED;
	buf_init(&hash, TOKEN_HASH_MAX);
	token_hash_write(&hash, token);
	db_begin(&q, &l->db,
	    "SELECT a.name FROM tokens t JOIN accounts a ON a.name = t.account"
	    " WHERE t.hash = ?1 AND a.is_enabled AND (a.name = ?2 OR ?2 = '')");
	db_bind_text(&q, 1, buf_str(&hash));
	db_bind_text(&q, 2, name);
	if (db_next(&q)) {
		buf_add(account_out, db_text(&q, 0));
		credential_write(credential_out, buf_str(&hash));
	}
	fail = db_end(&q);
	buf_release(&hash);
	return fail == FAIL_NONE && str_empty(buf_str(account_out)) ? FAIL_DENIED : fail;
}

enum fail
lookup_login(struct lookup *l, struct str name, struct str secret, struct json_writer *w)
{
	struct buf account, credential;
	enum fail fail;

	buf_init(&account, ADDRESS_MAX);
	buf_init(&credential, DIRECTORY_CREDENTIAL_CHARS);
	fail = check_token(l, name, secret, &account, &credential);
	if (fail == FAIL_DENIED) {
		fail = check_passwords(l, name, secret, &credential);
		buf_add(&account, name);
	}
	if (fail == FAIL_NONE) {
		json_name_string(w, STR("credential"), buf_str(&credential));
		fail = lookup_account(l, buf_str(&account), w);
	}
	buf_release(&account);
	buf_release(&credential);
	return fail == FAIL_MISSING ? FAIL_DENIED : fail;
}

/* Is it one of what opens the account now? FAIL_DENIED */
static enum fail
find_credential(struct lookup *l, struct str name, struct str credential)
{
	struct db_query q;
	struct buf one;
	bool is_found = false;
	enum fail fail;

	buf_init(&one, DIRECTORY_CREDENTIAL_CHARS);
	db_begin(&q, &l->db,
	    "SELECT stored FROM passwords WHERE account = ?1"
	    " UNION ALL SELECT hash FROM tokens WHERE account = ?1");
	db_bind_text(&q, 1, name);
	while (!is_found && db_next(&q)) {
		buf_clear(&one);
		credential_write(&one, db_text(&q, 0));
		is_found = str_eq(buf_str(&one), credential);
	}
	fail = db_end(&q);
	buf_release(&one);
	return fail == FAIL_NONE && !is_found ? FAIL_DENIED : fail;
}

/* What is not enabled is denied by whoever reads the answer (ask.c). */
enum fail
lookup_credential(struct lookup *l, struct str name, struct str credential, struct json_writer *w)
{
	enum fail fail = str_empty(credential) ? FAIL_NONE : find_credential(l, name, credential);

	if (fail == FAIL_NONE)
		fail = lookup_account(l, name, w);
	return fail == FAIL_MISSING ? FAIL_DENIED : fail;
}

enum fail
lookup_scram(struct lookup *l, struct str name, struct str mechanism, struct json_writer *w)
{
	struct db_query q;
	bool is_found;
	enum fail fail;

	db_begin(&q, &l->db,
	    "SELECT p.stored FROM passwords p JOIN accounts a ON a.name = p.account"
	    " WHERE p.account = ?1 AND a.is_enabled"
	    " AND substr(p.stored, 1, length(?2) + 1) = ?2 || '$' LIMIT 1");
	db_bind_text(&q, 1, name);
	db_bind_text(&q, 2, mechanism);
	is_found = db_next(&q);
	if (is_found)
		json_name_string(w, STR("keys"), db_text(&q, 0));
	fail = db_end(&q);
	return fail == FAIL_NONE && !is_found ? FAIL_MISSING : fail;
}

enum fail
lookup_domains(struct lookup *l, struct json_writer *w)
{
	json_name(w, STR("domains"));
	return write_texts(l, "SELECT name FROM domains WHERE name <> ?1", STR(""), w);
}

static enum fail
write_principals(struct lookup *l, const char *sql, struct str domain, bool is_group,
    struct json_writer *w)
{
	struct db_query q;

	db_begin(&q, &l->db, sql);
	db_bind_text(&q, 1, domain);
	db_bind_int(&q, 2, DIRECTORY_PRINCIPALS_MAX);
	while (db_next(&q)) {
		json_object_begin(w);
		json_name_string(w, STR("name"), db_text(&q, 0));
		json_name_string(w, STR("display_name"), db_text(&q, 1));
		json_name_bool(w, STR("is_group"), is_group);
		json_object_end(w);
	}
	return db_end(&q);
}

enum fail
lookup_principals(struct lookup *l, struct str domain, struct json_writer *w)
{
	enum fail fail;

	json_name(w, STR("principals"));
	json_array_begin(w);
	fail = write_principals(l,
	    "SELECT name, display_name FROM accounts WHERE is_enabled"
	    " AND lower(substr(name, -length(?1) - 1)) = '@' || ?1 ORDER BY name LIMIT ?2",
	    domain, false, w);
	if (fail == FAIL_NONE)
		fail = write_principals(l,
		    "SELECT name, display_name FROM groups WHERE instr(name, '@') = 0"
		    " OR lower(substr(name, -length(?1) - 1)) = '@' || ?1 ORDER BY name LIMIT ?2",
		    domain, true, w);
	json_array_end(w);
	return fail;
}
