/*
 * websocket_frame.h - the head of a WebSocket frame, read as a server and written as one (RFC 6455 5.2).
 *
 *      0               1               2 or 4 or 10         + 4
 *     |F RSV1-3 opcode|M length 7|length 16 or 64 .. |masking key |payload ..
 *
 * Pure: bytes go in, a struct comes out; it may stop after any byte. Clients must mask what they send
 * (5.1), we never do. What belongs to more than one frame (fragments, texts) is websocket_reader.h's.
 */
#ifndef HTTP_WEBSOCKET_FRAME_H
#define HTTP_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* base */
#include "base/buf.h"
#include "base/str.h"

#define WEBSOCKET_HEAD_MAX    14  /* bytes of a head: two, a length of 64 bits, a masking key */
#define WEBSOCKET_CONTROL_MAX 125 /* bytes of payload in a control frame (5.5) */

enum websocket_opcode { /* 11.8 */
	WEBSOCKET_OP_CONTINUATION = 0,
	WEBSOCKET_OP_TEXT = 1,
	WEBSOCKET_OP_BINARY = 2,
	WEBSOCKET_OP_CLOSE = 8,
	WEBSOCKET_OP_PING = 9,
	WEBSOCKET_OP_PONG = 10,
};

struct websocket_frame { /* zeroed before each frame; fields: read only */
	unsigned char bytes[WEBSOCKET_HEAD_MAX];
	unsigned have;                /* of them */
	bool is_final;                /* FIN */
	bool is_compressed;           /* RSV1 (RFC 7692 6) */
	enum websocket_opcode opcode; /* when done */
	uint64_t left;                /* bytes of payload that still come */
	unsigned turn;                /* which byte of the masking key is next */
};

enum websocket_head {
	WEBSOCKET_HEAD_MORE, /* further bytes, please */
	WEBSOCKET_HEAD_DONE, /* the payload follows */
	WEBSOCKET_HEAD_BAD,  /* a frame that breaks 5.2 or 5.5: close with 1002 */
};

/* Take bytes of the head from *cur, not one more. */
enum websocket_head websocket_frame_head(struct websocket_frame *f, struct str *cur);

/* Is the frame under way a control frame; or the next one, that begins with these bytes? */
bool websocket_frame_is_control(const struct websocket_frame *f, struct str next);

/* .. and is it a Close? */
bool websocket_frame_is_close(const struct websocket_frame *f, struct str next);

/* Unmask the next n <= f->left bytes of payload into `out` (5.3). */
void websocket_frame_unmask(struct websocket_frame *f, struct str masked, unsigned char *out);

/* Close, Ping and Pong may stand between the fragments of a message. */
static inline bool
websocket_is_control(enum websocket_opcode opcode)
{
	return opcode >= WEBSOCKET_OP_CLOSE;
}

/* Append the head of a frame with `n` bytes of payload. */
void websocket_frame_write(struct buf *out, enum websocket_opcode opcode, bool is_final,
    bool is_compressed, size_t n);

#endif
