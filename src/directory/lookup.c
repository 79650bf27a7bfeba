#include "directory/lookup.h"

/* rooms */
#include "codec/utf8.h"
#include "crypto/password.h"
#include "directory/address.h"
#include "directory/credential.h"
#include "directory/directory.h"
#include "directory/token.h"

#define TOKEN_HASH_MAX 64
#define PASSWORDS_MAX  8    /* of one account that are tried: each takes its time */
#define STORED_MAX     4096 /* bytes of SCRAM keys */
#define ROW_NAME_MAX \
	(64 * 1024) /* what is longer than a name may be is refused by who reads the answer */
#define DISPLAY_MAX (ADDRESS_MAX + 4) /* and a character more, which is taken away again */

/* --- texts of a source ------------------------------------------------------------------------- */

/* For human eyes: no controls, and not longer than a name. */
static void
write_display(struct buf *out, struct str text)
{
	while (text.n > 0) {
		size_t before = out->n;
		uint32_t one = utf8_take(&text);

		utf8_write(out, one < ' ' || one == 0x7f ? ' ' : one);
		if (out->n > ADDRESS_MAX) {
			buf_truncate(out, before);
			return;
		}
	}
}

/* --- an account -------------------------------------------------------------------------------- */

/* One account's own row. */
struct account {
	struct buf name, display_name; /* own */
	int64_t quota_bytes, quota_messages;
	bool is_enabled;
};

static void
account_init(struct account *a)
{
	*a = (struct account){ 0 };
	buf_init(&a->name, ROW_NAME_MAX);
	buf_init(&a->display_name, DISPLAY_MAX);
}

static void
account_release(struct account *a)
{
	buf_release(&a->name);
	buf_release(&a->display_name);
}

/* FAIL_MISSING */
static enum fail
read_account(struct lookup *l, struct str name, struct account *out)
{
	struct source *s = l->source;
	bool is_found;
	enum fail fail;

	source_begin(s, SOURCE_ACCOUNT, name);
	is_found = source_next(s);
	if (is_found) {
		utf8_lower(&out->name, source_text(s, 0));
		write_display(&out->display_name, source_text(s, 1));
		out->quota_bytes = source_number(s, 2);
		out->quota_messages = source_number(s, 3);
		out->is_enabled = source_truth(s, 4);
	}
	fail = source_end(s);
	return fail == FAIL_NONE && !is_found ? FAIL_MISSING : fail;
}

enum fail
lookup_name(struct lookup *l, struct str name, struct buf *out)
{
	struct account a;
	enum fail fail;

	account_init(&a);
	fail = read_account(l, name, &a);
	if (fail == FAIL_NONE)
		buf_add(out, buf_str(&a.name));
	account_release(&a);
	return fail;
}

static enum fail
write_texts(struct lookup *l, enum source_question question, struct str key, struct json_writer *w)
{
	json_array_begin(w);
	source_begin(l->source, question, key);
	while (source_next(l->source)) { /* a row that is no name must not spoil the rest */
		if (address_is_name(source_text(l->source, 0)))
			json_string(w, source_text(l->source, 0));
	}
	json_array_end(w);
	return source_end(l->source);
}

/* The name itself comes first, whether or not the source counts it in. */
static enum fail
write_addresses(struct lookup *l, struct str name, struct json_writer *w)
{
	json_array_begin(w);
	json_string(w, name);
	source_begin(l->source, SOURCE_ADDRESSES, name);
	while (source_next(l->source)) {
		struct str address = source_text(l->source, 0);

		if (address_is_name(address) && !str_eq_nocase(address, name))
			json_string(w, address);
	}
	json_array_end(w);
	return source_end(l->source);
}

/* "account": {..} */
static enum fail
write_account(struct lookup *l, const struct account *a, struct json_writer *w)
{
	enum fail fail;

	json_name(w, STR("account"));
	json_object_begin(w);
	json_name_string(w, STR("name"), buf_str(&a->name));
	json_name_string(w, STR("display_name"), buf_str(&a->display_name));
	json_name_int(w, STR("quota_bytes"), a->quota_bytes);
	json_name_int(w, STR("quota_messages"), a->quota_messages);
	json_name_bool(w, STR("enabled"), a->is_enabled);
	json_name(w, STR("addresses"));
	fail = write_addresses(l, buf_str(&a->name), w);
	if (fail != FAIL_NONE)
		return fail;
	json_name(w, STR("groups"));
	fail = write_texts(l, SOURCE_GROUPS, buf_str(&a->name), w);
	json_object_end(w);
	return fail;
}

enum fail
lookup_account(struct lookup *l, struct str name, struct json_writer *w)
{
	struct account a;
	enum fail fail;

	account_init(&a);
	fail = read_account(l, name, &a);
	if (fail == FAIL_NONE)
		fail = write_account(l, &a, w);
	account_release(&a);
	return fail;
}

/* --- logins ------------------------------------------------------------------------------------ */

static bool
is_scram(struct str stored)
{
	return str_starts_nocase(stored, STR("SCRAM-"));
}

static enum fail
try_password(struct str stored, struct str secret, struct buf *credential_out)
{
	enum fail fail = password_verify(stored, secret);

	if (fail == FAIL_NONE)
		credential_write(credential_out, stored);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_DENIED;
}

/*
 * SCRAM keys count as a password only where there is nothing else, so that a login costs one hash. The one that
 * fits is appended to credential_out.
 */
static enum fail
compare_passwords(struct lookup *l, struct str name, struct str secret, struct buf *credential_out)
{
	struct source *s = l->source;
	struct buf keys;
	enum fail fail = FAIL_DENIED, ended;
	int tried = 0;

	buf_init(&keys, STORED_MAX);
	source_begin(s, SOURCE_PASSWORDS, name);
	while (fail != FAIL_NONE && tried < PASSWORDS_MAX && source_next(s)) {
		if (!is_scram(source_text(s, 0))) {
			tried++;
			fail = try_password(source_text(s, 0), secret, credential_out);
		} else if (keys.n == 0) {
			buf_add(&keys, source_text(s, 0));
		}
	}
	ended = source_end(s);
	if (ended == FAIL_NONE && tried == 0 && keys.n > 0)
		fail = try_password(buf_str(&keys), secret, credential_out);
	else if (tried == 0)
		password_verify_nobody(secret);
	buf_release(&keys);
	return ended == FAIL_NONE ? fail : ended;
}

/* Who is unknown or disabled takes the time of a wrong password. FAIL_DENIED */
static enum fail
check_password(struct lookup *l, struct str name, struct str secret, struct account *out,
    struct buf *credential_out)
{
	struct source *s = l->source;
	enum fail fail = read_account(l, name, out);

	if (fail == FAIL_MISSING || (fail == FAIL_NONE && !out->is_enabled)) {
		password_verify_nobody(secret);
		return FAIL_DENIED;
	}
	if (fail != FAIL_NONE)
		return fail;
	if (s->engine->verify)
		fail = s->engine->verify(s, buf_str(&out->name), secret, credential_out);
	if (s->engine->verify == NULL || fail == FAIL_MISSING)
		fail = compare_passwords(l, buf_str(&out->name), secret, credential_out);
	return fail;
}

/* Is it the one of that name, or of any if there is none? It may have more names than that of its row. FAIL_MISSING */
static enum fail
check_name(struct lookup *l, const struct account *a, struct str name)
{
	struct buf kept;
	enum fail fail;

	if (str_empty(name) || str_eq_nocase(buf_str(&a->name), name))
		return FAIL_NONE;
	buf_init(&kept, ROW_NAME_MAX);
	fail = lookup_name(l, name, &kept);
	if (fail == FAIL_NONE && !str_eq(buf_str(&a->name), buf_str(&kept)))
		fail = FAIL_MISSING;
	buf_release(&kept);
	return fail;
}

/* The account of a token, if it is `name`'s or no name is given. FAIL_DENIED */
static enum fail
check_token(struct lookup *l, struct str name, struct str token, struct account *out,
    struct buf *credential_out)
{
	struct source *s = l->source;
	struct buf hash, owner;
	enum fail fail;

	if (!token_is_one(token))
		return FAIL_DENIED;
	buf_init(&hash, TOKEN_HASH_MAX);
	buf_init(&owner, ADDRESS_MAX);
	token_hash_write(&hash, token);
	source_begin(s, SOURCE_TOKEN, buf_str(&hash));
	if (source_next(s))
		buf_add(&owner, source_text(s, 0));
	fail = source_end(s);
	if (fail == FAIL_NONE)
		fail = owner.n > 0 ? read_account(l, buf_str(&owner), out) : FAIL_MISSING;
	if (fail == FAIL_NONE)
		fail = out->is_enabled ? check_name(l, out, name) : FAIL_MISSING;
	if (fail == FAIL_NONE)
		credential_write(credential_out, buf_str(&hash));
	buf_release(&owner);
	buf_release(&hash);
	return fail == FAIL_MISSING ? FAIL_DENIED : fail;
}

enum fail
lookup_login(struct lookup *l, struct str name, struct str secret, struct json_writer *w)
{
	struct account by_token, by_password;
	struct account *a = &by_token;
	struct buf credential;
	enum fail fail;

	account_init(&by_token);
	account_init(&by_password);
	buf_init(&credential, DIRECTORY_CREDENTIAL_CHARS);
	fail = check_token(l, name, secret, &by_token, &credential);
	if (fail == FAIL_DENIED) {
		a = &by_password;
		fail = check_password(l, name, secret, &by_password, &credential);
	}
	if (fail == FAIL_NONE) {
		json_name_string(w, STR("credential"), buf_str(&credential));
		fail = write_account(l, a, w);
	}
	account_release(&by_token);
	account_release(&by_password);
	buf_release(&credential);
	return fail;
}

/* Is it one of those? FAIL_MISSING */
static enum fail
find_credential(struct lookup *l, enum source_question question, struct str name,
    struct str credential)
{
	struct source *s = l->source;
	struct buf one;
	bool is_found = false;
	enum fail fail;

	buf_init(&one, DIRECTORY_CREDENTIAL_CHARS);
	source_begin(s, question, name);
	while (!is_found && source_next(s)) {
		buf_clear(&one);
		credential_write(&one, source_text(s, 0));
		is_found = str_eq(buf_str(&one), credential);
	}
	fail = source_end(s);
	buf_release(&one);
	return fail == FAIL_NONE && !is_found ? FAIL_MISSING : fail;
}

/* What is not enabled is denied by whoever reads the answer (ask.c). */
enum fail
lookup_credential(struct lookup *l, struct str name, struct str credential, struct json_writer *w)
{
	struct account a;
	enum fail fail;

	account_init(&a);
	fail = read_account(l, name, &a);
	if (fail == FAIL_NONE && !str_empty(credential)) {
		fail = find_credential(l, SOURCE_PASSWORDS, buf_str(&a.name), credential);
		if (fail == FAIL_MISSING)
			fail = find_credential(l, SOURCE_TOKENS, buf_str(&a.name), credential);
	}
	if (fail == FAIL_NONE)
		fail = write_account(l, &a, w);
	account_release(&a);
	return fail == FAIL_MISSING ? FAIL_DENIED : fail;
}

/* SCRAM-SHA-256$.. of the mechanism, the first there is. FAIL_MISSING */
static enum fail
write_keys(struct lookup *l, struct str name, struct str mechanism, struct json_writer *w)
{
	struct source *s = l->source;
	bool is_found = false;
	enum fail fail;

	source_begin(s, SOURCE_PASSWORDS, name);
	while (!is_found && source_next(s)) {
		struct str stored = source_text(s, 0);

		is_found = str_starts(stored, mechanism) &&
		    str_starts(str_from(stored, mechanism.n), STR("$"));
		if (is_found)
			json_name_string(w, STR("keys"), stored);
	}
	fail = source_end(s);
	return fail == FAIL_NONE && !is_found ? FAIL_MISSING : fail;
}

enum fail
lookup_scram(struct lookup *l, struct str name, struct str mechanism, struct json_writer *w)
{
	struct account a;
	enum fail fail;

	account_init(&a);
	fail = read_account(l, name, &a);
	if (fail == FAIL_NONE && !a.is_enabled)
		fail = FAIL_MISSING;
	if (fail == FAIL_NONE)
		fail = write_keys(l, buf_str(&a.name), mechanism, w);
	account_release(&a);
	return fail;
}

/* --- lists of everybody ------------------------------------------------------------------------ */

enum fail
lookup_domains(struct lookup *l, struct json_writer *w)
{
	json_name(w, STR("domains"));
	return write_texts(l, SOURCE_DOMAINS, STR(""), w);
}

/* Accounts are in lower case wherever they are named, groups as they are written. */
static enum fail
write_principals(struct lookup *l, enum source_question question, struct str domain, bool is_group,
    struct json_writer *w)
{
	struct source *s = l->source;
	struct buf name, display;

	buf_init(&name, ROW_NAME_MAX);
	buf_init(&display, DISPLAY_MAX);
	source_begin(s, question, domain);
	while (source_next(s)) {
		if (!address_is_name(source_text(s, 0)))
			continue;
		buf_clear(&name);
		buf_clear(&display);
		if (is_group)
			buf_add(&name, source_text(s, 0));
		else
			utf8_lower(&name, source_text(s, 0));
		write_display(&display, source_text(s, 1));
		json_object_begin(w);
		json_name_string(w, STR("name"), buf_str(&name));
		json_name_string(w, STR("display_name"), buf_str(&display));
		json_name_bool(w, STR("is_group"), is_group);
		json_object_end(w);
	}
	buf_release(&name);
	buf_release(&display);
	return source_end(s);
}

enum fail
lookup_principals(struct lookup *l, struct str domain, struct json_writer *w)
{
	enum fail fail;

	json_name(w, STR("principals"));
	json_array_begin(w);
	fail = write_principals(l, SOURCE_ACCOUNTS, domain, false, w);
	if (fail == FAIL_NONE)
		fail = write_principals(l, SOURCE_ALL_GROUPS, domain, true, w);
	json_array_end(w);
	return fail;
}
