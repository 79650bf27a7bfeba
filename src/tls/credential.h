/*
 * credential.h - a certificate chain with its key, from two PEM files (private to tls).
 */
#ifndef TLS_CREDENTIAL_H
#define TLS_CREDENTIAL_H

#include <bearssl.h>
#include <sys/types.h>
#include <time.h>

#include "crypto/hash.h"
#include "tls/key.h"
#include "tls/tls.h"

#define TLS_CHAIN_MAX 8                 /* certificates of one chain; more is a bundle by mistake */
#define TLS_FILE_MAX  (4 * 1024 * 1024) /* bytes of a PEM file: CA bundles have 250 KB */

/* What tells that a file was replaced. */
struct file_stamp {
	struct timespec modified;
	off_t size;
	ino_t inode;
};

struct credential {
	br_x509_certificate chain[TLS_CHAIN_MAX]; /* own: their data */
	size_t chain_count;
	struct str names;                       /* subjectAltName of the first */
	unsigned char end_point[HASH_SIZE_MAX]; /* its hash for channel binding (RFC 5929 4.1) .. */
	size_t end_point_n;                     /* .. in bytes; 0: there is none for it */
	int64_t not_after_s;
	struct tls_key key;
	char *paths[2]; /* own: chain, key */
	struct file_stamp stamps[2];
};

/* Failures and `why` as tls_context_load(). */
MUST_CHECK enum fail credential_load(struct credential *c, const struct tls_files *files,
    struct buf *why);
void credential_release(struct credential *c);

/* One of the two files is another one now. */
bool credential_changed(const struct credential *c);

/* The public key of a certificate; false when BearSSL cannot read it. `d` holds its bytes. */
bool certificate_key(br_x509_decoder_context *d, const br_x509_certificate *cert,
    br_x509_pkey *out);

/* A whole file, at most TLS_FILE_MAX bytes; FAIL_MISSING and one line in `why`. */
MUST_CHECK enum fail file_read(const char *path, struct buf *out, struct file_stamp *stamp_out,
    struct buf *why);

/* "PATH: REASON" */
enum fail refuse_file(struct buf *why, const char *path, const char *reason, enum fail fail);

#endif
