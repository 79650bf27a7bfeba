/*
 * verify.h - the client's judgement of a server's certificate chain (private to tls).
 *
 * Wraps BearSSL's validation: keeps the hash of the server's certificate, and in opportunistic mode
 * goes on with its key although the chain or the name is wrong.
 *
 * Strict: names are those of subjectAltName. BearSSL takes the subject's common name where there are none; RFC 8461 4.2
 * and 3.3, and RFC 9110 4.3.4, do not.
 */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <bearssl.h>
#include <stdbool.h>

#include "tls/tls.h"

struct verify {
	const br_x509_class *vtable; /* first: BearSSL knows us by it */
	br_x509_minimal_context minimal;
	br_x509_decoder_context leaf;
	br_sha256_context leaf_hash;
	struct tls_trust *trust; /* borrow: held by the connection; NULL: nothing is verified */
	bool is_required;
	bool is_named; /* it must be a certificate of this host */
	bool is_first; /* inside the first certificate */
	br_name_element
	    dns_name; /* a name of the first certificate's subjectAltName, when it has one */
	char name[2]; /* .. of which only that it is there counts */
	unsigned count;
	unsigned error; /* of the chain; 0 when it is right */
	unsigned char sha256[32];
	struct buf *chain; /* borrow: where the certificates are kept (chain.h); NULL: nowhere */
};

/*
 * BearSSL's validation with these anchors, at this time (seconds since 1970), by the algorithms that we do. The
 * anchors are borrowed.
 */
void verify_prepare(br_x509_minimal_context *minimal, const br_x509_trust_anchor *anchors,
    size_t count, int64_t now_s);

void verify_init(struct verify *v, struct tls_trust *trust, bool is_required);

#endif
