/*
 * x509.h - the few facts that we need of a certificate (RFC 5280), and host names against it.
 *
 * Pure. No signatures are checked here: that is BearSSL's (verify.c).
 */
#ifndef TLS_X509_H
#define TLS_X509_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "crypto/hash.h"

struct x509_facts {                 /* fields point into the certificate */
	struct str issuer, subject; /* distinguished names, whole elements */
	struct str names;           /* the content of subjectAltName, empty when there is none */
	struct str spki;      /* subjectPublicKeyInfo, the whole element (RFC 6698 selector 1) */
	struct str signed_by; /* signatureAlgorithm's content: how its issuer signed it */
	bool is_ca;           /* it may sign others (basicConstraints) */
	int64_t not_before_s; /* seconds since 1970 */
	int64_t not_after_s;
};

/* FAIL_SYNTAX when it is not a certificate. */
MUST_CHECK enum fail x509_parse(struct str der, struct x509_facts *out);

/*
 * The hash that tls-server-end-point takes of a certificate (RFC 5929 4.1); false when it defines none
 * or we do not know how it was signed (RSASSA-PSS, EdDSA, SHA-224).
 */
MUST_CHECK bool x509_binding_hash(struct str signed_by, enum hash *out);

/* The next DNS name of facts->names (a cursor); false at the end. */
MUST_CHECK bool x509_next_name(struct str *names, struct str *name_out);

/* How well `host` matches a name of a certificate (RFC 6125 6.4): not, by "*.", exactly. */
enum x509_match { X509_MATCH_NONE, X509_MATCH_WILD, X509_MATCH_EXACT };
enum x509_match x509_match_name(struct str pattern, struct str host);

/*
 * Is it a certificate of this host? By its DNS names, or by the common name of its subject when it has none of
 * them (RFC 6125 6.4.4).
 */
MUST_CHECK bool x509_is_for(const struct x509_facts *facts, struct str host);

#endif
