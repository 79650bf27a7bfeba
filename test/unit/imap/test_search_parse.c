#include "imap/search.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

static const struct {
	const char *name, *in;
	enum fail want;
	unsigned returns;
	const char *out;
} rows[] = {
	{ "all", "ALL", FAIL_NONE, 0, "(AND (ALL))" },
	{ "flags", "seen UNDELETED", FAIL_NONE, 0, "(AND (FLAG 1) (NOT FLAG 32768))" },
	{ "not", "NOT SEEN NOT NOT SEEN", FAIL_NONE, 0, "(AND (NOT FLAG 1) (FLAG 1))" },
	{ "or", "OR SEEN (FLAGGED ANSWERED)", FAIL_NONE, 0,
	    "(AND (OR (FLAG 1) (AND (FLAG 4) (FLAG 2))))" },
	{ "cost", "TEXT x SUBJECT y SEEN", FAIL_NONE, 0,
	    "(AND (FLAG 1) (FIELD Subject:y) (TEXT x))" },
	{ "cost below", "(TEXT x) OR BODY z DRAFT FROM y", FAIL_NONE, 0,
	    "(AND (FIELD From:y) (AND (TEXT x)) (OR (FLAG 8) (BODY z)))" },
	{ "sets", "1:4,7 UID 5:*", FAIL_NONE, 0, "(AND (SEQ 1:4,7:7) (UID 5:4294967295))" },
	{ "saved", "$ SEEN", FAIL_NONE, 0, "(AND (SEQ $) (FLAG 1))" },
	{ "uid saved", "UID $", FAIL_NONE, 0, "(AND (UID $))" },
	{ "uid sides", "UIDAFTER 4 UIDBEFORE 9", FAIL_NONE, 0,
	    "(AND (UID 5:4294967294) (UID 1:8))" },
	{ "uid side without", "UIDBEFORE 1 NOT UIDAFTER 4294967295", FAIL_NONE, 0,
	    "(AND (UID ) (NOT UID ))" },
	{ "uid side of none", "UIDAFTER 0", FAIL_SYNTAX, 0, "" },
	{ "uid side of many", "UIDAFTER 1:2", FAIL_SYNTAX, 0, "" },
	{ "dates", "BEFORE 1-Jan-1970 SINCE \"2-Jan-1970\"", FAIL_NONE, 0,
	    "(AND (BEFORE 0) (SINCE 86400))" },
	{ "wrong date", "ON 32-Jan-1970", FAIL_SYNTAX, 0, "" },
	{ "sizes", "LARGER 100 SMALLER 9", FAIL_NONE, 0, "(AND (LARGER 100) (SMALLER 9))" },
	{ "keyword", "KEYWORD $Junk UNKEYWORD x", FAIL_NONE, 0,
	    "(AND (KEYWORD $Junk) (NOT KEYWORD x))" },
	{ "keyword flag", "KEYWORD \\Seen", FAIL_SYNTAX, 0, "" },
	{ "header", "HEADER X-Foo \"\"", FAIL_NONE, 0, "(AND (FIELD X-Foo:))" },
	{ "recent", "NEW OLD RECENT", FAIL_NONE, 0, "(AND (NEW) (NOT RECENT) (RECENT))" },
	{ "literal", "SUBJECT {3}\r\na b", FAIL_NONE, 0, "(AND (FIELD Subject:a b))" },
	{ "lines", "BODY {7}\r\na\r\nb\r\n\r", FAIL_NONE, 0, "(AND (BODY a\nb\n\r))" },
	{ "ids", "EMAILID e5 THREADID t1", FAIL_NONE, 0, "(AND (EMAILID e5) (THREADID t1))" },
	{ "return", "RETURN (MIN COUNT) ALL", FAIL_NONE, SEARCH_MIN | SEARCH_COUNT, "(AND (ALL))" },
	{ "return nothing", "RETURN () ALL", FAIL_NONE, SEARCH_ALL, "(AND (ALL))" },
	{ "return save", "RETURN (SAVE) ALL", FAIL_NONE, SEARCH_SAVE, "(AND (ALL))" },
	{ "partial", "RETURN (PARTIAL 5:2 COUNT) ALL", FAIL_NONE, SEARCH_PARTIAL | SEARCH_COUNT,
	    "(AND (ALL))" },
	{ "partial from the last", "RETURN (PARTIAL -1:-100) ALL", FAIL_NONE, SEARCH_PARTIAL,
	    "(AND (ALL))" },
	{ "partial mixed", "RETURN (PARTIAL -1:100) ALL", FAIL_SYNTAX, 0, "" },
	{ "partial star", "RETURN (PARTIAL 1:*) ALL", FAIL_SYNTAX, 0, "" },
	{ "partial zero", "RETURN (PARTIAL 0:1) ALL", FAIL_SYNTAX, 0, "" },
	{ "partial alone", "RETURN (PARTIAL) ALL", FAIL_SYNTAX, 0, "" },
	{ "partial twice", "RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL", FAIL_SYNTAX, SEARCH_PARTIAL,
	    "" },
	{ "partial and all", "RETURN (PARTIAL 1:2 ALL) ALL", FAIL_SYNTAX,
	    SEARCH_PARTIAL | SEARCH_ALL, "" },
	{ "relevancy", "RETURN (RELEVANCY) FUZZY SEEN", FAIL_NONE, SEARCH_RELEVANCY,
	    "(AND (FLAG 1))" },
	{ "relevancy of nothing fuzzy", "RETURN (RELEVANCY) SEEN", FAIL_SYNTAX, SEARCH_RELEVANCY,
	    "" },
	{ "fuzzy", "FUZZY SUBJECT \"a  b\"", FAIL_NONE, 0,
	    "(AND (FUZZY (FIELD Subject:a  b) (FIELD Subject:a) (FIELD Subject:b)))" },
	{ "fuzzy list", "FUZZY (TEXT x NOT BODY y 1) BODY z", FAIL_NONE, 0,
	    "(AND (AND (SEQ 1:1) (FUZZY (TEXT x)) (NOT FUZZY (BODY y))) (BODY z))" },
	{ "fuzzy not", "NOT FUZZY HEADER X \"a b\"", FAIL_NONE, 0,
	    "(AND (NOT FUZZY (FIELD X:a b) (FIELD X:a) (FIELD X:b)))" },
	{ "fuzzy nothing", "FUZZY", FAIL_SYNTAX, 0, "" },
	{ "within", "YOUNGER 5 NOT OLDER 4294967295", FAIL_NONE, 0,
	    "(AND (YOUNGER 5) (NOT OLDER 4294967295))" },
	{ "a filter is replaced later", "FILTER x-y", FAIL_NONE, 0, "(AND (ALL))" },
	{ "no name of a filter", "FILTER x/y", FAIL_SYNTAX, 0, "" },
	{ "within zero", "YOUNGER 0", FAIL_SYNTAX, 0, "" },
	{ "modseq", "MODSEQ 7", FAIL_NONE, 0, "(AND (MODSEQ 7))" },
	{ "modseq of an entry", "MODSEQ \"/flags/\\\\draft\" all 620162338", FAIL_NONE, 0,
	    "(AND (MODSEQ 620162338))" },
	{ "modseq of half an entry", "MODSEQ \"/flags/x\" 620162338", FAIL_SYNTAX, 0, "" },
	{ "modseq too large", "MODSEQ 9223372036854775808", FAIL_SYNTAX, 0, "" },
	{ "saved", "SAVEDON 2-Jan-1970 SAVEDATESUPPORTED SEEN", FAIL_NONE, 0,
	    "(AND (ALL) (FLAG 1) (SAVEDON 86400))" },
	{ "return unknown", "RETURN (FOO) ALL", FAIL_SYNTAX, 0, "" },
	{ "return alone", "RETURN (MIN)", FAIL_SYNTAX, SEARCH_MIN, "" },
	{ "charset", "CHARSET utf-8 TEXT \"\xc3\xa4\"", FAIL_NONE, 0, "(AND (TEXT \xc3\xa4))" },
	{ "charset latin", "CHARSET iso-8859-1 TEXT \"\xe4\"", FAIL_NONE, 0,
	    "(AND (TEXT \xc3\xa4))" },
	{ "charset unknown", "CHARSET x-what ALL", FAIL_MISSING, 0, "" },
	{ "empty", "", FAIL_SYNTAX, 0, "" },
	{ "unknown", "FOO", FAIL_SYNTAX, 0, "" },
	{ "blank at end", "ALL ", FAIL_SYNTAX, 0, "" },
	{ "open", "(ALL", FAIL_SYNTAX, 0, "" },
	{ "or with one", "OR ALL", FAIL_SYNTAX, 0, "" },
	{ "empty parens", "()", FAIL_SYNTAX, 0, "" },
};

static const struct {
	const char *name, *in;
	enum fail want;
	size_t criteria;
	const char *out;
} sort_rows[] = {
	{ "sort", "(DATE) UTF-8 ALL", FAIL_NONE, 1, "(AND (ALL))" },
	{ "sort in latin 1", "(REVERSE SUBJECT DATE) \"iso-8859-1\" TEXT \"\xe4\"", FAIL_NONE, 2,
	    "(AND (TEXT \xc3\xa4))" },
	{ "sort with options", "RETURN (COUNT) (DATE) UTF-8 ALL", FAIL_NONE, 1, "(AND (ALL))" },
	{ "sort by relevancy", "(RELEVANCY) UTF-8 FUZZY SEEN", FAIL_NONE, 1, "(AND (FLAG 1))" },
	{ "sort by no relevancy", "(RELEVANCY) UTF-8 SEEN", FAIL_SYNTAX, 1, "" },
	{ "sort without charset", "(DATE) ALL", FAIL_SYNTAX, 1, "" },
	{ "sort in an unknown charset", "(DATE) nix ALL", FAIL_MISSING, 1, "" },
	{ "sort without criteria", "UTF-8 ALL", FAIL_SYNTAX, 0, "" },
};

static void
test_sort(void)
{
	struct imap_search search;
	struct buf out;

	buf_init(&out, 100000);
	for (size_t i = 0; i < ARRAY_LEN(sort_rows); i++) {
		struct imap_cursor c = { str_c(sort_rows[i].in), &arena, false };

		TEST_ROW(sort_rows[i].name);
		CHECK_NUM(imap_sort_parse(&c, &search), sort_rows[i].want);
		CHECK_NUM(search.sort.count, sort_rows[i].criteria);
		if (sort_rows[i].want != FAIL_NONE)
			continue;
		buf_clear(&out);
		imap_search_write(&out, search.root);
		CHECK_STR(buf_str(&out), str_c(sort_rows[i].out));
	}
	buf_release(&out);
}

static const struct {
	const char *name, *in;
	enum fail want;
	unsigned groups;
	size_t named;
} esearch_rows[] = {
	{ "esearch", "ALL", FAIL_NONE, SOURCE_SELECTED, 0 },
	{ "esearch in", "IN (selected personal) ALL", FAIL_NONE, SOURCE_SELECTED | SOURCE_PERSONAL,
	    0 },
	{ "esearch in names",
	    "IN (mailboxes (a \"b c\" {1}\r\nd) subtree e subtree-one f) RETURN () ALL", FAIL_NONE,
	    0, 5 },
	{ "esearch nowhere", "IN () ALL", FAIL_SYNTAX, 0, 0 },
	{ "esearch without list", "IN personal ALL", FAIL_SYNTAX, 0, 0 },
	{ "esearch in an option", "IN (personal (x)) ALL", FAIL_SYNTAX, SOURCE_PERSONAL, 0 },
	{ "esearch of nothing", "IN (personal)", FAIL_SYNTAX, SOURCE_PERSONAL, 0 },
	{ "esearch in selected-delayed", "IN (selected-delayed) ALL", FAIL_SYNTAX, 0, 0 },
};

static void
test_esearch(void)
{
	struct imap_search search;
	struct buf many;

	for (size_t i = 0; i < ARRAY_LEN(esearch_rows); i++) {
		struct imap_cursor c = { str_c(esearch_rows[i].in), &arena, false };

		TEST_ROW(esearch_rows[i].name);
		CHECK_NUM(imap_esearch_parse(&c, &search), esearch_rows[i].want);
		CHECK_NUM(search.sources.groups, esearch_rows[i].groups);
		CHECK_NUM(search.sources.count, esearch_rows[i].named);
		CHECK(imap_sources_only_selected(&search.sources) == (i == 0));
	}
	TEST_ROW("esearch in too many");
	buf_init(&many, 100000);
	buf_add_c(&many, "IN (mailboxes (a");
	for (int i = 0; i < IMAP_SOURCE_NAMES_MAX; i++)
		buf_add_c(&many, " a");
	buf_add_c(&many, ")) ALL");
	struct imap_cursor c = { buf_str(&many), &arena, false };
	CHECK(imap_esearch_parse(&c, &search) == FAIL_LIMIT);
	buf_release(&many);
}

static void
test_limits(void)
{
	struct imap_search search;
	struct buf text;

	buf_init(&text, 100000);
	TEST_ROW("deep");
	for (int i = 0; i < 5000; i++)
		buf_add_c(&text, "(");
	struct imap_cursor c = { buf_str(&text), &arena, false };
	CHECK(imap_search_parse(&c, &search) == FAIL_LIMIT);
	buf_clear(&text);
	TEST_ROW("deep not");
	for (int i = 0; i < 5000; i++)
		buf_add_c(&text, "NOT ");
	c = (struct imap_cursor){ buf_str(&text), &arena, false };
	CHECK(imap_search_parse(&c, &search) == FAIL_LIMIT);
	buf_clear(&text);
	TEST_ROW("many");
	for (int i = 0; i < 5000; i++)
		buf_add_c(&text, "ALL ");
	c = (struct imap_cursor){ buf_str(&text), &arena, false };
	CHECK(imap_search_parse(&c, &search) == FAIL_LIMIT);
	buf_release(&text);
}

int
main(void)
{
	struct imap_search search;
	struct buf out;

	arena_init(&arena, 1000000);
	buf_init(&out, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { str_c(rows[i].in), &arena, false };

		TEST_ROW(rows[i].name);
		CHECK_NUM(imap_search_parse(&c, &search), rows[i].want);
		CHECK_NUM(search.returns, rows[i].returns);
		if (rows[i].want != FAIL_NONE)
			continue;
		buf_clear(&out);
		imap_search_write(&out, search.root);
		CHECK_STR(buf_str(&out), str_c(rows[i].out));
		arena_reset(&arena);
	}
	TEST_ROW("numbers");
	struct imap_cursor numbers = { STR("OR SEEN (NOT 1:*)"), &arena, false };
	CHECK(imap_search_parse(&numbers, &search) == FAIL_NONE && search.has_numbers);
	numbers = (struct imap_cursor){ STR("$ UID 1:*"), &arena, false };
	CHECK(imap_search_parse(&numbers, &search) == FAIL_NONE && !search.has_numbers);
	TEST_ROW("resolve");
	struct imap_cursor c = { STR("OR 1:* (UID *:3)"), &arena, false };
	CHECK(imap_search_parse(&c, &search) == FAIL_NONE);
	imap_search_resolve(search.root, 7, 90);
	buf_clear(&out);
	imap_search_write(&out, search.root);
	CHECK_STR(buf_str(&out), STR("(AND (OR (SEQ 1:7) (AND (UID 3:90))))"));
	test_sort();
	test_esearch();
	test_limits();
	buf_release(&out);
	arena_release(&arena);
	return test_end();
}
