/* TLSA records against chains: which records count, and what they match. */

/* system */
#include <fcntl.h>
#include <unistd.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "crypto/hash.h"
#include "tls/chain.h"
#include "codec/pem.h"
#include "tls/x509.h"
#include "tlspolicy/dane.h"

#define DATA "test/unit/tls/data/"
#define NOW  1900000000 /* 2030 */
#define OLD  1580000000 /* 2020-01-26: when expired.pem was valid */

/* A record about certificate `at` of a file, or one with bytes of its own. */
struct record_row {
	uint8_t usage, selector, matching;
	const char *file;
	unsigned at;
	const char *bytes;
};

static const struct {
	const char *name, *chain[3]; /* files, one after the other */
	struct record_row records[4];
	const char *names[2];
	int64_t now_s;
	enum tls_result want;
} rows[] = {
#define AT(usage, selector, matching, at, file) \
	{ \
		usage, selector, matching, DATA file, at, NULL \
	}
#define RSA \
	{ \
		DATA "rsa.pem" \
	} /* leaf, middle */
#define WHOLE \
	{ \
		DATA "rsa.pem", DATA "root.pem" \
	}
#define MAIL \
	{ \
		"mail.example.test" \
	}
	{ "3 1 1", RSA, { AT(3, 1, 1, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "3 1 2", RSA, { AT(3, 1, 2, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "3 1 0", RSA, { AT(3, 1, 0, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "3 0 1", RSA, { AT(3, 0, 1, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "3 0 2", RSA, { AT(3, 0, 2, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "3 0 0", RSA, { AT(3, 0, 0, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "another's", RSA, { AT(3, 1, 1, 0, "ec.pem") }, MAIL, NOW, TLS_RESULT_INVALID },
	{ "the second of two", RSA, { AT(3, 1, 1, 0, "ec.pem"), AT(3, 1, 1, 0, "rsa.pem") }, MAIL,
	    NOW, TLS_RESULT_SUCCESS },
	{ "usage 3: the name means nothing", RSA, { AT(3, 1, 1, 0, "rsa.pem") }, { "other.test" },
	    NOW, TLS_RESULT_SUCCESS },
	{ "usage 3: nor does the date", { DATA "expired.pem" }, { AT(3, 1, 1, 0, "expired.pem") },
	    MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "usage 3: it is about the first certificate", RSA, { AT(3, 1, 1, 1, "rsa.pem") }, MAIL,
	    NOW, TLS_RESULT_INVALID },
	{ "usage 3: an issuer is not needed", { DATA "ec.pem" }, { AT(3, 1, 1, 0, "ec.pem") }, MAIL,
	    NOW, TLS_RESULT_SUCCESS },

	{ "2 0 1, the intermediate one", RSA, { AT(2, 0, 1, 1, "rsa.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "2 1 1, the intermediate one", RSA, { AT(2, 1, 1, 1, "rsa.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "2 1 2, the root", WHOLE, { AT(2, 1, 2, 0, "root.pem") }, MAIL, NOW, TLS_RESULT_SUCCESS },
	{ "2 1 1, a root that is not shown", RSA, { AT(2, 1, 1, 0, "root.pem") }, MAIL, NOW,
	    TLS_RESULT_INVALID },
	{ "2 0 0, a root that is not shown", RSA, { AT(2, 0, 0, 0, "root.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "2 1 0, a root that is not shown", RSA, { AT(2, 1, 0, 0, "root.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "2 1 0, the key of another", RSA, { AT(2, 1, 0, 0, "ec.pem") }, MAIL, NOW,
	    TLS_RESULT_NOT_TRUSTED },
	{ "2 0 0, no authority", RSA, { AT(2, 0, 0, 0, "ec.pem") }, MAIL, NOW, TLS_RESULT_INVALID },
	{ "usage 2: not the server's own", RSA, { AT(2, 1, 1, 0, "rsa.pem") }, MAIL, NOW,
	    TLS_RESULT_INVALID },
	{ "usage 2: by a star", RSA, { AT(2, 1, 1, 1, "rsa.pem") }, { "mx7.example.test" }, NOW,
	    TLS_RESULT_SUCCESS },
	{ "usage 2: another name", RSA, { AT(2, 1, 1, 1, "rsa.pem") }, { "other.test" }, NOW,
	    TLS_RESULT_HOST_MISMATCH },
	{ "usage 2: the second name does", RSA, { AT(2, 1, 1, 1, "rsa.pem") },
	    { "other.test", "mail.example.test" }, NOW, TLS_RESULT_SUCCESS },
	{ "usage 2: no name at all", RSA, { AT(2, 1, 1, 1, "rsa.pem") }, { NULL }, NOW,
	    TLS_RESULT_HOST_MISMATCH },
	{ "usage 2: expired", { DATA "expired.pem", DATA "root.pem" },
	    { AT(2, 0, 0, 0, "root.pem") }, MAIL, NOW, TLS_RESULT_EXPIRED },
	{ "usage 2: the anchor is not valid yet", WHOLE, { AT(2, 1, 1, 0, "root.pem") }, MAIL, OLD,
	    TLS_RESULT_EXPIRED },
	{ "usage 2: shown, and did not sign", { DATA "rsa.pem", DATA "root.pem", DATA "p384.pem" },
	    { AT(2, 0, 1, 0, "p384.pem") }, MAIL, NOW, TLS_RESULT_NOT_TRUSTED },

	{ "nothing counts: usage 0 and 1", RSA,
	    { AT(0, 1, 1, 1, "rsa.pem"), AT(1, 1, 1, 0, "rsa.pem") }, MAIL, NOW,
	    TLS_RESULT_TLSA_INVALID },
	{ "nothing counts: unknown numbers", RSA,
	    { AT(4, 1, 1, 0, "rsa.pem"), AT(3, 2, 1, 0, "rsa.pem"), AT(255, 1, 1, 0, "rsa.pem") },
	    MAIL, NOW, TLS_RESULT_TLSA_INVALID },
	{ "nothing counts: a matching of the future", RSA, { { 3, 1, 3, .bytes = "12345678" } },
	    MAIL, NOW, TLS_RESULT_TLSA_INVALID },
	{ "nothing counts: a short hash", RSA,
	    { { 3, 1, 1, .bytes = "1234567890123456789012345678901" } }, MAIL, NOW,
	    TLS_RESULT_TLSA_INVALID },
	{ "nothing counts: no certificate", RSA,
	    { { 2, 0, 0, .bytes = "hello" }, { 3, 1, 0, .bytes = "\x30\x03" } }, MAIL, NOW,
	    TLS_RESULT_TLSA_INVALID },
	{ "one that does not count beside one that does", RSA,
	    { AT(1, 1, 1, 0, "rsa.pem"), AT(3, 1, 1, 0, "rsa.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "a wrong one counts, a right one does not", RSA,
	    { AT(1, 1, 1, 0, "rsa.pem"), AT(3, 1, 1, 0, "ec.pem") }, MAIL, NOW,
	    TLS_RESULT_INVALID },
	{ "the stronger hash alone", RSA, { AT(3, 1, 1, 0, "rsa.pem"), AT(3, 1, 2, 0, "ec.pem") },
	    MAIL, NOW, TLS_RESULT_INVALID },
	{ "the stronger hash of another selector", RSA,
	    { AT(3, 1, 1, 0, "rsa.pem"), AT(3, 0, 2, 0, "ec.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "usage 2 fails, usage 3 does not", RSA,
	    { AT(2, 1, 1, 0, "root.pem"), AT(3, 1, 1, 0, "rsa.pem") }, MAIL, NOW,
	    TLS_RESULT_SUCCESS },
	{ "no chain", { NULL }, { AT(3, 1, 1, 0, "rsa.pem") }, MAIL, NOW, TLS_RESULT_INVALID },
};

static void
read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = 0;

	CHECK(fd >= 0);
	do {
		char *room = buf_room(out, 65536);

		got = room ? read(fd, room, 65536) : -1;
		buf_grow(out, got > 0 ? (size_t)got : 0);
	} while (got > 0);
	close(fd);
}

static void
add_file(struct buf *chain, const char *path)
{
	struct buf file, der;
	struct str text, label;

	buf_init(&file, 1 << 20);
	buf_init(&der, 1 << 20);
	read_file(path, &file);
	text = buf_str(&file);
	while (pem_next(&text, &label, &der) == FAIL_NONE)
		chain_add(chain, buf_str(&der));
	buf_release(&der);
	buf_release(&file);
}

static void
write_data(const struct record_row *row, struct buf *out)
{
	unsigned char digest[HASH_SIZE_MAX];
	struct x509_facts facts;
	struct str certificates, der, chosen;
	struct buf chain;
	enum hash hash = row->matching == DANE_SHA256 ? HASH_SHA256 : HASH_SHA512;

	if (row->bytes) {
		buf_add_c(out, row->bytes);
		return;
	}
	buf_init(&chain, 1 << 20);
	add_file(&chain, row->file);
	certificates = buf_str(&chain);
	for (unsigned i = 0; i <= row->at; i++)
		CHECK(chain_next(&certificates, &der));
	CHECK_NUM(x509_parse(der, &facts), FAIL_NONE);
	chosen = row->selector == DANE_CERT ? der : facts.spki;
	if (row->matching == DANE_FULL) {
		buf_add(out, chosen);
	} else {
		hash_once(hash, chosen, digest);
		buf_add(out, str_of(digest, hash_size(hash)));
	}
	buf_release(&chain);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_record records[ARRAY_LEN(rows[i].records)] = { 0 };
		struct buf data[ARRAY_LEN(records)];
		struct dane_question q = { .records = records, .now_s = rows[i].now_s };
		struct buf chain;

		TEST_ROW(rows[i].name);
		buf_init(&chain, TLS_CHAIN_BYTES_MAX);
		for (size_t f = 0; f < ARRAY_LEN(rows[i].chain) && rows[i].chain[f]; f++)
			add_file(&chain, rows[i].chain[f]);
		for (size_t r = 0; r < ARRAY_LEN(records); r++) {
			const struct record_row *from = &rows[i].records[r];

			buf_init(&data[r], 1 << 20);
			if (from->file == NULL && from->bytes == NULL)
				continue;
			write_data(from, &data[r]);
			records[q.record_count++] = (struct dns_record){ .usage = from->usage,
				.selector = from->selector,
				.matching = from->matching,
				.bytes = buf_str(&data[r]) };
		}
		for (size_t n = 0; n < ARRAY_LEN(rows[i].names) && rows[i].names[n]; n++)
			q.names[q.name_count++] = str_c(rows[i].names[n]);
		q.chain = buf_str(&chain);
		CHECK_NUM(dane_match(&q).result, rows[i].want);
		for (size_t r = 0; r < ARRAY_LEN(records); r++)
			buf_release(&data[r]);
		buf_release(&chain);
	}
}

static void
test_chain(void)
{
	struct str chain = STR("\0\0\3abc\0\0\0\0\0\4abc"), der;

	TEST_ROW("a chain that is cut off");
	CHECK(chain_next(&chain, &der));
	CHECK_STR(der, STR("abc"));
	CHECK(chain_next(&chain, &der));
	CHECK_STR(der, STR(""));
	CHECK(!chain_next(&chain, &der));
}

int
main(void)
{
	test_rows();
	test_chain();
	return test_end();
}
