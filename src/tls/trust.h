/*
 * trust.h - CA certificates as BearSSL wants them (private to tls).
 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include <bearssl.h>

#include "tls/tls.h"

/* The anchors; none for NULL. */
const br_x509_trust_anchor *tls_trust_anchors(const struct tls_trust *trust, size_t *count_out);

#endif
