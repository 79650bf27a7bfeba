#include "codec/domain_list.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *list, *domain;
	size_t want;
} rows[] = {
	{ "nothing", "", "example.org", 0 },
	{ "itself", "example.org", "example.org", SIZE_MAX },
	{ "any case", "Example.ORG", "exAMPLE.org", SIZE_MAX },
	{ "another", "example.net", "example.org", 0 },
	{ "not below itself", "example.org", "a.example.org", 0 },
	{ "below", ".example.org", "a.example.org", 13 },
	{ "far below", ".example.org", "a.b.example.org", 13 },
	{ "below is not itself", ".example.org", "example.org", 0 },
	{ "only the end of a label", ".example.org", "anexample.org", 0 },
	{ "all", "*", "example.org", 1 },
	{ "the nearest", "* .org .example.org", "a.example.org", 13 },
	{ "in any order", "a.example.org .example.org *", "a.example.org", SIZE_MAX },
	{ "blanks", "  example.net   example.org ", "example.org", SIZE_MAX },
	{ "no domain", "  .org", "", 0 },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK(domain_list_nearness(str_c(rows[i].list), str_c(rows[i].domain)) ==
		    rows[i].want);
	}
	return test_end();
}
