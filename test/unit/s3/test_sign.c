#include "s3/sign.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define PUT_SUM \
	"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" /* "Welcome to Amazon S3." */

/* The examples of Amazon's "Authenticating Requests", and of its test suite for the signature. */
static const struct sign_key s3_key = {
	STR_INIT("AKIAIOSFODNN7EXAMPLE"),
	STR_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
	STR_INIT("us-east-1"),
	STR_INIT("s3"),
};
static const struct sign_key suite_key = {
	STR_INIT("AKIDEXAMPLE"),
	STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
	STR_INIT("us-east-1"),
	STR_INIT("service"),
};

static const struct {
	const char *name;
	const struct sign_key *key;
	const char *method, *path, *query, *payload;
	struct http_header headers[6];
	const char *signed_headers, *signature;
} rows[] = {
	{ "S3: get a part of an object", &s3_key, "GET", "/test.txt", "", EMPTY,
	    { { STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com") },
		{ STR_INIT("range"), STR_INIT("bytes=0-9") },
		{ STR_INIT("x-amz-content-sha256"), STR_INIT(EMPTY) },
		{ STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z") } },
	    "host;range;x-amz-content-sha256;x-amz-date",
	    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
	{ "S3: put an object", &s3_key, "PUT", "/test%24file.text", "", PUT_SUM,
	    { { STR_INIT("date"), STR_INIT("Fri, 24 May 2013 00:00:00 GMT") },
		{ STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com") },
		{ STR_INIT("x-amz-content-sha256"), STR_INIT(PUT_SUM) },
		{ STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z") },
		{ STR_INIT("x-amz-storage-class"), STR_INIT("REDUCED_REDUNDANCY") } },
	    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
	{ "S3: a query without value", &s3_key, "GET", "/", "lifecycle=", EMPTY,
	    { { STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com") },
		{ STR_INIT("x-amz-content-sha256"), STR_INIT(EMPTY) },
		{ STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z") } },
	    "host;x-amz-content-sha256;x-amz-date",
	    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
	{ "S3: list", &s3_key, "GET", "/", "max-keys=2&prefix=J", EMPTY,
	    { { STR_INIT("host"), STR_INIT("examplebucket.s3.amazonaws.com") },
		{ STR_INIT("x-amz-content-sha256"), STR_INIT(EMPTY) },
		{ STR_INIT("x-amz-date"), STR_INIT("20130524T000000Z") } },
	    "host;x-amz-content-sha256;x-amz-date",
	    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
	{ "suite: get-vanilla", &suite_key, "GET", "/", "", EMPTY,
	    { { STR_INIT("host"), STR_INIT("example.amazonaws.com") },
		{ STR_INIT("x-amz-date"), STR_INIT("20150830T123600Z") } },
	    "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "suite: post-vanilla", &suite_key, "POST", "/", "", EMPTY,
	    { { STR_INIT("host"), STR_INIT("example.amazonaws.com") },
		{ STR_INIT("x-amz-date"), STR_INIT("20150830T123600Z") } },
	    "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "suite: get-vanilla-query-order-key-case", &suite_key, "GET", "/",
	    "Param1=value1&Param2=value2", EMPTY,
	    { { STR_INIT("host"), STR_INIT("example.amazonaws.com") },
		{ STR_INIT("x-amz-date"), STR_INIT("20150830T123600Z") } },
	    "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "suite: get-utf8", &suite_key, "GET", "/%E1%88%B4", "", EMPTY,
	    { { STR_INIT("host"), STR_INIT("example.amazonaws.com") },
		{ STR_INIT("x-amz-date"), STR_INIT("20150830T123600Z") } },
	    "host;x-amz-date", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
};

static size_t
count_headers(const struct http_header *headers)
{
	size_t n = 0;

	while (n < 6 && headers[n].name.n > 0)
		n++;
	return n;
}

static void
test_vectors(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t count = count_headers(rows[i].headers);
		struct sign_request r = { .method = str_c(rows[i].method),
			.path = str_c(rows[i].path),
			.query = str_c(rows[i].query),
			.headers = rows[i].headers,
			.header_count = count,
			.payload = str_c(rows[i].payload) };
		struct buf got, want;

		TEST_ROW(rows[i].name);
		for (size_t k = 0; k < count; k++)
			if (str_eq(rows[i].headers[k].name, STR("x-amz-date")))
				r.date = rows[i].headers[k].value;
		buf_init(&got, 10000);
		buf_init(&want, 10000);
		sign_request(&got, &r, rows[i].key);
		buf_add_c(&want, "AWS4-HMAC-SHA256 Credential=");
		buf_add(&want, rows[i].key->access_key);
		buf_add_c(&want, "/");
		buf_add(&want, str_head(r.date, 8));
		buf_add_c(&want, "/us-east-1/");
		buf_add(&want, rows[i].key->service);
		buf_add_c(&want, "/aws4_request,SignedHeaders=");
		buf_add_c(&want, rows[i].signed_headers);
		buf_add_c(&want, ",Signature=");
		buf_add_c(&want, rows[i].signature);
		CHECK_STR(buf_str(&got), buf_str(&want));
		buf_release(&got);
		buf_release(&want);
	}
}

static const struct {
	const char *name, *in, *want;
	bool keeps_slash;
} escape_rows[] = {
	{ "plain", "aZ09-._~", "aZ09-._~", false },
	{ "a name of ours", "ann@example.org/1.M2,S=3", "ann%40example.org/1.M2%2CS%3D3", true },
	{ "slash", "a/b", "a%2Fb", false },
	{ "plus and blank", "a+b c", "a%2Bb%20c", true },
	{ "percent", "%2e", "%252e", true },
	{ "bytes", "\xc3\xbc\x01", "%C3%BC%01", true },
};

static void
test_escape(void)
{
	for (size_t i = 0; i < ARRAY_LEN(escape_rows); i++) {
		struct buf out;

		TEST_ROW(escape_rows[i].name);
		buf_init(&out, 1000);
		sign_escape(&out, str_c(escape_rows[i].in), escape_rows[i].keeps_slash);
		CHECK_STR(buf_str(&out), str_c(escape_rows[i].want));
		buf_release(&out);
	}
	TEST_ROW("date");
	struct buf date;

	buf_init(&date, SIGN_DATE_LENGTH);
	sign_date(&date, 1440938160);
	CHECK_STR(buf_str(&date), STR("20150830T123600Z"));
	buf_release(&date);
}

int
main(void)
{
	test_vectors();
	test_escape();
	return test_end();
}
