#include "tls/chain.h"

/* system */
#include <bearssl.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "tls/key.h"
#include "tls/verify.h"

#define LENGTH_BYTES 3

void
chain_begin(struct buf *chain, size_t n)
{
	buf_add_char(chain, (char)(n >> 16 & 0xff));
	buf_add_char(chain, (char)(n >> 8 & 0xff));
	buf_add_char(chain, (char)(n & 0xff));
}

void
chain_add(struct buf *chain, struct str der)
{
	chain_begin(chain, der.n);
	buf_add(chain, der);
}

bool
chain_next(struct str *chain, struct str *der_out)
{
	struct str rest = *chain, length;
	size_t n = 0;

	if (!str_take(&rest, LENGTH_BYTES, &length))
		return false;
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		n = n << 8 | (unsigned char)length.p[i];
	if (!str_take(&rest, n, der_out))
		return false;
	*chain = rest;
	return true;
}

/* In BearSSL's types, which are not const; keys of a kind that we do not do are left out. */
static size_t
convert(const struct tls_anchor *anchors, size_t count, br_x509_trust_anchor *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < size_min(count, TLS_ANCHORS_MAX); i++) {
		br_x509_trust_anchor *to = &out[kept];

		*to = (br_x509_trust_anchor){ .flags = BR_X509_TA_CA };
		to->dn.data = (unsigned char *)(uintptr_t)anchors[i].name.p;
		to->dn.len = anchors[i].name.n;
		if (tls_public_key_parse(anchors[i].spki, &to->pkey) == FAIL_NONE)
			kept++;
	}
	return kept;
}

enum chain_verdict
chain_verify(struct str chain, const struct tls_anchor *anchors, size_t count, int64_t now_s)
{
	br_x509_trust_anchor converted[TLS_ANCHORS_MAX];
	br_x509_minimal_context minimal;
	const br_x509_class **class = &minimal.vtable;
	size_t kept = convert(anchors, count, converted);
	struct str der;
	unsigned error;

	verify_prepare(&minimal, converted, kept, now_s);
	minimal.vtable->start_chain(class, NULL);
	for (size_t i = 0; i < TLS_CHAIN_COUNT_MAX && chain_next(&chain, &der); i++) {
		minimal.vtable->start_cert(class, u32_clamp(der.n));
		minimal.vtable->append(class, (const unsigned char *)der.p, der.n);
		minimal.vtable->end_cert(class);
	}
	error = minimal.vtable->end_chain(class);
	if (error == 0)
		return CHAIN_RIGHT;
	return error == BR_ERR_X509_EXPIRED ? CHAIN_EXPIRED : CHAIN_UNTRUSTED;
}
