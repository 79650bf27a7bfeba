/* The questions as ops: each is answered from the cache, shared with one under way, or put to a child. */
#include "directory/directory.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "crypto/hmac.h"
#include "directory/address.h"
#include "directory/house.h"
#include "directory/token.h"
#include "directory/words.h"

#define QUERY_BYTES_MAX (64 * 1024 * 1024) /* of one answer: a list of 10 000 members has 3 MB */
#define SECRET_MAX      1024               /* bytes of a password; longer ones are wrong */

/* --- starting -------------------------------------------------------------------------------- */

static void
query_begin(struct directory *d, struct directory_query *q, struct task *owner,
    enum directory_kind kind)
{
	directory_query_release(q);
	*q = (struct directory_query){ .kind = kind, .directory = d };
	arena_init(&q->arena, QUERY_BYTES_MAX);
	op_begin(&q->op, owner);
	directory_look(d);
}

/* Known already: the op is over when its start returns, and nobody needs to be woken. */
static void
query_done(struct directory_query *q, enum fail fail)
{
	op_drop(&q->op);
	q->op.fail = fail;
	q->directory = NULL;
}

/* Put the question, or join one that is under way; `key` is empty when it must not be shared. */
static struct directory_ask *
query_ask(struct directory_query *q, struct str key)
{
	struct directory *d = q->directory;
	struct map_node *node = key.n ? map_find(&d->by_key, key) : NULL;
	struct directory_ask *ask;

	if (node && container_of(node, struct directory_ask, by_key)->epoch == d->epoch) {
		ask_join(container_of(node, struct directory_ask, by_key), q);
		return NULL;
	}
	if (node)
		key = STR(""); /* the one under way may be answered from before the change */
	if (d->ask_count >= (size_t)d->settings->outstanding) {
		query_done(q, FAIL_TEMP);
		return NULL;
	}
	ask = ask_new(d, q->kind, key);
	ask_join(ask, q);
	task_wake(&d->task);
	return ask;
}

/* {"id":7,"ask":"login", and what the caller adds, up to line_end(). */
static struct json_writer
line_begin(struct directory_ask *ask)
{
	struct json_writer w = { .out = &ask->line };

	json_object_begin(&w);
	json_name_int(&w, STR("id"), (int64_t)ask->id);
	json_name_string(&w, STR("ask"), directory_word(ask->kind));
	return w;
}

/* A question about one name, or a credential of it: from the cache, shared, or put to a child. */
static void
query_start(struct directory_query *q, struct str member, struct str name, struct str credential)
{
	struct directory *d = q->directory;
	struct directory_ask *ask;
	struct json_writer w;
	struct str line;
	struct buf key;

	buf_init(&key, ADDRESS_MAX + 20 + DIRECTORY_CREDENTIAL_CHARS);
	buf_add(&key, directory_word(q->kind));
	buf_add_char(&key, ' ');
	buf_add(&key, credential);
	buf_add_char(&key, ' '); /* which no credential holds */
	buf_add(&key, name);
	if (!buf_ok(&key)) {
		query_done(q, FAIL_DENIED);
	} else if (cache_find(&d->answers, buf_str(&key), clock_mono_ms(), &line)) {
		query_done(q, ask_read(d, q, line));
	} else if ((ask = query_ask(q, buf_str(&key))) != NULL) {
		w = line_begin(ask);
		if (member.n > 0)
			json_name_string(&w, member, name);
		if (credential.n > 0)
			json_name_string(&w, STR("credential"), credential);
		json_object_end(&w);
	}
	buf_release(&key);
}

/* Login names: lower case, with the default domain when they have none; false: no name at all. */
static bool
write_name(const struct directory *d, struct str name, struct buf *out)
{
	struct buf whole;
	bool is_good;

	buf_init(&whole, ADDRESS_MAX);
	buf_add(&whole, name);
	if (name.n > 0 && str_find_char(name, '@') == STR_NONE &&
	    d->settings->default_domain.n > 0) {
		buf_add_char(&whole, '@');
		buf_add(&whole, d->settings->default_domain);
	}
	is_good = buf_ok(&whole) && address_write(out, buf_str(&whole), false) == FAIL_NONE;
	buf_release(&whole);
	return is_good;
}

static void
login_mark(const struct directory *d, struct str name, struct str secret, unsigned char *out)
{
	struct hmac_state s;

	hmac_init(&s, HASH_SHA256, str_of(d->secret, sizeof d->secret));
	hmac_add(&s, name);
	hmac_add(&s, str_of("", 1)); /* a NUL, which no name holds, keeps the two apart */
	hmac_add(&s, secret);
	hmac_get(&s, out);
	mem_wipe(&s, sizeof s);
}

/* The name is in its normal form, or empty. */
static void
login_ask(struct directory *d, struct directory_query *q, struct str name, struct str secret)
{
	struct directory_ask *ask;
	struct json_writer w;
	struct str line;

	login_mark(d, name, secret, q->login_mark);
	if (secret.n == 0 || secret.n > SECRET_MAX || !utf8_is_valid(secret)) {
		query_done(q, FAIL_DENIED);
	} else if (cache_find(&d->logins, str_of(q->login_mark, sizeof q->login_mark),
		       clock_mono_ms(), &line)) {
		query_done(q, ask_read(d, q, line));
	} else if ((ask = query_ask(q, STR(""))) != NULL) {
		w = line_begin(ask);
		json_name_string(&w, STR("name"), name);
		json_name_string(&w, STR("secret"), secret);
		json_object_end(&w);
	}
}

void
directory_login_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str secret)
{
	struct buf whole;

	query_begin(d, q, owner, DIRECTORY_LOGIN);
	buf_init(&whole, ADDRESS_MAX);
	if (!write_name(d, name, &whole))
		buf_clear(&whole); /* asked all the same: it costs what a wrong password costs */
	login_ask(d, q, buf_str(&whole), secret);
	buf_release(&whole);
}

void
directory_token_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str token)
{
	query_begin(d, q, owner, DIRECTORY_LOGIN);
	if (token_is_one(token))
		login_ask(d, q, STR(""), token);
	else
		query_done(q, FAIL_DENIED);
}

void
directory_scram_start(struct directory *d, struct directory_query *q, struct task *owner,
    enum hash hash, struct str name)
{
	struct directory_ask *ask;
	struct json_writer w;
	struct buf whole;

	query_begin(d, q, owner, DIRECTORY_SCRAM);
	q->scram.hash = hash;
	buf_init(&whole, ADDRESS_MAX);
	if (!write_name(d, name, &whole))
		buf_clear(&whole);
	login_mark(d, buf_str(&whole), STR(""), q->login_mark);
	ask = query_ask(q, STR(""));
	if (ask) {
		w = line_begin(ask);
		json_name_string(&w, STR("name"), buf_str(&whole));
		json_name_string(&w, STR("mechanism"),
		    hash == HASH_SHA1 ? STR("SCRAM-SHA-1") : STR("SCRAM-SHA-256"));
		json_object_end(&w);
	}
	buf_release(&whole);
}

void
directory_resolve_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str address)
{
	struct buf plain, whole;

	query_begin(d, q, owner, DIRECTORY_RESOLVE);
	buf_init(&plain, ADDRESS_MAX);
	buf_init(&whole, ADDRESS_MAX);
	buf_add(&plain, address);
	if (str_eq_nocase(address, STR("postmaster"))) { /* RFC 5321 4.5.1 */
		buf_add_char(&plain, '@');
		buf_add(&plain,
		    d->settings->default_domain.n > 0 ? d->settings->default_domain
						      : d->settings->own_host);
	}
	if (!buf_ok(&plain) || address_write(&whole, buf_str(&plain), false) != FAIL_NONE)
		query_done(q, FAIL_SYNTAX);
	else
		query_start(q, STR("address"), buf_str(&whole), STR(""));
	buf_release(&plain);
	buf_release(&whole);
}

void
directory_verify_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	struct buf whole;
	bool is_good;

	if (str_eq_nocase(name, STR("postmaster"))) {
		directory_resolve_start(d, q, owner, name);
		return;
	}
	query_begin(d, q, owner, DIRECTORY_RESOLVE);
	buf_init(&whole, ADDRESS_MAX);
	is_good = write_name(d, name, &whole);
	if (is_good)
		query_start(q, STR("address"), buf_str(&whole), STR(""));
	else
		query_done(q, FAIL_SYNTAX);
	buf_release(&whole);
}

void
directory_account_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	struct buf whole;

	query_begin(d, q, owner, DIRECTORY_ACCOUNT);
	buf_init(&whole, ADDRESS_MAX);
	if (!write_name(d, name, &whole))
		query_done(q, FAIL_MISSING);
	else
		query_start(q, STR("name"), buf_str(&whole), STR(""));
	buf_release(&whole);
}

/* Many connections of one login ask at the same time: shared, and from the cache, like a name. */
void
directory_credential_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str credential)
{
	query_begin(d, q, owner, DIRECTORY_CREDENTIAL);
	query_start(q, STR("name"), name, credential);
}

void
directory_domains_start(struct directory *d, struct directory_query *q, struct task *owner)
{
	query_begin(d, q, owner, DIRECTORY_DOMAINS);
	query_start(q, STR(""), STR(""), STR(""));
}

void
directory_principals_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str domain)
{
	query_begin(d, q, owner, DIRECTORY_PRINCIPALS);
	query_start(q, STR("domain"), domain, STR(""));
}

/* --- ending ---------------------------------------------------------------------------------- */

void
directory_query_cancel(struct directory_query *q)
{
	if (q->ask)
		ask_leave(q);
	op_drop(&q->op);
}

void
directory_query_release(struct directory_query *q)
{
	directory_query_cancel(q);
	arena_release(&q->arena);
	mem_wipe(&q->scram, sizeof q->scram);
	*q = (struct directory_query){ .op = { .fail = q->op.fail } };
}
