/* [reports]: the defaults of the struct are those of the table, and what an address is. */
#include "reports/settings.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *address;
	bool is_good;
} rows[] = {
	{ "", true },
	{ "dmarc@example.org", true },
	{ "dmarc", false },
	{ "@example.org", false },
	{ "dmarc@", false },
	{ "a b@example.org", false },
	{ "Ann <ann@example.org>", false },
	{ "\xc3\xa4@example.org", false },
};

int
main(void)
{
	struct buf why;

	buf_init(&why, 200);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct reports_settings s = { .address = str_c(rows[i].address) };

		TEST_ROW(rows[i].address);
		buf_clear(&why);
		CHECK((reports_settings_check(&s, &why) == FAIL_NONE) == rows[i].is_good);
		CHECK((why.n == 0) == rows[i].is_good);
	}
	buf_release(&why);
	TEST_ROW("defaults");
	CHECK(!reports_settings_default.has_dmarc);
	CHECK_NUM(reports_settings_default.interval_ms, 86400000);
	return test_end();
}
