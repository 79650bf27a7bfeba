/* Blob/upload, /get, /lookup (RFC 9404) and /copy (RFC 8620 6.3): rows, and blobs longer than a slice. */
#include "fixture.h"

/* rooms */
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
	account_close(&bob);
	fixture_close(&f);
	return test_end();
}
