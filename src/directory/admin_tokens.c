/* Tokens: made, listed, taken back. */
#include "directory/admin.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "directory/address.h"
#include "directory/admin_private.h"
#include "directory/token.h"

#define HASH_TEXT_MAX 64

static enum fail
check_name(struct admin *a, struct str name)
{
	bool is_good = name.n > 0 && name.n <= TOKEN_NAME_MAX && utf8_is_valid(name);

	for (size_t i = 0; i < name.n; i++)
		is_good = is_good && (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
	return is_good ? FAIL_NONE : admin_fail(a, FAIL_SYNTAX, "this is no name for a token");
}

static enum fail
check_count(struct admin *a, struct str account)
{
	struct db_query q;
	int64_t count = 0;

	db_begin(&q, &a->db, "SELECT count(*) FROM tokens WHERE account = ?1");
	db_bind_text(&q, 1, account);
	if (db_next(&q))
		count = db_int(&q, 0);
	if (db_end(&q) != FAIL_NONE)
		return admin_fail(a, FAIL_TEMP, "");
	return count < TOKENS_MAX ? FAIL_NONE
				  : admin_fail(a, FAIL_LIMIT, "this user has too many tokens");
}

static enum fail
insert(struct admin *a, struct str account, struct str name, struct str token)
{
	struct db_query q;
	struct buf hash;
	enum fail fail;

	buf_init(&hash, HASH_TEXT_MAX);
	token_hash_write(&hash, token);
	db_begin(&q, &a->db,
	    "INSERT INTO tokens (account, name, hash, created) VALUES (?1, ?2, ?3, ?4)");
	db_bind_text(&q, 1, account);
	db_bind_text(&q, 2, name);
	db_bind_text(&q, 3, buf_str(&hash));
	db_bind_int(&q, 4, clock_wall_s());
	while (db_next(&q))
		continue;
	fail = db_end(&q);
	buf_release(&hash);
	if (fail == FAIL_DENIED)
		return admin_fail(a, fail, "this user has a token of this name");
	if (fail == FAIL_MISSING)
		return admin_fail(a, fail, "there is no such user");
	return fail == FAIL_NONE ? fail : admin_fail(a, FAIL_TEMP, "");
}

enum fail
admin_token_add(struct admin *a, struct str account, struct str name, struct buf *token_out)
{
	struct buf address;
	enum fail fail = admin_address(a, &address, account, false);

	if (fail == FAIL_NONE)
		fail = check_name(a, name);
	if (fail == FAIL_NONE)
		fail = check_count(a, buf_str(&address));
	if (fail == FAIL_NONE) {
		token_create(token_out);
		fail = insert(a, buf_str(&address), name, buf_str(token_out));
	}
	buf_release(&address);
	return fail;
}

enum fail
admin_token_delete(struct admin *a, struct str account, struct str name)
{
	struct buf address;
	enum fail fail = admin_address(a, &address, account, false);

	if (fail == FAIL_NONE)
		fail = admin_change(a, "DELETE FROM tokens WHERE account = ?1 AND name = ?2",
		    buf_str(&address), name, "this user has no token of this name");
	buf_release(&address);
	return fail;
}

enum fail
admin_token_list(struct admin *a, struct str account, admin_row_fn *fn, void *arg)
{
	struct db_query q;
	struct buf address;
	enum fail fail = admin_address(a, &address, account, false);

	if (fail == FAIL_NONE) {
		db_begin(&q, &a->db,
		    "SELECT name, date(created, 'unixepoch') FROM tokens"
		    " WHERE account = ?1 ORDER BY name");
		db_bind_text(&q, 1, buf_str(&address));
		while (db_next(&q)) {
			struct admin_row row = { .name = db_text(&q, 0), .target = db_text(&q, 1) };

			fn(&row, arg);
		}
		if (db_end(&q) != FAIL_NONE)
			fail = admin_fail(a, FAIL_TEMP, "");
	}
	buf_release(&address);
	return fail;
}
