/*
 * pin.h - the hash of a public key, as TLSA records "3 1 1" have it (RFC 6698 2.1, RFC 7671 5.1).
 *
 * For commands that say what to publish: files are read on the spot. Failures and `why` as tls_context_load().
 */
#ifndef TLS_PIN_H
#define TLS_PIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define TLS_PIN_BYTES 32 /* SHA-256 */

struct tls_pin {
	unsigned char bytes[TLS_PIN_BYTES];
};

/* Of the first certificate in a PEM file; *is_for_out: `host` is among its names. */
MUST_CHECK enum fail tls_pin_certificate(struct str path, struct str host, struct tls_pin *out,
    bool *is_for_out, struct buf *why);

/* Of a private key in a PEM file, which has no certificate yet. */
MUST_CHECK enum fail tls_pin_key(struct str path, struct tls_pin *out, struct buf *why);

#endif
