/*
 * s3_server.h - an S3 server within the loop of a test: objects in memory, and every way to misbehave.
 *
 * Plain HTTP on loopback, bucket "box", path style. It checks that a body is what its hash says, not the
 * signature: test/e2e has servers that do.
 */
#ifndef TEST_LIB_S3_SERVER_H
#define TEST_LIB_S3_SERVER_H

#include "base/buf.h"
#include "base/list.h"
#include "net/net.h"
#include "s3/s3.h"

#define S3_PATIENCE_MS 20000 /* of a try: no machine is slower */
#define S3_HANG_MS     300   /* of a test whose server does not answer */

enum s3_way {
	S3_WAY_WELL,
	S3_WAY_HANG,       /* no answer, the connection stays */
	S3_WAY_CLOSE,      /* no answer, the connection is closed */
	S3_WAY_LATE,       /* it is done, and then as CLOSE */
	S3_WAY_500,        /* InternalError */
	S3_WAY_503,        /* SlowDown */
	S3_WAY_429,        /* without a body */
	S3_WAY_403,        /* AccessDenied */
	S3_WAY_SKEW,       /* RequestTimeTooSkewed */
	S3_WAY_EXPIRED,    /* ExpiredToken */
	S3_WAY_BUCKET,     /* NoSuchBucket */
	S3_WAY_404,        /* without a body */
	S3_WAY_REDIRECT,   /* 301 */
	S3_WAY_CUT,        /* half of the body, then the end */
	S3_WAY_SHORT,      /* a body that is shorter than the object, and says so */
	S3_WAY_LONG,       /* the same longer */
	S3_WAY_FALSE,      /* one byte of the body is another */
	S3_WAY_ETAG,       /* a wrong ETag */
	S3_WAY_CHECKSUM,   /* a wrong x-amz-checksum-sha256 */
	S3_WAY_PLAIN,      /* NotImplemented, when there is an x-amz-checksum-sha256 */
	S3_WAY_LATE_ERROR, /* 200, and an error in the body */
	S3_WAY_XML,        /* 200, and a body that is cut XML with the right length */
	S3_WAY_HALF,       /* half a status line */
	S3_WAY_HEADERS,    /* headers without end */
	S3_WAY_GARBAGE,    /* not HTTP */
	S3_WAY_FORGET,     /* NoSuchUpload for parts and completes, once */
};

struct s3_stored {
	struct list_node node;
	struct buf key, bytes, sum; /* own */
};

struct s3_server {
	struct service service;
	struct listener listener;
	struct list sessions;
	struct list objects; /* s3_stored, sorted by key */
	struct list parts; /* s3_stored: of the one upload that may be under way; key: the number */
	char upload_sum[65];
	struct s3_settings settings;
	/* set by the test: */
	enum s3_way way;
	int times;          /* so many requests are answered that way; -1: all */
	const char *method; /* only those; NULL: all */
	size_t page;        /* keys in one answer; 0: 1000 */
	/* seen: */
	size_t request_count, put_count, get_count, delete_count, copy_count, upload_count,
	    abort_count, checksum_count;
};

/* Listen on 127.0.0.1 at any port; s->settings lead there, with a prefix and little time to try again. */
void s3_server_start(struct s3_server *s, struct net *net);
void s3_server_stop(struct s3_server *s);

/* The object under the key without its prefix, or NULL; how many there are. */
struct s3_stored *s3_server_find(struct s3_server *s, struct str key);
size_t s3_server_count(const struct s3_server *s);

/* Forget all objects and counts. */
void s3_server_forget(struct s3_server *s);

/* Put one there without asking. */
void s3_server_add(struct s3_server *s, struct str key, struct str bytes);

/* From now on so many requests (of a method) are answered that way. */
void s3_server_way(struct s3_server *s, enum s3_way way, int times, const char *method);

#endif
