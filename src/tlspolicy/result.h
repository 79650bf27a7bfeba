/*
 * result.h - what came of a demand that a connection be protected: the words of RFC 8460 4.3.
 */
#ifndef TLSPOLICY_RESULT_H
#define TLSPOLICY_RESULT_H

#include "base/str.h"

enum tls_result {
	TLS_RESULT_SUCCESS,
	/* negotiating TLS (RFC 8460 4.3.1) */
	TLS_RESULT_NO_STARTTLS,
	TLS_RESULT_HOST_MISMATCH,
	TLS_RESULT_EXPIRED,
	TLS_RESULT_NOT_TRUSTED,
	TLS_RESULT_INVALID, /* anything else */
	/* DANE (4.3.2.1) */
	TLS_RESULT_TLSA_INVALID,
	TLS_RESULT_DNSSEC_INVALID,
	/* MTA-STS (4.3.2.2) */
	TLS_RESULT_STS_FETCH,
	TLS_RESULT_STS_INVALID,
	TLS_RESULT_STS_WEBPKI,
	TLS_RESULT_COUNT
};

extern const struct str
    tls_result_names[TLS_RESULT_COUNT]; /* "success", "starttls-not-supported" .. */

/* Why a connection was not good enough, in plain words about "it", the host; NULL for success. */
extern const char *const tls_result_words[TLS_RESULT_COUNT];

#endif
