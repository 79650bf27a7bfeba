/*
 * keyring.h - the keys that sign for a domain, found in their files (key_files.h).
 *
 *     const struct keyring_domain *d = keyring_find(&keyring, STR("lists.example.org"));
 *     for (i = 0; d && i < d->key_count; i++)  .. d->domain, d->keys[i].selector, &d->keys[i].key
 *
 * Files are read when a domain is asked for, and again when its folder changed, so nothing has to be told about
 * new keys. A call costs one stat(2) per level of the name.
 *
 * Ownership: the keyring owns what it returns, until the next call. Limits: KEYRING_DOMAINS_MAX domains are kept
 * in memory; those that were not asked for longest are read again.
 */
#ifndef MAILAUTH_KEYRING_H
#define MAILAUTH_KEYRING_H

#include <time.h>

#include "base/list.h"
#include "base/map.h"
#include "codec/idna.h"
#include "mailauth/key_files.h"

#define KEYRING_KEYS_MAX 4 /* of one domain: RSA and Ed25519, twice while they are rotated */
#define KEYRING_DOMAINS_MAX \
	256 /* in memory, some 3 KB each; a host with more domains rarely sends for all */

struct keyring_key {
	char selector[KEY_SELECTOR_MAX + 1];
	struct private_key key;
};

struct keyring_domain {           /* fields: read only */
	struct str domain;        /* ASCII, lower case: d= of a signature */
	struct keyring_key *keys; /* own */
	size_t key_count;
	/* private */
	struct map_node node;
	struct list_node recent;
	char name[IDNA_DOMAIN_MAX + 1];
	struct timespec changed; /* of its folder, when it was read */
	bool is_failing;         /* it could not be read, and the last answer stands */
	int64_t again_ms; /* on the monotonic clock: read it again then, even so; 0: no need */
};

struct keyring {
	struct str folder; /* own */
	struct map domains;
	struct list recent; /* of keyring_domain, not asked for longest first */
};

/* The folder is copied; it need not exist. */
void keyring_init(struct keyring *k, struct str folder);
void keyring_release(struct keyring *k);

/*
 * The signing keys of this domain, in any form, or of the nearest parent that has some: at least one, kinds
 * mixed, those with the last selectors when there are more than KEYRING_KEYS_MAX. NULL: nobody signs for it. Damaged files
 * are logged once and passed over. While the disk fails, what was known stays.
 */
const struct keyring_domain *keyring_find(struct keyring *k, struct str domain);

#endif
