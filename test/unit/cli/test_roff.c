#include "cli/roff.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *in, *out;
} rows[] = {
	{ "plain", "plain text", "plain text" },
	{ "a request", ".TH x\n.SH y", "\\&.TH x\n\\&.SH y" },
	{ "a request with the other sign", "'br", "\\(aqbr" },
	{ "a dot within", "a.b", "a.b" },
	{ "escapes", "\\fB\\n[x]", "\\efB\\en[x]" },
	{ "signs that would be made nicer", "-'`^~", "\\-\\(aq\\(ga\\(ha\\(ti" },
	{ "empty", "", "" },
};

static void
test_text(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, 100);
		buf_add_char(&out, '\n');
		roff_text(&out, str_c(rows[i].in));
		CHECK_STR(str_from(buf_str(&out), 1), str_c(rows[i].out));
		buf_release(&out);
	}
}

static void
test_sentence(void)
{
	struct buf out;

	TEST_ROW("sentences");
	buf_init(&out, 100);
	roff_sentence(&out, "list accounts");
	roff_sentence(&out, "Has its own.");
	roff_sentence(&out, "");
	roff_sentence(&out, "file:PATH; a file");
	roff_sentence(&out, ".example.org");
	CHECK_STR(buf_str(&out),
	    STR("List accounts.\nHas its own.\nfile:PATH; a file.\n\\&.example.org.\n"));
	buf_clear(&out);
	roff_font(&out, 'B', "--a");
	CHECK_STR(buf_str(&out), STR("\\fB\\-\\-a\\fR"));
	buf_release(&out);
}

static void
test_begin(void)
{
	struct buf out;

	TEST_ROW("headings");
	buf_init(&out, 1000);
	roff_title(&out, "staunch-x", '8', "mail server");
	CHECK_HAS(buf_str(&out), STR(".TH staunch\\-x 8 "));
	CHECK_HAS(buf_str(&out), STR("\n.SH NAME\nstaunch\\-x \\- mail server\n"));
	buf_release(&out);
}

int
main(void)
{
	test_text();
	test_sentence();
	test_begin();
	return test_end();
}
