#include "tls/name.h"

/* system */
#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>

/* base */
#include "base/mem.h"

#define ROW(name) \
	{ \
		name, #name \
	}

static const struct {
	int error;
	const char *name;
} errors[] = {
	ROW(BR_ERR_OK),
	ROW(BR_ERR_BAD_PARAM),
	ROW(BR_ERR_BAD_STATE),
	ROW(BR_ERR_UNSUPPORTED_VERSION),
	ROW(BR_ERR_BAD_VERSION),
	ROW(BR_ERR_BAD_LENGTH),
	ROW(BR_ERR_TOO_LARGE),
	ROW(BR_ERR_BAD_MAC),
	ROW(BR_ERR_NO_RANDOM),
	ROW(BR_ERR_UNKNOWN_TYPE),
	ROW(BR_ERR_UNEXPECTED),
	ROW(BR_ERR_BAD_CCS),
	ROW(BR_ERR_BAD_ALERT),
	ROW(BR_ERR_BAD_HANDSHAKE),
	ROW(BR_ERR_OVERSIZED_ID),
	ROW(BR_ERR_BAD_CIPHER_SUITE),
	ROW(BR_ERR_BAD_COMPRESSION),
	ROW(BR_ERR_BAD_FRAGLEN),
	ROW(BR_ERR_BAD_SECRENEG),
	ROW(BR_ERR_EXTRA_EXTENSION),
	ROW(BR_ERR_BAD_SNI),
	ROW(BR_ERR_BAD_HELLO_DONE),
	ROW(BR_ERR_LIMIT_EXCEEDED),
	ROW(BR_ERR_BAD_FINISHED),
	ROW(BR_ERR_RESUME_MISMATCH),
	ROW(BR_ERR_INVALID_ALGORITHM),
	ROW(BR_ERR_BAD_SIGNATURE),
	ROW(BR_ERR_WRONG_KEY_USAGE),
	ROW(BR_ERR_NO_CLIENT_AUTH),
	ROW(BR_ERR_IO),
	ROW(BR_ERR_X509_OK),
	ROW(BR_ERR_X509_INVALID_VALUE),
	ROW(BR_ERR_X509_TRUNCATED),
	ROW(BR_ERR_X509_EMPTY_CHAIN),
	ROW(BR_ERR_X509_INNER_TRUNC),
	ROW(BR_ERR_X509_BAD_TAG_CLASS),
	ROW(BR_ERR_X509_BAD_TAG_VALUE),
	ROW(BR_ERR_X509_INDEFINITE_LENGTH),
	ROW(BR_ERR_X509_EXTRA_ELEMENT),
	ROW(BR_ERR_X509_UNEXPECTED),
	ROW(BR_ERR_X509_NOT_CONSTRUCTED),
	ROW(BR_ERR_X509_NOT_PRIMITIVE),
	ROW(BR_ERR_X509_PARTIAL_BYTE),
	ROW(BR_ERR_X509_BAD_BOOLEAN),
	ROW(BR_ERR_X509_OVERFLOW),
	ROW(BR_ERR_X509_BAD_DN),
	ROW(BR_ERR_X509_BAD_TIME),
	ROW(BR_ERR_X509_UNSUPPORTED),
	ROW(BR_ERR_X509_LIMIT_EXCEEDED),
	ROW(BR_ERR_X509_WRONG_KEY_TYPE),
	ROW(BR_ERR_X509_BAD_SIGNATURE),
	ROW(BR_ERR_X509_TIME_UNKNOWN),
	ROW(BR_ERR_X509_EXPIRED),
	ROW(BR_ERR_X509_DN_MISMATCH),
	ROW(BR_ERR_X509_BAD_SERVER_NAME),
	ROW(BR_ERR_X509_CRITICAL_EXTENSION),
	ROW(BR_ERR_X509_NOT_CA),
	ROW(BR_ERR_X509_FORBIDDEN_KEY_USAGE),
	ROW(BR_ERR_X509_WEAK_PUBLIC_KEY),
	ROW(BR_ERR_X509_NOT_TRUSTED),
};

/* RFC 5246 7.2, RFC 6066, RFC 7301: what peers say most often. */
static const struct {
	int alert;
	const char *received, *sent;
} alerts[] = {
	{ 0, "BR_ERR_RECV_FATAL_ALERT close_notify", "BR_ERR_SEND_FATAL_ALERT close_notify" },
	{ 10, "BR_ERR_RECV_FATAL_ALERT unexpected_message",
	    "BR_ERR_SEND_FATAL_ALERT unexpected_message" },
	{ 20, "BR_ERR_RECV_FATAL_ALERT bad_record_mac", "BR_ERR_SEND_FATAL_ALERT bad_record_mac" },
	{ 22, "BR_ERR_RECV_FATAL_ALERT record_overflow",
	    "BR_ERR_SEND_FATAL_ALERT record_overflow" },
	{ 40, "BR_ERR_RECV_FATAL_ALERT handshake_failure",
	    "BR_ERR_SEND_FATAL_ALERT handshake_failure" },
	{ 42, "BR_ERR_RECV_FATAL_ALERT bad_certificate",
	    "BR_ERR_SEND_FATAL_ALERT bad_certificate" },
	{ 43, "BR_ERR_RECV_FATAL_ALERT unsupported_certificate",
	    "BR_ERR_SEND_FATAL_ALERT unsupported_certificate" },
	{ 44, "BR_ERR_RECV_FATAL_ALERT certificate_revoked",
	    "BR_ERR_SEND_FATAL_ALERT certificate_revoked" },
	{ 45, "BR_ERR_RECV_FATAL_ALERT certificate_expired",
	    "BR_ERR_SEND_FATAL_ALERT certificate_expired" },
	{ 46, "BR_ERR_RECV_FATAL_ALERT certificate_unknown",
	    "BR_ERR_SEND_FATAL_ALERT certificate_unknown" },
	{ 47, "BR_ERR_RECV_FATAL_ALERT illegal_parameter",
	    "BR_ERR_SEND_FATAL_ALERT illegal_parameter" },
	{ 48, "BR_ERR_RECV_FATAL_ALERT unknown_ca", "BR_ERR_SEND_FATAL_ALERT unknown_ca" },
	{ 49, "BR_ERR_RECV_FATAL_ALERT access_denied", "BR_ERR_SEND_FATAL_ALERT access_denied" },
	{ 50, "BR_ERR_RECV_FATAL_ALERT decode_error", "BR_ERR_SEND_FATAL_ALERT decode_error" },
	{ 51, "BR_ERR_RECV_FATAL_ALERT decrypt_error", "BR_ERR_SEND_FATAL_ALERT decrypt_error" },
	{ 70, "BR_ERR_RECV_FATAL_ALERT protocol_version",
	    "BR_ERR_SEND_FATAL_ALERT protocol_version" },
	{ 71, "BR_ERR_RECV_FATAL_ALERT insufficient_security",
	    "BR_ERR_SEND_FATAL_ALERT insufficient_security" },
	{ 80, "BR_ERR_RECV_FATAL_ALERT internal_error", "BR_ERR_SEND_FATAL_ALERT internal_error" },
	{ 86, "BR_ERR_RECV_FATAL_ALERT inappropriate_fallback",
	    "BR_ERR_SEND_FATAL_ALERT inappropriate_fallback" },
	{ 90, "BR_ERR_RECV_FATAL_ALERT user_canceled", "BR_ERR_SEND_FATAL_ALERT user_canceled" },
	{ 109, "BR_ERR_RECV_FATAL_ALERT missing_extension",
	    "BR_ERR_SEND_FATAL_ALERT missing_extension" },
	{ 110, "BR_ERR_RECV_FATAL_ALERT unsupported_extension",
	    "BR_ERR_SEND_FATAL_ALERT unsupported_extension" },
	{ 112, "BR_ERR_RECV_FATAL_ALERT unrecognized_name",
	    "BR_ERR_SEND_FATAL_ALERT unrecognized_name" },
	{ 120, "BR_ERR_RECV_FATAL_ALERT no_application_protocol",
	    "BR_ERR_SEND_FATAL_ALERT no_application_protocol" },
};

const char *
tls_error_name(int error)
{
	bool is_sent = error >= BR_ERR_SEND_FATAL_ALERT;
	int alert = error - (is_sent ? BR_ERR_SEND_FATAL_ALERT : BR_ERR_RECV_FATAL_ALERT);

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (errors[i].error == error)
			return errors[i].name;
	}
	for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
		if (alerts[i].alert == alert)
			return is_sent ? alerts[i].sent : alerts[i].received;
	}
	return is_sent   ? "BR_ERR_SEND_FATAL_ALERT"
	    : alert >= 0 ? "BR_ERR_RECV_FATAL_ALERT"
			 : "BR_ERR unknown";
}

#define SUITE(name) \
	{ \
		BR_TLS_##name, #name \
	}

static const struct {
	uint16_t suite;
	const char *name;
} suites[] = {
	SUITE(ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
	SUITE(ECDHE_RSA_WITH_AES_128_GCM_SHA256),
	SUITE(ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
	SUITE(ECDHE_RSA_WITH_AES_256_GCM_SHA384),
	SUITE(ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
	SUITE(ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
	SUITE(ECDHE_ECDSA_WITH_AES_128_CBC_SHA256),
	SUITE(ECDHE_RSA_WITH_AES_128_CBC_SHA256),
	SUITE(ECDHE_ECDSA_WITH_AES_256_CBC_SHA384),
	SUITE(ECDHE_RSA_WITH_AES_256_CBC_SHA384),
	SUITE(ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
	SUITE(ECDHE_RSA_WITH_AES_128_CBC_SHA),
	SUITE(ECDHE_ECDSA_WITH_AES_256_CBC_SHA),
	SUITE(ECDHE_RSA_WITH_AES_256_CBC_SHA),
};

const char *
tls_suite_name(uint16_t suite)
{
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		if (suites[i].suite == suite)
			return suites[i].name;
	}
	return "unknown";
}

uint8_t
tls_error_alert(int error)
{
	switch (error) {
	case BR_ERR_UNSUPPORTED_VERSION:
	case BR_ERR_BAD_VERSION: return 70; /* protocol_version */
	case BR_ERR_X509_EXPIRED: return 45;
	case BR_ERR_X509_NOT_TRUSTED: return 48; /* unknown_ca */
	case BR_ERR_TOO_LARGE:
	case BR_ERR_BAD_LENGTH: return 22; /* record_overflow */
	}
	if (error >= BR_ERR_RECV_FATAL_ALERT)
		return 0;                        /* the peer said so, or BearSSL told it */
	return error > BR_ERR_X509_OK ? 42 : 40; /* bad_certificate, handshake_failure */
}
