/*
 * name.h - names of BearSSL's numbers, for logs and Received fields (private to tls).
 */
#ifndef TLS_NAME_H
#define TLS_NAME_H

#include <stdint.h>

/* "BR_ERR_BAD_MAC"; alerts as "received alert 48" and "sent alert 120" families. */
const char *tls_error_name(int error);

/* "ECDHE_RSA_WITH_AES_128_GCM_SHA256" */
const char *tls_suite_name(uint16_t suite);

/* The alert of RFC 5246 7.2 that tells the peer about an error of ours, or 0 for none. */
uint8_t tls_error_alert(int error);

#endif
