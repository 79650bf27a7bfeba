/*
 * sts_refresh.h - kept MTA-STS policies are fetched anew before they are over (RFC 8461 3.3, 10.2).
 *
 *     ASLEEP (no timer) --something is kept--> PLANNED --timer--> WALKING --end, records stay--> PLANNED
 *                                                                    |----end, none are left---> ASLEEP
 *                                                                    `----the store failed-----> PLANNED
 *
 * The walk goes over all records in slices: what is of no more use goes, what is due (sts_age.h) is begun, a few at a
 * time, and the walk waits while all places are taken. Each place is free again after the time that a policy host has,
 * so hosts that are slow on purpose cost others some time and never their turn. The timer runs for the earliest record
 * that wants something, so a server that keeps nothing sleeps.
 *
 * Not done: a policy that is over is not asked for again before there is mail.
 *
 * Ownership: one per program, between the opening of the store and its closing; http client and resolver outlive it.
 */
#ifndef TLSPOLICY_STS_REFRESH_H
#define TLSPOLICY_STS_REFRESH_H

#include "tlspolicy/sts.h"

/* 10000 domains with hosts that never answer are through in a day: 10000 minutes, in 8 places. */
#define STS_RENEWALS_MAX  8
#define STS_WALK_SLICE    32         /* records per step: a large one takes some 20 us to read */
#define STS_WALK_FIRST_MS 10000      /* after the start: the network may come up with us */
#define STS_WALK_LEAST_MS 900000     /* between two: what is due by then is taken together */
#define STS_WALK_MOST_MS  86400000LL /* the wall clock may have been set meanwhile */

struct sts_refresh_house {
	struct loop *loop;
	struct dns *dns;
	struct store *store;
	struct http_client *(*get_http)(void *arg); /* asked for each fetch */
	void *arg;
	bool allow_private; /* policy hosts may be at addresses that are not public */
};

struct sts_renewal; /* private */

struct sts_refresh { /* fields: read only */
	struct sts_refresh_house house;
	struct task task;
	struct timer timer;
	int64_t due_ms; /* monotonic: when the next walk begins; 0: none is planned */
	bool is_walking;
	struct buf at;  /* own: the domain where the walk is */
	int64_t next_s; /* the first that a record wants something; INT64_MAX: none does */
	struct sts_renewal *renewals[STS_RENEWALS_MAX]; /* own; NULL: free */
	size_t renewal_count;
};

struct sts_refresh *sts_refresh_open(const struct sts_refresh_house *house);
void sts_refresh_close(struct sts_refresh **r);

/* This is kept now. */
void sts_refresh_plan(struct sts_refresh *r, struct str domain, const struct sts_kept *kept);

#endif
