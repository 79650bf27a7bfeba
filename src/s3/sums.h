/*
 * sums.h - the checksums of an object, fed in pieces: of the whole, and of each part that is sent.
 *
 * The whole is known by its SHA-256, which is kept with the object; each part of S3_PART_BYTES, as it is sent,
 * by its SHA-256, which is signed, and by its MD5, which is the ETag that the server answers.
 */
#ifndef S3_SUMS_H
#define S3_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "crypto/hash.h"

#define S3_PART_BYTES \
	((size_t)8 << 20) /* objects above it go in such parts; S3 wants 5 MB at least */
#define S3_SHA256_BYTES 32
#define S3_MD5_BYTES    16

struct s3_part {
	unsigned char sha256[S3_SHA256_BYTES], md5[S3_MD5_BYTES];
};

struct s3_sums { /* fields: read only */
	struct hash_state whole_state, sha256_state, md5_state;
	uint64_t size;
	size_t in_part;        /* bytes of the part under way */
	struct s3_part *parts; /* own */
	size_t part_count;
	unsigned char whole[S3_SHA256_BYTES]; /* after s3_sums_end() */
	bool has_ended;
};

void s3_sums_init(struct s3_sums *s);
void s3_sums_add(struct s3_sums *s, struct str bytes);

/* No more bytes; there is at least one part then. Twice is once. */
void s3_sums_end(struct s3_sums *s);
void s3_sums_release(struct s3_sums *s);

#endif
