/*
 * private.h - the policy as its own files see it.
 *
 * Three kinds of memory: what lives in this process only (buckets, counted connections, offences, bans);
 * what is kept in the store (keep.c, one shape of record for all of it); and the ops under way. Nothing in
 * memory mirrors the store, so a turn that does not commit leaves nothing to take back.
 */
#ifndef POLICY_PRIVATE_H
#define POLICY_PRIVATE_H

#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "policy/policy.h"
#include "policy/rate.h"
#include "policy/zones.h"
#include "store/key.h"

#define POLICY_OFFENDERS_MAX 10000 /* addresses that offended; the oldest are forgiven */
#define POLICY_NAME_MAX      320   /* bytes looked at of a mail address: SMTP_PATH_MAX */

extern const struct log policy_log;

/* --- name.c: what a peer, a sender, an account is called in our tables ----------------------------- */

#define PEER_KEY_MAX 9 /* family, and 8 bytes of a /64 */

struct peer_key {
	size_t n;
	char bytes[PEER_KEY_MAX];
};

/* The address that limits count by (IPv6: its /64), and the network: /24, or /48. */
void peer_site(const struct net_address *peer, struct peer_key *out);
void peer_network(const struct net_address *peer, struct peer_key *out);

static inline struct str
peer_key_str(const struct peer_key *k)
{
	return str_of(k->bytes, k->n);
}

/*
 * The sender without what changes from message to message: letters folded; of the local part "prvs=TAG="
 * (BATV) and what follows "+" or "=" are left out, numbers and words with digits within are written "#"
 * ("ann7" is "ann#"). So a mailing list's "bounce-8172-ann=example.org@x" is "bounce-#-ann@x" every time it
 * writes to ann.
 */
void sender_write(struct buf *out, struct str sender);

#define KEEP_HASH_BYTES 16 /* of SHA-256: no two of a few hundred thousand names meet */
#define KEEP_NAME_MAX   (2 * KEEP_HASH_BYTES)

/* What stands behind the kind in a key of the store: one hash, or an account's and one within it. */
struct keep_name {
	size_t n;
	unsigned char bytes[KEEP_NAME_MAX];
};

/* Append the hash of some parts: begin, add one by one, end. Text is folded (A-Z). */
void keep_name_begin(struct hash_state *h);
void keep_name_add(struct hash_state *h, struct str bytes);
void keep_name_add_text(struct hash_state *h, struct str text);
void keep_name_end(struct hash_state *h, struct keep_name *name);

/* The most usual: an address or network; a network and a sender; one text. */
void keep_name_peer(struct keep_name *name, const struct peer_key *peer);
void keep_name_sender(struct keep_name *name, const struct net_address *peer, struct str sender);
void keep_name_text(struct keep_name *name, struct str text);

/* --- keep.c: what is kept in the store --------------------------------------------------------------- */

enum keep_kind {
	KEEP_TRY,       /* greylisting: network, sender, recipient -> first try */
	KEEP_PAIR,      /* network, sender that came again */
	KEEP_NETWORK,   /* network -> how many pairs of it came again */
	KEEP_SENDER,    /* network, sender whose mail got in */
	KEEP_LOGIN,     /* address from which somebody logged in */
	KEEP_DAY,       /* account -> what it sent on that day */
	KEEP_RECIPIENT, /* account, recipient it wrote to */
	KEEP_COUNT
};

/* Bounds; at the bound a record drawn by lot makes room for a new one. About 60 bytes each on disk. */
#define KEEP_TRIES_MAX      50000
#define KEEP_PAIRS_MAX      100000
#define KEEP_NETWORKS_MAX   20000
#define KEEP_SENDERS_MAX    100000
#define KEEP_LOGINS_MAX     20000
#define KEEP_DAYS_MAX       50000
#define KEEP_RECIPIENTS_MAX 200000 /* of all accounts; a new one replaces one of the same account */

struct keep_record {
	int64_t time_s; /* when it was written last, or what the kind counts from; wall clock */
	uint64_t count[2];
};

/* How long records of a kind live. */
int64_t keep_lifetime_ms(const struct policy *p, enum keep_kind kind);

/* How long ago, in ms; a time ahead of the clock counts as now, for clocks are set back. */
int64_t keep_age_ms(const struct keep_record *r);

/* Old enough to be written again: a record in use costs a write only now and then. */
bool keep_is_stale(const struct policy *p, enum keep_kind kind, const struct keep_record *r);

/* FAIL_MISSING also when it is too old, or damaged: then it may be written anew. */
MUST_CHECK enum fail keep_get(const struct policy *p, struct txn *t, enum keep_kind kind,
    const struct keep_name *name, struct keep_record *out);
MUST_CHECK enum fail keep_put(struct policy *p, struct txn *t, enum keep_kind kind,
    const struct keep_name *name, const struct keep_record *r);
MUST_CHECK enum fail keep_drop(struct txn *t, enum keep_kind kind, const struct keep_name *name);

/* store_run(), but FAIL_TEMP at once while the store is not well: what we keep is not worth a lost turn. */
MUST_CHECK enum fail keep_run(struct policy *p, store_fn *fn, void *arg);

/* Is there a record of this name? FAIL_MISSING, FAIL_TEMP. */
MUST_CHECK enum fail keep_find(struct policy *p, enum keep_kind kind, const struct keep_name *name,
    struct keep_record *out);

/* It is so now: write the record's time, unless it was written lately. */
void keep_touch(struct policy *p, enum keep_kind kind, const struct keep_name *name);

/* For the sweep: the first key of a kind; a value read; how many there are. */
void keep_key(struct key *k, enum keep_kind kind);
MUST_CHECK enum fail keep_read(struct str value, struct keep_record *out);
MUST_CHECK enum fail keep_count(struct txn *t, enum keep_kind kind, int64_t delta, int64_t *out);

/* --- sweep.c: what is too old goes away ------------------------------------------------------------- */

#define SWEEP_SLICE    256               /* keys looked at per step: about a millisecond */
#define SWEEP_FIRST_MS (5 * 60 * 1000LL) /* after the start, when there are keys */
#define SWEEP_LEAST_MS (3600 * 1000LL)   /* between two: an idle server wakes at most this often */
#define SWEEP_MOST_MS  (24 * 3600 * 1000LL) /* the wall clock may have been set meanwhile */

struct sweep {
	struct task task;
	struct timer timer;
	int64_t due_ms; /* monotonic: when the next walk begins; 0: none is planned */
	bool is_walking;
	enum keep_kind kind; /* where the walk is */
	struct keep_name after;
	int64_t next_s; /* the earliest end of a record that stays; INT64_MAX: there are none */
};

void sweep_open(struct policy *p);
void sweep_close(struct policy *p);

/* A record was written that lives so long. */
void sweep_plan(struct policy *p, int64_t lifetime_ms);

/* --- the whole -------------------------------------------------------------------------------------- */

struct policy {
	struct loop *loop;                      /* borrow */
	struct store *store;                    /* borrow */
	struct dns *dns;                        /* borrow */
	const struct policy_settings *settings; /* borrow */
	struct rate rates[RATE_COUNT];
	struct zones block, welcome;
	struct map buckets;       /* struct bucket */
	struct list bucket_order; /* used longest ago first */
	struct map crowds;        /* struct crowd: connections of a network */
	struct map offenders;
	struct list offender_order; /* offended longest ago first */
	struct map bans;
	struct list ban_order; /* ends first */
	size_t keep_max[KEEP_COUNT];
	struct sweep sweep;
	size_t op_count; /* started, not released */
};

/* buckets.c */
bool bucket_take(struct policy *p, enum policy_rate rate, struct str key);
void buckets_release(struct policy *p);

/* door.c */
void door_release(struct policy *p);

/* bans.c */
bool ban_holds(struct policy *p, const struct net_address *peer);
void bans_release(struct policy *p);

#endif
