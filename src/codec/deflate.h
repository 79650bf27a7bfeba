/*
 * deflate.h - zlib's deflate and inflate behind two streams (RFC 1950, 1951, 1952).
 *
 * Output goes into a struct buf; a full buffer stops the stream without loss: feed() says how much
 * input it took, and the caller comes again after draining `out`. So a bomb costs the buffer's cap
 * and no more; `made` counts what came out, for callers that also cap the whole.
 *
 * Streams that rest for long between two pieces can be parked: they hold almost nothing until they go on.
 *
 * Ownership: a started stream holds zlib's memory (deflate about 256 KB, 40 KB when small; inflate
 * about 40 KB) until released. Release is safe on a zeroed stream.
 */
#ifndef CODEC_DEFLATE_H
#define CODEC_DEFLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

enum deflate_format {
	DEFLATE_RAW,  /* RFC 1951: IMAP's COMPRESS (RFC 4978) */
	DEFLATE_ZLIB, /* RFC 1950: HTTP's "deflate" */
	DEFLATE_GZIP  /* RFC 1952 */
};

struct deflate_stream { /* fields: read only */
	void *z;        /* own: a z_stream */
	uint64_t taken; /* bytes in */
	uint64_t made;  /* bytes out */
	bool is_inflate, has_ended;
	bool is_small; /* of deflate */
	enum deflate_format format;
	struct buf history; /* own; of a parked inflate: what may be referred to */
};

enum deflate_flush {
	DEFLATE_MORE, /* more input follows: may keep bytes back */
	DEFLATE_SYNC, /* all input so far must be readable by the peer */
	DEFLATE_END   /* the last piece */
};

/* Begin to compress; `is_small` trades a little compression for memory. */
void deflate_start(struct deflate_stream *s, enum deflate_format format, bool is_small);

/*
 * Compress from *in, which moves past what was taken, into `out`. FAIL_NONE: all of it was taken and
 * flushed as asked; FAIL_LIMIT: `out` is full, drain it and call again.
 */
MUST_CHECK enum fail deflate_feed(struct deflate_stream *s, struct str *in,
    enum deflate_flush flush, struct buf *out);

/* Begin to decompress. */
void inflate_start(struct deflate_stream *s, enum deflate_format format);

/*
 * Decompress from *in, which moves past what was taken, into `out`; s->has_ended is set at the end of
 * the compressed data (what follows is left in *in). FAIL_NONE: all that could be made was made;
 * FAIL_LIMIT: `out` is full, drain it and call again; FAIL_SYNTAX: not deflate data.
 */
MUST_CHECK enum fail inflate_feed(struct deflate_stream *s, struct str *in, struct buf *out);

/*
 * Give zlib's memory back until the next feed, which goes on by itself. To compress, all must have been flushed by
 * DEFLATE_SYNC; what comes later does not refer back (RFC 1951 3.2.3 allows it, none needs it). To decompress, the
 * bytes that may be referred to are kept, 32 KB at most. Only for DEFLATE_RAW. False: not at such a place, nothing
 * changed.
 */
bool deflate_park(struct deflate_stream *s);

void deflate_release(struct deflate_stream *s); /* either direction */

#endif
