/*
 * policy.h - whom to believe how far: limits, bans, block lists, greylisting, reverse names.
 *
 * Protocol rooms tell what a peer does and ask what it may do; the answers are facts and verdicts, the
 * words to the peer are the protocol's. Addresses in the `trusted` networks (loopback, unless set
 * otherwise) pass everything here. Nothing here ever keeps mail from postmaster (RFC 5321 4.5.1): the
 * caller asks after it knows the recipient.
 *
 * Limits are token buckets in a table of bounded size (POLICY_BUCKETS_MAX; the ones idle longest are
 * forgotten, which only ever forgives). Bans live in memory. What must survive a restart lies in the
 * store: greylisting, known senders, addresses that logged in, the day's counts of accounts.
 *
 * Ownership: the policy is one per program. Ops are the caller's, zeroed before the first start, until
 * their release. Synchronous calls may write to the store and then belong to the turn (D1).
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/op.h"
#include "base/str.h"
#include "dns/dns.h"
#include "loop/loop.h"
#include "net/address.h"
#include "policy/settings.h"
#include "store/store.h"

#define POLICY_SPACE       'p'   /* space byte of the room's keys in the store */
#define POLICY_BUCKETS_MAX 20000 /* limits remembered at a time: about 2 MB */
#define POLICY_BANS_MAX    10000 /* banned addresses; the ban that ends first makes room */

struct policy;

/* All but `out` are borrowed. The rates and lists of `settings` were checked when they were read. */
void policy_open(struct policy **out, struct loop *loop, struct store *store, struct dns *dns,
    const struct policy_settings *settings);
void policy_close(struct policy **p); /* ops must have been released */

/* In the trusted networks: nothing below applies. */
bool policy_is_trusted(const struct policy *p, const struct net_address *peer);

/* --- connections and bans ------------------------------------------------------------------------- */

enum policy_door {
	POLICY_OPEN,
	POLICY_BUSY,   /* too many connections or too often: later */
	POLICY_BANNED, /* for what it did before, until the ban ends */
};

/*
 * A peer connected; unless OPEN it is not counted. An OPEN one is left by policy_leave(). For where
 * strangers come in; where people log in, policy_is_banned() is the question.
 */
enum policy_door policy_enter(struct policy *p, const struct net_address *peer);
void policy_leave(struct policy *p, const struct net_address *peer);
bool policy_is_banned(struct policy *p, const struct net_address *peer); /* NULL: nobody is */

enum policy_offence {
	OFFENCE_LOGIN, /* a wrong password */
	OFFENCE_RCPT,  /* a recipient that does not exist: harvesting */
	OFFENCE_JUNK,  /* junk commands, HTTP, talking before the greeting */
	OFFENCE_COUNT
};

/*
 * The peer did something that adds up: `[policy] ban-after` of a kind within `ban-window` ban its address
 * (IPv6: its /64) for `ban-time`. True when it is banned now. Never banned: loopback, private networks,
 * trusted ones, and an address from which somebody logged in within `ban-spare` (30 days); where `p` is
 * NULL, nobody.
 */
bool policy_offend(struct policy *p, const struct net_address *peer, enum policy_offence what);

/* Somebody logged in from there: spare the address from now on, and lift its ban. Belongs to the turn. */
void policy_logged_in(struct policy *p, const struct net_address *peer);

/* For the command line: walk the bans (start with NULL), lift one (FAIL_MISSING: there is none). */
struct policy_ban { /* fields: read only */
	struct net_address address;
	enum policy_offence why;
	int64_t ends_s; /* wall clock */
};
const struct policy_ban *policy_ban_next(const struct policy *p, const struct policy_ban *after);
MUST_CHECK enum fail policy_unban(struct policy *p, const struct net_address *peer);

/* --- rates ---------------------------------------------------------------------------------------- */

enum policy_rate {             /* each with its setting "N/time"; off where empty */
	RATE_CONNECTIONS,      /* per address: asked by policy_enter() itself */
	RATE_MESSAGES,         /* per address */
	RATE_MESSAGES_NETWORK, /* per /24 or /48 */
	RATE_RCPTS,            /* recipients per address */
	RATE_SENDER,           /* messages with this envelope sender */
	RATE_RECIPIENT,        /* messages to this recipient */
	RATE_ACCOUNT,          /* messages from this account (days: policy_account_may) */
	RATE_COUNT
};

/*
 * Take one token for this key; false: none is left. By address (peer), or by name (a mail address, an
 * account; A-Z folded). True for trusted peers and for the empty name, which everybody shares.
 */
bool policy_take_peer(struct policy *p, enum policy_rate rate, const struct net_address *peer);
bool policy_take_name(struct policy *p, enum policy_rate rate, struct str name);

/* --- what an account may send in a day ------------------------------------------------------------ */

struct policy_day { /* what an account sent today, after policy_account_may() or _count() */
	uint64_t messages, recipients_new;
	uint64_t messages_max, recipients_new_max; /* 0: no limit */
	int64_t ends_s;                            /* seconds until another day begins */
};

/*
 * May this account send one more message to these recipients? Days are those of UTC. A recipient is new
 * when the account did not write to it within `known-time`; named twice it counts once; those who are here
 * need not be named. FAIL_LIMIT: of
 * messages when out->messages has reached its maximum, else of new recipients. FAIL_TEMP: the store failed.
 */
MUST_CHECK enum fail policy_account_may(struct policy *p, struct str account,
    const struct str *recipients, size_t count, struct policy_day *out);

/* It was taken: count it. Belongs to the turn. FAIL_TEMP: the store failed, nothing was counted. */
MUST_CHECK enum fail policy_account_count(struct policy *p, struct str account,
    const struct str *recipients, size_t count);

/* --- who is this peer ----------------------------------------------------------------------------- */

/* Reverse name and lists of an address, asked side by side while the session goes on. */
struct policy_client { /* fields: read only */
	struct op op;
	struct str name;      /* leads back to the address (iprev, RFC 8601 2.7.3), or empty */
	bool is_name_unknown; /* DNS did not answer: nothing is known of the name */
	bool is_name_missing; /* there is no PTR record, so nobody published one */
	bool is_welcome;      /* trusted, or on a welcome list: block lists do not apply */
	bool is_listed;       /* on a block list */
	struct str list;      /* the zone, of either; borrow: the policy's */
	struct str reason;    /* the zone's TXT, printable ASCII, or empty */

	/* private */
	struct policy_client_inner *inner; /* own */
};

/*
 * Always ends FAIL_NONE, at the latest after `lookup-time`; what did not answer counts as not listed. May
 * be done on return. Trusted peers are not asked about, nor is the name with `reverse = off`: then it is
 * unknown. Addresses that are not public are looked up on no list.
 */
void policy_client_start(struct policy *p, struct policy_client *c, struct task *owner,
    const struct net_address *peer);
void policy_client_cancel(struct policy_client *c);
void policy_client_release(struct policy_client *c);

/* --- does a domain exist -------------------------------------------------------------------------- */

enum policy_domain_kind {
	DOMAIN_GOOD,    /* has MX or addresses */
	DOMAIN_MISSING, /* no such name, or nothing that takes mail */
	DOMAIN_NULL_MX, /* says that it takes no mail (RFC 7505), so it cannot be answered */
	DOMAIN_UNKNOWN, /* DNS did not answer */
};

struct policy_domain { /* fields: read only */
	struct op op;
	enum policy_domain_kind kind;

	/* private */
	struct policy_domain_inner *inner; /* own */
};

/*
 * For the domain of a sender (RFC 5321 5.1), or (is_host) the name given in HELO: only addresses count. Ends
 * FAIL_NONE, at the latest after `lookup-time`, perhaps on return. GOOD without a question: what the settings
 * do not ask for (`check-domains`, `helo = strict`), no domain at all, an address literal.
 */
void policy_domain_start(struct policy *p, struct policy_domain *d, struct task *owner,
    struct str domain, bool is_host);
void policy_domain_cancel(struct policy_domain *d);
void policy_domain_release(struct policy_domain *d);

/* --- HELO ----------------------------------------------------------------------------------------- */

enum policy_hello {
	HELLO_GOOD,
	HELLO_FORGED,  /* our own name or address, said by somebody else */
	HELLO_NO_NAME, /* no dot in it, or an address that is not the peer's */
};

/*
 * What can be said without asking anybody; `own` is our host name, `own_address` our end. GOOD with
 * `helo = off` and for trusted peers.
 */
enum policy_hello policy_hello_look(const struct policy *p, struct str helo, struct str own,
    const struct net_address *peer, const struct net_address *own_address);

/* --- greylisting and first-time senders ----------------------------------------------------------- */

/*
 * Greylisting (RFC 6647): the first try of (network, sender, recipient) is told to come again after
 * `greylist-wait`; a pair (network, sender) that came again is remembered, and a network with
 * `greylist-welcome` of them is not asked further. True: let it pass. Off, trusted, known, and when the
 * store fails: true. Networks are /24 and /48; senders are taken without what changes from message to
 * message (README.md). Belongs to the turn.
 */
bool policy_greylist(struct policy *p, const struct net_address *peer, struct str sender,
    struct str recipient);

/*
 * Did mail of this sender from this network get in before, within `known-time`? True also when the store
 * fails. And: it did now. Belongs to the turn.
 */
bool policy_is_known(struct policy *p, const struct net_address *peer, struct str sender);
void policy_known(struct policy *p, const struct net_address *peer, struct str sender);

#endif
