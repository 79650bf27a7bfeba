/*
 * source.h - what the answers need to know, asked of wherever the accounts are kept. Private to the room and backends.
 *
 * A question has one key (a name, an address, a domain, a hash) and gives rows of columns, all of them texts.
 * lookup.c and resolve.c ask nothing else, so SQLite, PostgreSQL, MariaDB and LDAP differ in an engine only:
 *
 *     source_begin(s, SOURCE_TARGETS, address);
 *     while (source_next(s))
 *             use(source_text(s, 0));
 *     fail = source_end(s);
 *
 * One question at a time. Keys that no name can be (too long, a NUL, no UTF-8, a blank at the end) give no rows and never reach an engine.
 * Columns that an engine does not have get the question's own default. Rows beyond `rows_max` are not read.
 *
 * Failures, from source_end(): FAIL_TEMP: not reachable, too slow, in trouble; it may work later, and the engine has
 * logged why. FAIL_PERM: it never will. No rows is FAIL_NONE.
 *
 * Ownership: the engine's struct begins with a struct source; the key must live until source_end(), columns live until
 * the next call.
 */
#ifndef DIRECTORY_SOURCE_H
#define DIRECTORY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define SOURCE_COLUMNS_MAX 5

enum source_question {  /* key         columns of a row */
	SOURCE_ACCOUNT, /* name        name, display_name, quota_bytes, quota_messages, is_enabled */
	SOURCE_PASSWORDS, /* name        stored: any form of crypto/password.h */
	SOURCE_TOKEN,     /* hash        account: of the token whose hash that is (token.h) */
	SOURCE_TOKENS,    /* name        hash */
	SOURCE_ADDRESSES, /* name        address: all that lead to the account, over others as well */
	SOURCE_GROUPS,    /* name        group: those it is a member of */
	SOURCE_TARGETS,   /* address     target: of an alias, or of a catch-all "@example.org" */
	SOURCE_LIST,      /* address     address: when it is a list */
	SOURCE_MEMBERS,   /* address     member: of the list */
	SOURCE_DOMAIN,    /* domain      domain: when it is ours */
	SOURCE_DOMAINS,   /* none        domain */
	SOURCE_ACCOUNTS, /* domain      name, display_name: of the enabled accounts in it, by name */
	SOURCE_ALL_GROUPS, /* domain      name, display_name: of the groups in it or in none, by name */
	SOURCE_POSTMASTER, /* none        address: the first postmaster@ there is */
	SOURCE_QUESTION_COUNT
};

/* What is fixed about a question. */
struct source_form {
	const char *name; /* "account": its setting is query-account */
	const char *key;  /* "name": as :name in a query; empty: none */
	size_t columns;   /* at most; the first one must be there */
	const char *defaults[SOURCE_COLUMNS_MAX];
	size_t rows_max;
};

extern const struct source_form source_forms[SOURCE_QUESTION_COUNT];

struct source;

struct source_engine {
	/* Put the question; the key lives until end. What goes wrong is told by end. */
	void (*begin)(struct source *s, enum source_question question, struct str key);

	/* Set s->columns and s->column_count (at least 1) to the next row; false: no more, or a failure. */
	bool (*next)(struct source *s);

	/* Always called after begin, also with rows left. */
	enum fail (*end)(struct source *s);

	/*
	 * Check the password of an account (its name as SOURCE_ACCOUNT gave it) in the engine's own way, as by a bind.
	 * FAIL_NONE: right, and something that changes with the password may be appended to `credential_out`;
	 * FAIL_DENIED; FAIL_TEMP; FAIL_MISSING: the engine leaves it to SOURCE_PASSWORDS. NULL: it always does.
	 */
	enum fail (*verify)(struct source *s, struct str name, struct str secret,
	    struct buf *credential_out);
};

struct source {
	const struct source_engine *engine;
	struct str columns[SOURCE_COLUMNS_MAX]; /* borrow: the engine's, of the row */
	size_t column_count;
	/* private to source.c */
	enum source_question question;
	size_t rows;
	bool is_begun; /* the engine's begin was called */
};

void source_begin(struct source *s, enum source_question question, struct str key);
bool source_next(struct source *s);
MUST_CHECK enum fail source_end(struct source *s);

struct str source_text(const struct source *s, size_t column);

/* A count: the digits it begins with; 0 for anything else and for what is negative. */
int64_t source_number(const struct source *s, size_t column);

/* A truth: a number other than 0, "t", "true", "yes", "on" in any case, or a bit (one byte 1). */
bool source_is_true(struct str text);
bool source_truth(const struct source *s, size_t column);

/* Is there a row? FAIL_NONE: yes; FAIL_MISSING: no. */
MUST_CHECK enum fail source_has(struct source *s, enum source_question question, struct str key);

#endif
