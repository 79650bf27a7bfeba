/* Blob/upload, /get, /lookup (RFC 9404) and /copy (RFC 8620 6.3): rows, and blobs longer than a slice. */
#include "fixture.h"

/* rooms */
#include "codec/base64.h"
#include "mail/acl.h"

/* Its attachment is "AAECAw==", four bytes that are no UTF-8 text together with 0xff. */
static const char message[] =
    "From: Bob <bob@example.test>\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    "--o\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nK\xc3\xa4se\r\n"
    "--o\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC/w==\r\n--o--\r\n";

static const struct fixture_row rows[] = {
#include "blob.rows"
};

/* A large upload: its digest takes many slices, and its bytes are too many for a response. */
static void
check_large(struct fixture *f)
{
	size_t n = 24 * 1024 * 1024;
	char *bytes = mem_new(n + 1, 1);
	struct buf calls, got;
	uint64_t last;

	TEST_ROW("large");
	for (size_t i = 0; i < n; i++)
		bytes[i] = 'x';
	buf_init(&calls, 1000);
	buf_init(&got, 1 << 16);
	buf_add_c(&calls, "[['Blob/get',{'accountId':'a1','ids':['u");
	last = fixture_upload(f, bytes);
	buf_add_u64(&calls, last);
	buf_add_c(&calls, "'],'properties':['digest:sha-256','size']},'c']]");
	fixture_run(f, buf_c(&calls), &got);
	CHECK(f->slices > 3);
	CHECK(
	    str_find(buf_str(&got),
		STR("\"digest:sha-256\":\"8t62FoSgqm8PuNgINItewW0/IJ6AYZpypAvpRlu9YdU=\",\"size\":"
		    "25165824")) != STR_NONE);
	buf_clear(&calls);
	buf_add_c(&calls, "[['Blob/get',{'accountId':'a1','ids':['u");
	buf_add_u64(&calls, last);
	buf_add_c(&calls, "'],'properties':['data']},'c']]");
	fixture_run(f, buf_c(&calls), &got);
	CHECK(str_find(buf_str(&got), STR("requestTooLarge")) != STR_NONE);
	buf_clear(&calls);
	buf_add_c(&calls, "[['Blob/upload',{'accountId':'a1','create':{'a':{'data':[{'blobId':'u");
	buf_add_u64(&calls, last);
	buf_add_c(&calls, "'}]}}},'c']]");
	fixture_run(f, buf_c(&calls), &got);
	CHECK(str_find(buf_str(&got), STR("tooLarge")) != STR_NONE);
	mem_free(bytes);
	buf_release(&calls);
	buf_release(&got);
}

/* --- long data --------------------------------------------------------------------------------- */

#define DATA_BYTES  3000000      /* of the JMAP_BLOB_DATA_MAX that a response may have */
#define SLICE_BYTES (128 * 1024) /* as many of them are worked on in one slice, at most */

/* A text whose characters have one to four bytes, so that pieces end within them. */
static void
make_data(struct buf *text, struct buf *base64, bool is_text)
{
	buf_init(text, 2 * DATA_BYTES);
	buf_init(base64, 2 * DATA_BYTES);
	while (buf_str(text).n < DATA_BYTES)
		buf_add_c(text, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.");
	if (!is_text)
		buf_add_char(text, (char)0xc3); /* at its end only */
	base64_write(base64, buf_str(text));
}

/* Upload it in this form; the blob's id is "u<last>". */
static uint64_t
upload_data(struct fixture *f, const char *form, struct str data)
{
	struct buf calls, got;
	struct str id;
	uint64_t last = 0;

	buf_init(&calls, 3 * DATA_BYTES);
	buf_init(&got, 1 << 16);
	buf_add_c(&calls, "[['Blob/upload',{'accountId':'a1','create':{'k':{'data':[{'");
	buf_add_c(&calls, form);
	buf_add_c(&calls, "':'");
	buf_add(&calls, data);
	buf_add_c(&calls, "'},{'data:asBase64':''},{'data:asText':''}]}}},'c']]");
	fixture_run(f, buf_c(&calls), &got);
	CHECK(f->slices >= DATA_BYTES / SLICE_BYTES);
	id = str_from(buf_str(&got), str_find(buf_str(&got), STR("\"id\":\"u")) + 7);
	CHECK(str_u64(&id, UINT64_MAX, &last));
	buf_release(&calls);
	buf_release(&got);
	return last;
}

/* Ask for it in this form. */
static void
get_data(struct fixture *f, uint64_t id, const char *form, struct buf *got)
{
	struct buf calls;

	buf_init(&calls, 1000);
	buf_add_c(&calls, "[['Blob/get',{'accountId':'a1','ids':['u");
	buf_add_u64(&calls, id);
	buf_add_c(&calls, "'],'properties':['");
	buf_add_c(&calls, form);
	buf_add_c(&calls, "','size']},'c']]");
	fixture_run(f, buf_c(&calls), got);
	CHECK(f->slices >= DATA_BYTES / SLICE_BYTES);
	buf_release(&calls);
}

static void
check_member(struct str got, const char *name, struct str value, bool is_there)
{
	struct buf want;

	buf_init(&want, value.n + 100);
	buf_add_c(&want, "\"");
	buf_add_c(&want, name);
	buf_add_c(&want, "\":\"");
	buf_add(&want, value);
	buf_add_c(&want, "\",\"");
	CHECK((str_find(got, buf_str(&want)) != STR_NONE) == is_there);
	buf_release(&want);
}

static const struct {
	const char *name, *form;
	bool is_text, gives_text, gives_base64;
} data_rows[] = {
	{ "a long text", "data", true, true, false },
	{ "a long text as text", "data:asText", true, true, false },
	{ "a long text as base64", "data:asBase64", true, false, true },
	{ "a long text both ways", "data:asText','data:asBase64", true, true, true },
	{ "long bytes", "data", false, false, true },
	{ "long bytes as base64", "data:asBase64", false, false, true },
};

static void
check_data(struct fixture *f)
{
	struct buf text, base64, got;

	buf_init(&got, 1 << 24);
	for (size_t i = 0; i < ARRAY_LEN(data_rows); i++) {
		bool is_text = data_rows[i].is_text;
		uint64_t id;

		TEST_ROW(data_rows[i].name);
		make_data(&text, &base64, is_text);
		id = i % 2 && is_text ? upload_data(f, "data:asText", buf_str(&text))
				      : upload_data(f, "data:asBase64", buf_str(&base64));
		get_data(f, id, data_rows[i].form, &got);
		check_member(buf_str(&got), "data:asText", buf_str(&text), data_rows[i].gives_text);
		check_member(buf_str(&got), "data:asBase64", buf_str(&base64),
		    data_rows[i].gives_base64);
		CHECK((str_find(buf_str(&got), STR("\"isEncodingProblem\":true")) != STR_NONE) ==
		    (!is_text && data_rows[i].gives_base64 &&
			str_eq(str_c(data_rows[i].form), STR("data"))));
		buf_release(&text);
		buf_release(&base64);
	}
	buf_release(&got);
}

static void
check_gone(struct fixture *f)
{
	static const char *const calls[] = {
		"[['Blob/get',{'accountId':'a1','ids':['#k'],'properties':['data:asBase64']},'d']]",
		"[['Blob/upload',{'accountId':'a1','create':{'n':{'data':[{'blobId':'#k'}]}}},'d']]",
	};
	struct buf text, base64, request, got;

	TEST_ROW("the client goes away in between");
	make_data(&text, &base64, true);
	buf_init(&request, 3 * DATA_BYTES);
	buf_init(&got, 1 << 24);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		struct str id = STR("#k"), call = str_c(calls[i]);
		size_t at = str_find(call, id);

		buf_clear(&request);
		buf_add(&request, str_head(call, at));
		buf_add_c(&request, "u");
		buf_add_u64(&request, upload_data(f, "data:asText", buf_str(&text)));
		buf_add(&request, str_from(call, at + id.n));
		f->give_up_at = DATA_BYTES / SLICE_BYTES / 2;
		CHECK(fixture_try(f, buf_c(&request), &got));
		CHECK_NUM(f->slices, f->give_up_at);
		f->give_up_at = 0;
	}
	buf_release(&text);
	buf_release(&base64);
	buf_release(&request);
	buf_release(&got);
}

/* Base64 that is wrong far behind its beginning; padding in its middle, where a piece may end. */
static void
check_wrong_data(struct fixture *f)
{
	static const struct {
		const char *name;
		size_t at;
		const char *bytes;
	} wrong_rows[] = {
		{ "no base64 at its end", 400000 - 1, "!" },
		{ "padding in the middle", 200000 - 1, "=" },
		{ "padding behind 48 KB", 49152 - 1, "=" },
		{ "padding behind 64 KB", 65536 - 1, "=" },
		{ "padding behind 64 KB, twice", 65536 - 2, "==" },
		{ "padding behind 256 KB", 262144 - 1, "=" },
	};
	struct buf calls, got;

	buf_init(&calls, 1 << 20);
	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(wrong_rows); i++) {
		TEST_ROW(wrong_rows[i].name);
		buf_clear(&calls);
		buf_add_c(&calls,
		    "[['Blob/upload',{'accountId':'a1','create':{'k':{'data':[{'data:asBase64':'");
		for (size_t n = 0; n < 400000; n++) {
			size_t back = n - wrong_rows[i].at;

			if (n >= wrong_rows[i].at && back < str_c(wrong_rows[i].bytes).n)
				buf_add_char(&calls, wrong_rows[i].bytes[back]);
			else
				buf_add_char(&calls, 'A');
		}
		buf_add_c(&calls, "'}]},'n':{'data':[{'data:asText':'next'}]}}},'c']]");
		fixture_run(f, buf_c(&calls), &got);
		CHECK_HAS(buf_str(&got),
		    STR("\"notCreated\":{\"k\":{\"type\":\"invalidProperties\""));
		CHECK_HAS(buf_str(&got), STR("\"size\":4}"));
	}
	buf_release(&calls);
	buf_release(&got);
}

int
main(void)
{
	struct fixture f;
	struct account *bob;

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:blob'";
	fixture_add(&f, message, 1700000001, 0);
	CHECK_NUM(account_open(f.mail, STR("bob@example.test"), NULL, &bob), FAIL_NONE);
	CHECK_NUM(acl_set(bob, 1, f.account->name, ACL_LOOKUP | ACL_READ), FAIL_NONE);
	CHECK_NUM(acl_set(bob, 2, f.account->name, ACL_LOOKUP | ACL_READ | ACL_INSERT), FAIL_NONE);
	fixture_rows(&f, rows, ARRAY_LEN(rows));
	check_large(&f);
	check_data(&f);
	check_gone(&f);
	check_wrong_data(&f);
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
