#include "backend/backoff.h"

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"

static const struct log backoff_log = { .room = "directory" };

int64_t
backoff_now_ms(void)
{
	return clock_precise_us() / 1000;
}

bool
backoff_may_try(const struct backoff *b)
{
	return b->wait_ms == 0 || backoff_now_ms() >= b->next_ms;
}

void
backoff_failed(struct backoff *b, struct str engine, struct str why)
{
	if (b->wait_ms == 0)
		log_warn(&backoff_log, "directory.down", LOG_TEXT("engine", engine),
		    LOG_TEXT("reason", why));
	b->wait_ms = b->wait_ms == 0 ? BACKOFF_FIRST_MS : i64_min(b->wait_ms * 2, BACKOFF_LAST_MS);
	b->next_ms = backoff_now_ms() + b->wait_ms;
}

void
backoff_worked(struct backoff *b, struct str engine)
{
	if (b->wait_ms > 0)
		log_info(&backoff_log, "directory.up", LOG_TEXT("engine", engine));
	*b = (struct backoff){ 0 };
}
