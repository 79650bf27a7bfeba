/* The TLS-Required field: "No", once, and nothing else. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/tls_required.h"

static const struct {
	const char *name, *head;
	bool want;
} rows[] = {
	{ "as it is written", "Subject: x\r\nTLS-Required: No\r\n\r\n", true },
	{ "another case", "tls-required: NO\r\n\r\n", true },
	{ "no blank", "TLS-Required:No\r\n\r\n", true },
	{ "folded", "TLS-Required:\r\n No\r\n\r\n", true },
	{ "a header without a body", "TLS-Required: No\r\n", true },
	{ "no such field", "Subject: No\r\n\r\n", false },
	{ "only in the body", "Subject: x\r\n\r\nTLS-Required: No\r\n", false },
	{ "yes", "TLS-Required: Yes\r\n\r\n", false },
	{ "empty", "TLS-Required:\r\n\r\n", false },
	{ "a word more", "TLS-Required: No, please\r\n\r\n", false },
	{ "a comment", "TLS-Required: No (really)\r\n\r\n", false },
	{ "another word of it", "TLS-Required: Now\r\n\r\n", false },
	{ "twice", "TLS-Required: No\r\nTLS-Required: No\r\n\r\n", false },
	{ "twice, and not the same", "TLS-Required: No\r\nTLS-Required: Yes\r\n\r\n", false },
	{ "a longer name", "X-TLS-Required: No\r\n\r\n", false },
	{ "nothing", "", false },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(tls_required_is_no(str_c(rows[i].head)), rows[i].want);
	}
	return test_end();
}
