/* Hostile texts, addresses and messages: a report is always three parts with the fields that it must have. */
#include "lib/dsn_check.h"

/* base */
#include "base/mem.h"

#define RCPTS_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Up to the next 0xff byte, which may be no part of UTF-8. */
static struct str
take(struct str *cur)
{
	struct str out = *cur;

	if (!str_take_until(cur, '\xff', &out))
		*cur = STR("");
	return out;
}

static uint8_t
take_byte(struct str *cur)
{
	struct str byte;

	return str_take(cur, 1, &byte) ? (uint8_t)byte.p[0] : 0;
}

static void
fill_rcpt(struct str *cur, struct dsn_rcpt *rcpt, struct envelope_rcpt *address)
{
	uint8_t kind = take_byte(cur);

	address->address = take(cur);
	address->original = take(cur);
	*rcpt = (struct dsn_rcpt){ .rcpt = address,
		.action = (enum dsn_action)(kind % DSN_ACTION_COUNT),
		.remote = take(cur),
		.text = take(cur),
		.stage = take(cur),
		.log_id = take(cur) };
	if (kind & 0x10)
		rcpt->status =
		    STATUS(kind & 0x20 ? 4 : 5, take_byte(cur) % 10, take_byte(cur) % 40);
	rcpt->code = kind & 0x40 ? 400u + take_byte(cur) : 0;
	rcpt->last_try_s = kind & 0x80 ? 1700000000 : 0;
	rcpt->will_retry_until_s = take_byte(cur) * (int64_t)10000000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cur = str_of(data, size);
	struct envelope_rcpt addresses[RCPTS_MAX];
	struct dsn_rcpt rcpts[RCPTS_MAX];
	uint8_t kind = take_byte(&cur);
	struct envelope about = { .ret = (enum envelope_return)(kind % 3), .is_utf8 = kind & 4 };
	struct dsn_report report = { .about = &about,
		.rcpts = rcpts,
		.random = STR("0123456789ab") };
	struct message m;
	struct arena a;
	struct buf out;
	bool is_utf8;

	report.rcpt_count = 1 + (kind >> 4) % RCPTS_MAX;
	report.now_s = 1700000000;
	report.arrived_s = report.now_s - 1000 * take_byte(&cur);
	report.hostname = take(&cur);
	report.to = take(&cur);
	report.received_from = take(&cur);
	about.id = take(&cur);
	for (size_t i = 0; i < report.rcpt_count; i++)
		fill_rcpt(&cur, &rcpts[i], &addresses[i]);
	report.message = cur;
	arena_init(&a, 64 << 20);
	buf_init(&out, 16 << 20);
	invariant(dsn_write(&out, &report, &is_utf8) == FAIL_NONE);
	dsn_check(buf_str(&out), &report, is_utf8, &a, &m);
	buf_release(&out);
	/* No room, or not enough of it: what was there stays. */
	buf_init(&out, 1000 + (size_t)8 * kind);
	buf_add_c(&out, "before");
	if (dsn_write(&out, &report, &is_utf8) != FAIL_NONE)
		invariant(str_eq(buf_str(&out), STR("before")) && buf_ok(&out));
	buf_release(&out);
	arena_release(&a);
	return 0;
}
