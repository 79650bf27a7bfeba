/*
 * compress.h - deflate between a connection's readers and what is below: TLS, or the socket (RFC 4978).
 *
 * Output is compressed with a window of 4 KB: 38 KB of memory while there is some (design section 11); what was
 * appended in a turn can be read by the peer when it arrives. Input may use the whole window of 32 KB, as clients
 * do. One reading call makes at most what it was asked for, so that a bomb costs what the reader takes and no more.
 * After COMPRESS_REST_MS without a byte either way both streams are parked: what stays is what the peer's input may
 * refer to, all of it so far, 32 KB at most.
 *
 * Garbage breaks the connection: nothing can be understood after it.
 */
#ifndef NET_COMPRESS_H
#define NET_COMPRESS_H

#include "net/conn.h"

#define COMPRESS_REST_MS 10000 /* longer than the pauses of a client at work */

/*
 * Compress from here on, both ways; output appended so far leaves as it is. FAIL_PERM: bytes were read already that
 * are not compressed; nothing is changed.
 */
MUST_CHECK enum fail conn_compress(struct conn *c);
bool conn_is_compressed(const struct conn *c);

/*
 * Compress no more (RFC 8437 3): output appended so far leaves compressed, then the end of the stream. Plain is what came
 * behind the end of the peer's stream; when it has not ended, what comes from here on. FAIL_PERM: more came already that
 * is compressed, or the output from before conn_compress() has not left yet; nothing is changed.
 */
MUST_CHECK enum fail conn_uncompress(struct conn *c);

#endif
