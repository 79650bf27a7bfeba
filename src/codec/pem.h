/*
 * pem.h - the text form of certificates and keys (RFC 7468), in and out.
 *
 * Pure. Text between the objects is skipped, as OpenSSL's tools write it.
 */
#ifndef CODEC_PEM_H
#define CODEC_PEM_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * The next object: its label ("CERTIFICATE", in the text) and its bytes, which replace the content
 * of `der`.
 *   FAIL_MISSING  no further object
 *   FAIL_SYNTAX   one begins and does not end, or is not base64; nothing moved
 */
MUST_CHECK enum fail pem_next(struct str *text, struct str *label_out, struct buf *der);

/* Append an object in lines of 64 characters. */
void pem_write(struct buf *out, const char *label, struct str der);

#endif
