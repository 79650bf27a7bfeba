#include "lib/fake_directory.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"

#define HELD_MAX 16

static struct directory_query *held[HELD_MAX];
static bool is_holding;

void
fake_directory_hold(bool is_held)
{
	is_holding = is_held;
}

static void
answer(struct directory_query *q, struct task *owner, enum fail fail)
{
	op_begin(&q->op, owner);
	if (!is_holding) {
		op_finish(&q->op, fail);
		return;
	}
	q->op.fail = fail;
	for (size_t i = 0; i < HELD_MAX; i++)
		if (!held[i]) {
			held[i] = q;
			return;
		}
	invariant(held[HELD_MAX - 1] == NULL);
}

bool
fake_directory_release(void)
{
	bool has_any = false;

	for (size_t i = 0; i < HELD_MAX; i++) {
		struct directory_query *q = held[i];

		held[i] = NULL;
		has_any |= q != NULL;
		if (q)
			op_finish(&q->op, q->op.fail);
	}
	return has_any;
}

/* --- accounts ------------------------------------------------------------------------------------ */

static const struct {
	struct str name, short_name;
	int64_t quota_bytes;
	bool is_disabled;
} accounts[] = {
	{ STR_INIT("alice@example.test"), STR_INIT("alice"), 0, false },
	{ STR_INIT("bob@example.test"), STR_INIT("bob"), 0, false },
	{ STR_INIT("carol@example.test"), STR_INIT("carol"), 1500, false },
	{ STR_INIT("dave@example.test"), STR_INIT("dave"), 1, false },
	{ STR_INIT("locked@example.test"), STR_INIT("locked"), 0, true },
	{ STR_INIT("sales@example.test"), STR_INIT("sales"), 0, false },
};

static const struct str bobs_group = STR_INIT("sales@example.test");

static enum fail
find_account(struct directory_query *q, struct str name)
{
	if (str_eq(name, STR("down")) || str_eq(name, STR("down@example.test")))
		return FAIL_TEMP;
	for (size_t i = 0; i < ARRAY_LEN(accounts); i++) {
		if (!str_eq_nocase(name, accounts[i].name) &&
		    !str_eq_nocase(name, accounts[i].short_name))
			continue;
		q->account = (struct directory_account){ .name = accounts[i].name,
			.quota_bytes = accounts[i].quota_bytes,
			.addresses = &accounts[i].name,
			.address_count = 1,
			.is_enabled = !accounts[i].is_disabled };
		if (str_eq(accounts[i].short_name, STR("bob"))) {
			q->account.groups = &bobs_group;
			q->account.group_count = 1;
		}
		return FAIL_NONE;
	}
	return FAIL_MISSING;
}

void
directory_login_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str secret)
{
	enum fail fail = find_account(q, name);

	(void)d;
	if (fail == FAIL_MISSING || (fail == FAIL_NONE && !str_eq(secret, STR("secret"))))
		fail = FAIL_DENIED;
	answer(q, owner, fail);
}

/* Nobody has a token. */
void
directory_token_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str token)
{
	(void)d;
	(void)token;
	answer(q, owner, FAIL_DENIED);
}

/* "held" is what everybody logged in with. */
void
directory_credential_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str credential)
{
	enum fail fail = find_account(q, name);

	(void)d;
	answer(q, owner,
	    str_empty(credential) || str_eq(credential, STR("held")) ? fail : FAIL_DENIED);
}

/* Nothing ever changes. */
uint64_t
directory_epoch(struct directory *d)
{
	(void)d;
	return 0;
}

/* Nobody may share. */
void
directory_principals_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str domain)
{
	(void)d;
	(void)domain;
	answer(q, owner, FAIL_NONE);
}

void
directory_scram_start(struct directory *d, struct directory_query *q, struct task *owner,
    enum hash hash, struct str name)
{
	(void)d;
	(void)name;
	scram_keys_create(&q->scram, hash, STR("secret"));
	answer(q, owner, FAIL_NONE);
}

void
directory_account_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	(void)d;
	answer(q, owner, find_account(q, name));
}

/* --- addresses ------------------------------------------------------------------------------------ */

#define LOCAL(address) \
	{ \
		.kind = DIRECTORY_LOCAL, .name = STR_INIT(address) \
	}

static const struct directory_target targets[] = {
	LOCAL("alice@example.test"),
	LOCAL("bob@example.test"),
	LOCAL("carol@example.test"),
	LOCAL("dave@example.test"),
	LOCAL("alice@example.test"),
	{ .kind = DIRECTORY_REMOTE, .name = STR_INIT("x@elsewhere.test") },
	LOCAL("gone@example.test"),
	LOCAL("locked@example.test"),
	LOCAL("bob@example.test"),
	{ .kind = DIRECTORY_LOCAL,
	    .name = STR_INIT("bob@example.test"),
	    .list = STR_INIT("club@example.test") },
	{ .kind = DIRECTORY_REMOTE,
	    .name = STR_INIT("x@elsewhere.test"),
	    .list = STR_INIT("club@example.test") },
	{ .kind = DIRECTORY_REMOTE, .name = STR_INIT("a@elsewhere.test") },
	{ .kind = DIRECTORY_REMOTE, .name = STR_INIT("b@elsewhere.test") },
};

/* The members of "crowd", made when they are asked for. */
static const struct directory_target *
crowd(void)
{
	static struct directory_target members[FAKE_CROWD + 1];
	static char names[FAKE_CROWD][24];

	members[0] = targets[1];
	for (size_t i = 0; i < FAKE_CROWD; i++) {
		snprintf(names[i], sizeof names[i], "m%zu@elsewhere.test", i);
		members[i + 1] = (struct directory_target){ .kind = DIRECTORY_REMOTE,
			.name = str_c(names[i]),
			.list = STR("crowd@example.test") };
	}
	return members;
}

static const struct {
	struct str address;
	size_t first, count;
	enum fail fail;
} addresses[] = {
	{ STR_INIT("alice@example.test"), 0, 1, FAIL_NONE },
	{ STR_INIT("bob@example.test"), 1, 1, FAIL_NONE },
	{ STR_INIT("carol@example.test"), 2, 1, FAIL_NONE },
	{ STR_INIT("dave@example.test"), 3, 1, FAIL_NONE },
	{ STR_INIT("team@example.test"), 0, 2, FAIL_NONE },
	{ STR_INIT("full@example.test"), 3, 2, FAIL_NONE },
	{ STR_INIT("most@example.test"), 1, 3, FAIL_NONE },
	{ STR_INIT("away@example.test"), 4, 2, FAIL_NONE },
	{ STR_INIT("gone@example.test"), 6, 1, FAIL_NONE },
	{ STR_INIT("locked@example.test"), 7, 1, FAIL_NONE },
	{ STR_INIT("either@example.test"), 7, 2, FAIL_NONE },
	{ STR_INIT("club@example.test"), 9, 2, FAIL_NONE },
	{ STR_INIT("out@example.test"), 11, 1, FAIL_NONE },
	{ STR_INIT("far@example.test"), 12, 1, FAIL_NONE },
	{ STR_INIT("info@example.test"), 0, 1, FAIL_NONE },
	{ STR_INIT("j\xc3\xb6rg@example.test"), 1, 1, FAIL_NONE },
	{ STR_INIT("postmaster"), 0, 1, FAIL_NONE },
	{ STR_INIT("circle@example.test"), 0, 0, FAIL_PERM },
	{ STR_INIT("down@example.test"), 0, 0, FAIL_TEMP },
};

void
directory_resolve_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str address)
{
	bool is_ours = str_ends_nocase(address, STR("@example.test"));
	enum fail fail = is_ours ? FAIL_MISSING : FAIL_DENIED;

	(void)d;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		if (!str_eq_nocase(address, addresses[i].address))
			continue;
		fail = addresses[i].fail;
		q->targets = targets + addresses[i].first;
		q->target_count = addresses[i].count;
	}
	if (str_eq_nocase(address, STR("crowd@example.test"))) {
		fail = FAIL_NONE;
		q->targets = crowd();
		q->target_count = FAKE_CROWD + 1;
	}
	answer(q, owner, fail);
}

void
directory_verify_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name)
{
	char whole[100];

	snprintf(whole, sizeof whole, "%.*s%s", STR_ARG(name),
	    str_find_char(name, '@') == STR_NONE ? "@example.test" : "");
	directory_resolve_start(d, q, owner, str_c(whole));
}

bool
directory_may_send_as(const struct directory *d, const struct directory_account *account,
    struct str address)
{
	(void)d;
	return str_eq_nocase(address, account->name);
}

/* --- the end -------------------------------------------------------------------------------------- */

void
directory_query_cancel(struct directory_query *q)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (held[i] == q)
			held[i] = NULL;
	op_drop(&q->op);
}

void
directory_query_release(struct directory_query *q)
{
	directory_query_cancel(q);
	*q = (struct directory_query){ .op = q->op };
}
