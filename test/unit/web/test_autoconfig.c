#include "web/autoconfig.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define IMAPS \
	"<hostname>mail.example.org</hostname>\n<port>993</port>\n<socketType>SSL</socketType>\n"
#define IMAP        "<port>143</port>\n<socketType>STARTTLS</socketType>\n"
#define SUBMISSIONS "<port>465</port>\n<socketType>SSL</socketType>\n"
#define SUBMISSION  "<port>587</port>\n<socketType>STARTTLS</socketType>\n"

static const struct {
	const char *name;
	uint16_t ports[AUTOCONFIG_SERVICE_COUNT];
	bool is_whole;
	const char *in_order[4];
	size_t outlook_ports[2];
} service_rows[] = {
	{ "all", { 993, 143, 465, 587 }, true, { IMAPS, IMAP, SUBMISSIONS, SUBMISSION },
	    { 993, 465 } },
	{ "TLS only", { 993, 0, 465, 0 }, true, { IMAPS, SUBMISSIONS }, { 993, 465 } },
	{ "STARTTLS only", { 0, 143, 0, 587 }, true, { IMAP, SUBMISSION }, { 143, 587 } },
	{ "mixed", { 993, 0, 0, 587 }, true, { IMAPS, SUBMISSION }, { 993, 587 } },
	{ "nothing to read", { 0, 0, 465, 587 }, false, { NULL }, { 0 } },
	{ "nothing to send", { 993, 143, 0, 0 }, false, { NULL }, { 0 } },
	{ "nothing", { 0 }, false, { NULL }, { 0 } },
};

static size_t
count(struct str text, struct str needle)
{
	size_t n = 0, at;

	while ((at = str_find(text, needle)) != STR_NONE) {
		n++;
		text = str_from(text, at + needle.n);
	}
	return n;
}

/* Each stands behind the one before, and there are no others. */
static void
check_order(struct str text, const char *const *pieces)
{
	size_t n = 0;
	struct str rest = text;

	for (; n < 4 && pieces[n]; n++) {
		size_t at = str_find(rest, str_c(pieces[n]));

		CHECK(at != STR_NONE);
		rest = str_from(rest, at + 1);
	}
	CHECK_NUM(count(text, STR("<hostname>")), n);
}

static void
test_services(void)
{
	for (size_t i = 0; i < ARRAY_LEN(service_rows); i++) {
		struct autoconfig a = { .hostname = STR("mail.example.org") };
		struct buf out;
		char port[32];

		TEST_ROW(service_rows[i].name);
		for (size_t k = 0; k < AUTOCONFIG_SERVICE_COUNT; k++)
			a.ports[k] = service_rows[i].ports[k];
		CHECK(autoconfig_is_whole(&a) == service_rows[i].is_whole);
		if (!service_rows[i].is_whole)
			continue;
		buf_init(&out, 10000);
		autoconfig_write(&a, STR("example.org"), &out);
		check_order(buf_str(&out), service_rows[i].in_order);
		CHECK_NUM(count(buf_str(&out), STR("<username>%EMAILADDRESS%</username>\n")),
		    count(buf_str(&out), STR("<hostname>")));
		buf_clear(&out);
		autodiscover_write(&a, STR("ann@example.org"), &out);
		CHECK_NUM(count(buf_str(&out), STR("<Protocol>")), 2);
		for (size_t k = 0; k < 2; k++) {
			snprintf(port, sizeof port, "<Port>%zu</Port>",
			    service_rows[i].outlook_ports[k]);
			CHECK_NUM(count(buf_str(&out), str_c(port)), 1);
		}
		buf_release(&out);
	}
}

static void
test_escapes(void)
{
	struct autoconfig a = { .hostname = STR("mail.example.org"), .ports = { 993, 0, 465, 0 } };
	struct buf out;

	TEST_ROW("what strangers name is text");
	buf_init(&out, 10000);
	autodiscover_write(&a, STR("<Port>1</Port>&\"@example.org"), &out);
	CHECK_NUM(count(buf_str(&out), STR("<Port>")), 2);
	CHECK_NUM(
	    count(buf_str(&out),
		STR("<LoginName>&lt;Port&gt;1&lt;/Port&gt;&amp;&quot;@example.org</LoginName>")),
	    2);
	buf_clear(&out);
	autoconfig_write(&a, STR("x\"><y/>"), &out);
	CHECK_NUM(count(buf_str(&out), STR("<emailProvider id=\"x&quot;&gt;&lt;y/&gt;\">")), 1);
	CHECK_NUM(count(buf_str(&out), STR("<y/>")), 0);
	buf_release(&out);
}

#define SCHEMA "http://schemas.microsoft.com/exchange/autodiscover/"
#define ASK(inside) \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"" SCHEMA \
	"outlook/requestschema/2006\">\r\n  <Request>" inside "</Request>\r\n</Autodiscover>"
#define ADDRESS     "<EMailAddress> ann@example.org </EMailAddress>"
#define WANTS(what) "<AcceptableResponseSchema>" SCHEMA what "</AcceptableResponseSchema>"

static const struct {
	const char *name, *in, *want; /* NULL: FAIL_SYNTAX */
} parse_rows[] = {
	{ "Outlook's", ASK(ADDRESS WANTS("outlook/responseschema/2006a")), "ann@example.org" },
	{ "the other order", ASK(WANTS("outlook/responseschema/2006a") ADDRESS),
	    "ann@example.org" },
	{ "without a schema", ASK(ADDRESS), "ann@example.org" },
	{ "a telephone's", ASK(ADDRESS WANTS("mobilesync/responseschema/2006")), NULL },
	{ "no address", ASK(""), NULL },
	{ "a name only", ASK("<EMailAddress>ann</EMailAddress>"), NULL },
	{ "entities", ASK("<EMailAddress>a&amp;b@example.org</EMailAddress>"), "a&b@example.org" },
	{ "two addresses", ASK(ADDRESS "<EMailAddress>b@example.org</EMailAddress>"),
	    "ann@example.org" },
	{ "elsewhere", "<a><EMailAddress>ann@example.org</EMailAddress></a>", NULL },
	{ "no XML", "ann@example.org", NULL },
	{ "an entity of its own",
	    "<!DOCTYPE a [<!ENTITY b \"c\">]>" ASK("<EMailAddress>&b;@x</EMailAddress>"), NULL },
	{ "nothing", "", NULL },
};

static void
test_parse(void)
{
	struct buf room, longer;

	for (size_t i = 0; i < ARRAY_LEN(parse_rows); i++) {
		TEST_ROW(parse_rows[i].name);
		buf_init(&room, 100);
		CHECK_NUM(autodiscover_parse(str_c(parse_rows[i].in), &room),
		    parse_rows[i].want ? FAIL_NONE : FAIL_SYNTAX);
		if (parse_rows[i].want)
			CHECK_STR(buf_str(&room), str_c(parse_rows[i].want));
		buf_release(&room);
	}
	TEST_ROW("an address too long");
	buf_init(&room, 100);
	buf_init(&longer, 1000);
	buf_add_c(&longer, "<Autodiscover><Request><EMailAddress>");
	for (int i = 0; i < 100; i++)
		buf_add_char(&longer, 'x');
	buf_add_c(&longer, "@example.org</EMailAddress></Request></Autodiscover>");
	CHECK_NUM(autodiscover_parse(buf_str(&longer), &room), FAIL_SYNTAX);
	buf_release(&room);
	buf_release(&longer);
}

int
main(void)
{
	test_services();
	test_escapes();
	test_parse();
	return test_end();
}
