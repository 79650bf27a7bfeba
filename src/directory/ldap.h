/*
 * ldap.h - what the owner sets for accounts in LDAP: where it is, a filter for each question, what attributes mean.
 * Private to the room and the programs beside it.
 *
 * The defaults fit inetOrgPerson with mail, groupOfNames, and nisMailAlias; README.md shows Active Directory's.
 */
#ifndef DIRECTORY_LDAP_H
#define DIRECTORY_LDAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"
#include "base/str.h"
#include "directory/ldap_filter.h"
#include "directory/settings.h"

enum ldap_tls { LDAP_TLS_AUTO, LDAP_TLS_START, LDAP_TLS_OFF };
enum ldap_login { LDAP_LOGIN_BIND, LDAP_LOGIN_PASSWORD };

enum ldap_search {       /* its words           finds */
	LDAP_ACCOUNT,    /* name local domain   the entry of an account */
	LDAP_ADDRESS,    /* address ..          accounts that an address leads to */
	LDAP_ALIAS,      /* address ..          entries with addresses that it leads to */
	LDAP_ALIAS_OF,   /* address ..          entries by which others lead to it */
	LDAP_LIST,       /* address ..          the list of this address */
	LDAP_GROUP_OF,   /* name dn ..          groups that an account is a member of */
	LDAP_DOMAIN,     /* domain              it, when it is ours */
	LDAP_DOMAINS,    /*                     all domains */
	LDAP_ACCOUNTS,   /* domain              accounts in it */
	LDAP_ALL_GROUPS, /*                     all groups */
	LDAP_POSTMASTER, /*                     entries with the address of a postmaster */
	LDAP_SEARCH_COUNT
};

enum ldap_attribute { /* each setting may name several, separated by blanks */
	LDAP_NAME,
	LDAP_DISPLAY_NAME,
	LDAP_ADDRESSES,
	LDAP_QUOTA_BYTES,
	LDAP_QUOTA_MESSAGES,
	LDAP_ENABLED,
	LDAP_PASSWORD,
	LDAP_CHANGED,
	LDAP_MEMBER_OF,
	LDAP_ALIAS_NAME,
	LDAP_TARGET,
	LDAP_LIST_NAME,
	LDAP_MEMBER,
	LDAP_MEMBER_DN,
	LDAP_GROUP_NAME,
	LDAP_GROUP_TITLE,
	LDAP_DOMAIN_NAME,
	LDAP_ATTRIBUTE_COUNT
};

struct ldap_settings {
	struct str urls;
	int tls; /* enum ldap_tls */
	struct str ca_file, bind_dn, bind_password, base;
	int64_t connect_ms, timeout_ms;
	int login; /* enum ldap_login */
	struct str domains;
	struct str filters[LDAP_SEARCH_COUNT];       /* empty: there are none */
	struct str attributes[LDAP_ATTRIBUTE_COUNT]; /* empty: there is none */
};

/* The word of a search's key, and whether {dn} is known to it. */
struct ldap_values ldap_words(enum ldap_search search);

/* Look at what no single value tells: the filters, the addresses of the servers. FAIL_PERM: one line in `why`. */
MUST_CHECK enum fail ldap_settings_check(const struct ldap_settings *settings, struct buf *why);

/* Is the server on this machine, so that nobody can listen? ldapi, localhost, 127.x, ::1. */
bool ldap_url_is_local(struct str url);

#endif
