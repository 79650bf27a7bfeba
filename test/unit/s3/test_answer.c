#include "s3/answer.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* --- answers ------------------------------------------------------------------------------- */

static void
test_errors(void)
{
	struct s3_error e;

	TEST_ROW("errors");
	CHECK(s3_answer_error(STR("<Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message>"
				  "<Key>x</Key></Error>"),
	    &e));
	CHECK_STR(e.code, STR("NoSuchKey"));
	CHECK_STR(e.message, STR("no <key>"));
	CHECK(!s3_answer_error(STR("<Error><Code></Code></Error>"), &e));
	CHECK(!s3_answer_error(STR("<Error><Code>A</Code>"), &e));
	CHECK_NUM(e.code.n, 0);
	CHECK(!s3_answer_error(STR("<x><Error><Code>A</Code></Error></x>"), &e));
	CHECK(!s3_answer_error(STR("nothing"), &e));
	CHECK_NUM(s3_answer_is(STR("<CopyObjectResult/>"), STR("CopyObjectResult")), FAIL_NONE);
	CHECK_NUM(s3_answer_is(STR("<Error/>"), STR("CopyObjectResult")), FAIL_SYNTAX);
	CHECK_NUM(s3_answer_is(STR(""), STR("CopyObjectResult")), FAIL_SYNTAX);
}

static const struct {
	const char *name, *in, *want;
	enum fail fail;
} upload_rows[] = {
	{ "id",
	    "<InitiateMultipartUploadResult><Bucket>b</Bucket><UploadId>a&amp;b"
	    "</UploadId></InitiateMultipartUploadResult>",
	    "a&b", FAIL_NONE },
	{ "none", "<InitiateMultipartUploadResult/>", "", FAIL_SYNTAX },
	{ "empty", "<InitiateMultipartUploadResult><UploadId/></InitiateMultipartUploadResult>", "",
	    FAIL_SYNTAX },
	{ "two",
	    "<InitiateMultipartUploadResult><UploadId>a</UploadId><UploadId>b</UploadId>"
	    "</InitiateMultipartUploadResult>",
	    "a", FAIL_SYNTAX },
};

static void
test_uploads(void)
{
	for (size_t i = 0; i < ARRAY_LEN(upload_rows); i++) {
		struct buf id;

		TEST_ROW(upload_rows[i].name);
		buf_init(&id, S3_UPLOAD_ID_MAX);
		CHECK_NUM(s3_answer_upload(str_c(upload_rows[i].in), &id), upload_rows[i].fail);
		CHECK_STR(buf_str(&id), str_c(upload_rows[i].want));
		buf_release(&id);
	}
}

#define PAGE(x) "<ListBucketResult>" x "</ListBucketResult>"
#define LAST    "<IsTruncated>false</IsTruncated>"
#define MORE    "<IsTruncated>true</IsTruncated>"
#define OBJECT(key, size) \
	"<Contents><Key>" key "</Key><ETag>x</ETag><Size>" size \
	"</Size><Owner><ID>1</ID></Owner></Contents>"

static const struct {
	const char *name, *in;
	enum fail fail;
	const char *want; /* "key=size;" .. and "+" when there is more */
} list_rows[] = {
	{ "empty", PAGE(LAST), FAIL_NONE, "" },
	{ "two",
	    PAGE("<Name>b</Name>" OBJECT("a", "1") OBJECT("b&amp;", "18446744073709551615") LAST),
	    FAIL_NONE, "a=1;b&=18446744073709551615;" },
	{ "more", PAGE(MORE OBJECT("a", "0")), FAIL_NONE, "a=0;+" },
	{ "no flag", PAGE(OBJECT("a", "0")), FAIL_SYNTAX, "" },
	{ "another flag", PAGE("<IsTruncated>maybe</IsTruncated>"), FAIL_SYNTAX, "" },
	{ "more of nothing", PAGE(MORE), FAIL_SYNTAX, "" },
	{ "no size", PAGE("<Contents><Key>a</Key></Contents>" LAST), FAIL_SYNTAX, "" },
	{ "no key", PAGE("<Contents><Size>1</Size></Contents>" LAST), FAIL_SYNTAX, "" },
	{ "empty key", PAGE(OBJECT("", "1") LAST), FAIL_LIMIT, "" },
	{ "size below zero", PAGE(OBJECT("a", "-1") LAST), FAIL_SYNTAX, "" },
	{ "size too large", PAGE(OBJECT("a", "18446744073709551616") LAST), FAIL_SYNTAX, "" },
	{ "not sorted", PAGE(OBJECT("b", "1") OBJECT("a", "1") LAST), FAIL_SYNTAX, "" },
	{ "twice", PAGE(OBJECT("a", "1") OBJECT("a", "1") LAST), FAIL_SYNTAX, "" },
	{ "cut", "<ListBucketResult>" LAST OBJECT("a", "1"), FAIL_SYNTAX, "" },
	{ "something else", "<Other>" LAST "</Other>", FAIL_SYNTAX, "" },
};

static void
test_lists(void)
{
	struct s3_page page;
	struct buf got;

	for (size_t i = 0; i < ARRAY_LEN(list_rows); i++) {
		TEST_ROW(list_rows[i].name);
		buf_init(&got, 1000);
		CHECK_NUM(s3_answer_list(str_c(list_rows[i].in), &page), list_rows[i].fail);
		for (size_t k = 0; k < page.count; k++) {
			buf_add(&got, page.objects[k].key);
			buf_add_c(&got, "=");
			buf_add_u64(&got, page.objects[k].size);
			buf_add_c(&got, ";");
		}
		buf_add_c(&got, page.has_more ? "+" : "");
		CHECK_STR(buf_str(&got), str_c(list_rows[i].want));
		s3_page_release(&page);
		buf_release(&got);
	}
	TEST_ROW("more than a page");
	buf_init(&got, 1000000);
	buf_add_c(&got, "<ListBucketResult>" LAST);
	for (int i = 0; i <= S3_PAGE_MAX; i++) {
		char text[100];

		snprintf(text, sizeof text, OBJECT("k%06d", "1"), i);
		buf_add_c(&got, text);
	}
	buf_add_c(&got, "</ListBucketResult>");
	CHECK_NUM(s3_answer_list(buf_str(&got), &page), FAIL_LIMIT);
	CHECK_NUM(page.count, 0);
	buf_release(&got);
}

int
main(void)
{
	test_errors();
	test_uploads();
	test_lists();
	return test_end();
}
