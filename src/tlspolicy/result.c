#include "tlspolicy/result.h"

/* system */
#include <stddef.h>

const struct str tls_result_names[TLS_RESULT_COUNT] = {
	[TLS_RESULT_SUCCESS] = STR_INIT("success"),
	[TLS_RESULT_NO_STARTTLS] = STR_INIT("starttls-not-supported"),
	[TLS_RESULT_HOST_MISMATCH] = STR_INIT("certificate-host-mismatch"),
	[TLS_RESULT_EXPIRED] = STR_INIT("certificate-expired"),
	[TLS_RESULT_NOT_TRUSTED] = STR_INIT("certificate-not-trusted"),
	[TLS_RESULT_INVALID] = STR_INIT("validation-failure"),
	[TLS_RESULT_TLSA_INVALID] = STR_INIT("tlsa-invalid"),
	[TLS_RESULT_DNSSEC_INVALID] = STR_INIT("dnssec-invalid"),
	[TLS_RESULT_STS_FETCH] = STR_INIT("sts-policy-fetch-error"),
	[TLS_RESULT_STS_INVALID] = STR_INIT("sts-policy-invalid"),
	[TLS_RESULT_STS_WEBPKI] = STR_INIT("sts-webpki-invalid"),
};

const char *const tls_result_words[TLS_RESULT_COUNT] = {
	[TLS_RESULT_SUCCESS] = NULL,
	[TLS_RESULT_NO_STARTTLS] = "it does not offer TLS, which its domain demands",
	[TLS_RESULT_HOST_MISMATCH] = "its certificate is for other names than its own",
	[TLS_RESULT_EXPIRED] = "its certificate has expired, or is not valid yet",
	[TLS_RESULT_NOT_TRUSTED] = "nobody who is trusted vouches for its certificate",
	[TLS_RESULT_INVALID] = "its certificate is not what its domain says it has to be",
	[TLS_RESULT_TLSA_INVALID] = "none of its domain's TLSA records can be used",
	[TLS_RESULT_DNSSEC_INVALID] =
	    "its TLSA records cannot be looked up, and so nothing is sent to it",
	[TLS_RESULT_STS_FETCH] = "its domain's MTA-STS policy cannot be fetched",
	[TLS_RESULT_STS_INVALID] = "its domain's MTA-STS policy is not valid",
	[TLS_RESULT_STS_WEBPKI] =
	    "the certificate of its domain's MTA-STS policy host is not right",
};
