/*
 * backoff.h - when to try to connect again: at once the first time, then after 100 ms, 200 ms .. 10 s.
 *
 * A question that comes in between is answered FAIL_TEMP at once, so that nobody waits for a server that is down. One
 * line in the log says that it is down, one that it is back.
 */
#ifndef BACKEND_BACKOFF_H
#define BACKEND_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS  10000

struct backoff {
	int64_t wait_ms; /* 0: the last try worked, or there was none */
	int64_t next_ms; /* of backoff_now_ms() */
};

/* The time itself: these programs have no turns in which it stands still (base/clock.h). */
int64_t backoff_now_ms(void);

bool backoff_may_try(const struct backoff *b);
void backoff_failed(struct backoff *b, struct str engine, struct str why);
void backoff_worked(struct backoff *b, struct str engine);

#endif
