/*
 * directory.h - who is there, and is this the password: questions to child processes.
 *
 * Answers come from a child of this process (settings: several), one line of JSON each way (README.md
 * has the lines). Password hashing therefore never holds up the loop. A child that dies is started
 * again; what it was asked ends FAIL_TEMP. The built-in child reads directory.db (admin.h writes it);
 * a change there is seen at once, because the file's change counter empties the cache.
 *
 * Every question is an op: start, ask op_pending(&q->op), read the answer in *q, release. Answers in
 * the cache, and refusals that need no child, are there at once. All ops can end FAIL_TEMP: child
 * down, too slow, too many questions waiting; never taken for "no such user".
 *
 * Ownership: a directory_query is the caller's, zeroed before its first start, and must be released;
 * what it holds lives until release or the next start. Texts given are copied.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/op.h"
#include "base/str.h"
#include "loop/loop.h"
#include "crypto/scram.h"
#include "directory/settings.h"

#define DIRECTORY_PRINCIPALS_MAX   1000 /* accounts, and groups, in one answer */
#define DIRECTORY_CREDENTIAL_CHARS 22   /* of the name of a credential: 132 bits */

struct directory;

struct directory_account {
	struct str name;         /* canonical, lower case: "alice@example.test" */
	struct str display_name; /* may be empty */
	int64_t quota_bytes;     /* 0: no limit */
	int64_t quota_messages;  /* 0: no limit */
	const struct str
	    *addresses; /* that lead to it and that it may send from; the name's first */
	size_t address_count;
	const struct str *groups; /* names of groups it belongs to */
	size_t group_count;
	bool is_enabled;
};

enum directory_target_kind {
	DIRECTORY_LOCAL, /* name is an account */
	DIRECTORY_REMOTE /* name is an address in a domain that is not ours */
};

struct directory_target {
	enum directory_target_kind kind;
	struct str name;
	struct str detail; /* "tag" of user+tag@domain (RFC 5233), or empty */
	struct str list;   /* the list's address when it was reached through one, or empty */
};

enum directory_kind {
	DIRECTORY_LOGIN,
	DIRECTORY_SCRAM,
	DIRECTORY_RESOLVE,
	DIRECTORY_ACCOUNT,
	DIRECTORY_DOMAINS,
	DIRECTORY_PRINCIPALS,
	DIRECTORY_CREDENTIAL,
	DIRECTORY_KIND_COUNT
};

struct directory_principal {     /* whom somebody may share with */
	struct str name;         /* of the account or the group */
	struct str display_name; /* may be empty */
	bool is_group;
};

struct directory_query { /* fields: read only */
	struct op op;
	enum directory_kind kind;
	struct directory_account account; /* login, account, credential */
	struct str credential; /* login: which password or token it was; empty: unknown */
	const struct directory_target *targets; /* resolve: at least one, none twice */
	size_t target_count;
	const struct str *domains; /* domains */
	size_t domain_count;
	struct scram_keys scram; /* scram */
	const struct directory_principal
	    *principals; /* principals: accounts, then groups, each by name */
	size_t principal_count;

	/* private */
	struct arena arena;          /* own: the answer's texts */
	struct directory *directory; /* borrow: whom it was put to; NULL when done or cancelled */
	struct directory_ask *ask;   /* borrow: the question under way */
	struct list_node node;       /* among those who wait for it */
	unsigned char login_mark[32];
};

/* What is wrong with the settings beyond single values, one line in `why`: a program that is not there. */
MUST_CHECK enum fail directory_check(const struct directory_settings *settings, struct buf *why);

/*
 * Fork the keeper, have the children started, and begin. `path` is directory.db, which is made with its tables when
 * missing; other engines have none. The children keep the rights of the caller, so call it after privileges were
 * dropped. FAIL_TEMP: no socket or process to be had; FAIL_PERM: the file is no directory of ours, or newer; or there
 * is no such program.
 */
MUST_CHECK enum fail directory_open(struct directory **out, struct loop *loop,
    const struct directory_settings *settings, struct str path);

/* The keeper ended, which nobody told it to: no child will start again. The loop was stopped. */
bool directory_is_lost(const struct directory *d);

/* What a child said last about why it cannot be asked: a database that is down, a wrong setting. Empty: nothing. */
struct str directory_why(const struct directory *d);

/* Ends the children; queries still pending end FAIL_TEMP. */
void directory_close(struct directory **d);

/*
 * Is `secret` the password of `name`? FAIL_NONE: q->account is set; FAIL_DENIED: wrong, unknown or
 * disabled, all alike. Logins that worked are remembered for some minutes as a keyed hash.
 */
void directory_login_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str secret);

/*
 * The account of a token, which a program sends instead of a name and a password (RFC 6750); ends as a login does.
 * Where a name is sent with it, a token is as good as the password.
 */
void directory_token_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str token);

/*
 * Does what `name` logged in with, `credential` of that query, still open the account? FAIL_NONE: q->account is set as
 * it is now; FAIL_DENIED: that password or token is gone, or the account is, or it is disabled. An empty credential
 * asks for the account only.
 */
void directory_credential_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name, struct str credential);

/*
 * Another number than before: what was answered before counts no more. directory.db changed; or, as other engines do not
 * tell, the time of `login-cache` is over.
 */
uint64_t directory_epoch(struct directory *d);

/*
 * SCRAM keys for `name`: q->scram is set. An unknown or disabled user, and one without keys of this hash,
 * gets keys that no password fits. After scram_client_final() went well, ask directory_account_start().
 */
void directory_scram_start(struct directory *d, struct directory_query *q, struct task *owner,
    enum hash hash, struct str name);

/*
 * Where does mail for `address` (no angle brackets, RFC 5321 Mailbox) go? FAIL_NONE: q->targets;
 * FAIL_MISSING: its domain is ours and has no such address; FAIL_DENIED: its domain is not ours;
 * FAIL_SYNTAX: no address; FAIL_PERM: aliases go round in a circle, too deep, or lead nowhere.
 * "postmaster" without a domain belongs to the default domain (RFC 5321 4.5.1); so do postmaster and
 * mailer-daemon at this host's name, where that name is no domain of ours or has no such address. Without a
 * default domain, or a postmaster there, the first postmaster of any domain has it.
 */
void directory_resolve_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str address);

/* The same for a name that may lack its domain, as at login; postmaster as above. */
void directory_verify_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name);

/*
 * What is known of an account; `name` as at login. FAIL_MISSING: there is none. A disabled one is
 * answered too: whoever asks says what it may not do (no login, no new mail).
 */
void directory_account_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str name);

/* The domains that are ours: q->domains, in ASCII form. */
void directory_domains_start(struct directory *d, struct directory_query *q, struct task *owner);

/*
 * The accounts in a domain that are not disabled, and the groups that are in it or in none: q->principals, at most
 * DIRECTORY_PRINCIPALS_MAX of each.
 */
void directory_principals_start(struct directory *d, struct directory_query *q, struct task *owner,
    struct str domain);

/* Forget the question; safe in any state. The owner is not woken. */
void directory_query_cancel(struct directory_query *q);

/* Cancel and give back what the query holds; safe on a zeroed one, and twice. */
void directory_query_release(struct directory_query *q);

/* Forget cached answers and logins now. */
void directory_forget(struct directory *d);

/* True when the account may send as `address` (RFC 5321 Mailbox): an address of it, tags allowed. */
bool directory_may_send_as(const struct directory *d, const struct directory_account *account,
    struct str address);

#endif
