/*
 * sts.h - the MTA-STS policy of a domain: looked up, fetched, kept (RFC 8461 3).
 *
 * The record in DNS tells whether the policy that we keep is still the one; when it is not, or is older than a day, it
 * is fetched over HTTPS, from a host whose certificate is right, without following redirects. Whatever goes wrong there,
 * a policy that we keep counts until its time is over (3.3), so that nobody can make it forgotten; without one, the
 * domain is as if it had none (5.1).
 *
 * A find is begun for a domain and looked at each time its owner is woken. Kept policies lie in the store
 * (sts_store.h), STS_KEPT_MAX at most. Between mails sts_refresh.h keeps them from lapsing.
 */
#ifndef TLSPOLICY_STS_H
#define TLSPOLICY_STS_H

#include "base/buf.h"
#include "http/client.h"
#include "store/store.h"
#include "tlspolicy/result.h"
#include "tlspolicy/sts_age.h"
#include "tlspolicy/sts_policy.h"
#include "tlspolicy/sts_store.h"

#define STS_FETCH_MS 60000 /* RFC 8461 3.3: one minute */

struct sts_refresh;

struct sts_house {
	struct dns *dns;
	struct http_client *http;
	struct store *store;
	struct sts_refresh *refresh; /* is told what is kept; NULL: nobody is */
	bool allow_private;          /* policy hosts may be at addresses that are not public */
};

struct sts_find {        /* zeroed before the start; fields: read only */
	bool has_policy; /* one of mode testing or enforce */
	struct sts_policy policy;
	enum tls_result result; /* why what DNS named is not there; SUCCESS else */

	struct sts_house house;
	struct str domain; /* borrow: until the release; ASCII */
	struct sts_kept kept;
	struct str id; /* borrow: record's */
	struct dns_query record;
	struct http_fetch fetch;
	bool is_renewal; /* no mail waits for it */
	bool is_fetching, is_settled;
	struct task *owner;
};

void sts_start(struct sts_find *f, const struct sts_house *house, struct task *owner,
    struct str domain);

/*
 * The same for the sake of the kept policy alone: it is fetched whatever the record says, or if there is none
 * (RFC 8461 10.2). Without a kept policy nothing is asked.
 */
void sts_start_renewal(struct sts_find *f, const struct sts_house *house, struct task *owner,
    struct str domain);

/* Go on: true when it is settled. May write to the store. */
bool sts_look(struct sts_find *f);

/* Wait no longer for a policy host: as if it had not answered in time. Then sts_look() is true. */
void sts_expire(struct sts_find *f);

void sts_release(struct sts_find *f);

#endif
