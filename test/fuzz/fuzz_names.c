/* Mailbox names, Punycode, domains and addresses: one spelling each, stable when done twice. */
#include "codec/idna.h"
#include "codec/punycode.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "directory/address.h"

#define OUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
utf7(struct str in, struct buf *one, struct buf *two)
{
	if (utf7_imap_parse(one, in) == FAIL_NONE) {
		utf7_imap_write(two, buf_str(one));
		invariant(str_eq(buf_str(two), in));
	}
	buf_clear(one);
	buf_clear(two);
	utf7_imap_write(one, in);
	invariant(utf7_imap_parse(two, buf_str(one)) == FAIL_NONE);
	invariant(!utf8_is_valid(in) || str_eq(buf_str(two), in));
}

static void
punycode(struct str in, struct buf *one, struct buf *two)
{
	if (punycode_write(one, in) == FAIL_NONE) {
		invariant(punycode_parse(two, buf_str(one)) == FAIL_NONE);
		invariant(str_eq(buf_str(two), in));
	}
	buf_clear(one);
	if (punycode_parse(one, in) == FAIL_NONE)
		invariant(utf8_is_valid(buf_str(one)));
}

static void
domain(struct str in, struct buf *one, struct buf *two)
{
	if (idna_write_ascii(one, in) == FAIL_NONE) {
		invariant(idna_write_ascii(two, buf_str(one)) == FAIL_NONE);
		invariant(str_eq(buf_str(one), buf_str(two)));
		buf_clear(two);
		invariant(idna_write_unicode(two, in) == FAIL_NONE);
	}
}

static void
address(struct str in, struct buf *one, struct buf *two)
{
	if (address_write(one, in, true) == FAIL_NONE) {
		invariant(address_write(two, buf_str(one), true) != FAIL_SYNTAX ||
		    one->n > ADDRESS_MAX || str_rfind_char(buf_str(one), '@') > SMTP_LOCAL_MAX);
	}
}

static void
composed(struct str in, struct buf *one, struct buf *two)
{
	utf8_nfc(one, in);
	invariant(utf8_is_valid(buf_str(one)));
	if (in.n < 64) { /* more marks than any language has are ordered in pieces */
		utf8_nfc(two, buf_str(one));
		invariant(str_eq(buf_str(one), buf_str(two)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct str, struct buf *, struct buf *) = { utf7, punycode,
		domain, address, composed };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct buf one, two;

		buf_init(&one, OUT_MAX);
		buf_init(&two, OUT_MAX);
		parts[i](str_of(data, size), &one, &two);
		buf_release(&one);
		buf_release(&two);
	}
	return 0;
}
