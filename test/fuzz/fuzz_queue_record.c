/* The decoders of the queue's records and keys: any bytes give a record or a failure. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* rooms */
#include "queue/record.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read well is written, read again, and written to the same bytes. */
static void
check_same(const struct buf *once, const struct buf *twice)
{
	if (!str_eq(buf_str(once), buf_str(twice)))
		abort();
}

static void
round_trip(struct str value)
{
	struct queue_message message;
	struct queue_rcpt rcpt;
	struct queue_host host;
	struct buf once, twice;

	buf_init(&once, 2 * STORE_VALUE_MAX);
	buf_init(&twice, 2 * STORE_VALUE_MAX);
	if (queue_message_read(value, &message) == FAIL_NONE) {
		queue_message_write(&once, &message);
		if (queue_message_read(buf_str(&once), &message) != FAIL_NONE)
			abort();
		queue_message_write(&twice, &message);
	}
	if (queue_rcpt_read(value, &rcpt) == FAIL_NONE) {
		queue_rcpt_write(&once, &rcpt);
		if (queue_rcpt_read(str_from(buf_str(&once), twice.n), &rcpt) != FAIL_NONE)
			abort();
		queue_rcpt_write(&twice, &rcpt);
	}
	check_same(&once, &twice);
	buf_clear(&once);
	buf_clear(&twice);
	if (queue_host_read(value, &host) == FAIL_NONE) {
		queue_host_write(&once, &host);
		if (queue_host_read(buf_str(&once), &host) != FAIL_NONE)
			abort();
		queue_host_write(&twice, &host);
	}
	check_same(&once, &twice);
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = str_of(data, size);
	struct queue_place place;
	struct buf site;
	uint64_t id;
	uint32_t n;
	int64_t time_s;

	round_trip(value);
	buf_init(&site, STORE_KEY_MAX);
	(void)!queue_place_read(value, &place);
	(void)!queue_wake_read(value, &time_s, &site);
	(void)!queue_time_read(value, &time_s, &id);
	(void)!queue_rcpt_key_read(value, &id, &n);
	buf_release(&site);
	return 0;
}
