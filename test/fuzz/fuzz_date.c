/* Dates on arbitrary bytes; what was understood is written and read back. */
#include "message/date.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size);
	struct date date, again;
	struct buf b;
	int64_t day;

	buf_init(&b, 1000);
	if (date_parse(text, &date) == FAIL_NONE) {
		date_write_5322(&b, date.unix_s, date.zone_min);
		invariant(date_parse(buf_str(&b), &again) == FAIL_NONE);
		buf_clear(&b);
		date_write_imap(&b, date.unix_s, date.zone_min);
		invariant(date_parse_imap(buf_str(&b), &again) == FAIL_NONE);
		buf_clear(&b);
		date_write_3339(&b, date.unix_s, date.zone_min);
		invariant(date_parse_3339(buf_str(&b), &again) == FAIL_NONE);
	}
	if (date_parse_imap(text, &date) == FAIL_NONE)
		invariant(size == 26);
	if (date_parse_imap_day(text, &day) == FAIL_NONE)
		invariant(size <= 11);
	buf_release(&b);
	return 0;
}
