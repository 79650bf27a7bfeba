/*
 * websocket_reader.h - messages and control frames from a client's bytes (RFC 6455 5, RFC 7692).
 *
 *     HEAD --head of a frame--> PAYLOAD --its end--> HEAD        control frames say their event
 *                                  +--end of the final fragment--> MESSAGE --clear--> HEAD
 *     MESSAGE --head of a control frame--> PAYLOAD --its end--> MESSAGE
 *     any --something wrong, Close--> END
 *
 * Pure: bytes go in, events come out; it may stop after any byte. Fragments are joined, texts are checked
 * to be UTF-8 as they come, compressed messages (permessage-deflate without context takeover) are
 * inflated. A message has at most `max` bytes as inflated, so a bomb costs no more than that; one call
 * takes at most WEBSOCKET_PIECE bytes of input, so that its work is bounded. While a message is kept, control frames
 * are read on request, and nothing else.
 *
 * Ownership: between messages a reader holds no memory. A message is valid until the clear.
 */
#ifndef HTTP_WEBSOCKET_READER_H
#define HTTP_WEBSOCKET_READER_H

/* base */
#include "base/buf.h"

/* rooms */
#include "codec/deflate.h"
#include "http/websocket_frame.h"

#define WEBSOCKET_PIECE \
	1024 /* bytes taken per call; they inflate to 1 MB at most, which takes 2 ms */

enum websocket_code { /* why a connection is closed (RFC 6455 7.4.1) */
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL_ERROR = 1002,
	WEBSOCKET_UNSUPPORTED = 1003, /* a type of data that we do not take */
	WEBSOCKET_NO_CODE = 1005,     /* the peer gave none; never sent */
	WEBSOCKET_BAD_DATA = 1007,    /* no UTF-8, no deflate data */
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
	WEBSOCKET_INTERNAL = 1011,
};

enum websocket_event {
	WEBSOCKET_MORE, /* all input was taken, or PIECE bytes of it: call again when some is left */
	WEBSOCKET_MESSAGE, /* a whole one is in r->message; r->is_binary; call clear before the next */
	WEBSOCKET_PING,    /* r->control[0 .. control_count-1] */
	WEBSOCKET_PONG,
	WEBSOCKET_CLOSE, /* by the peer, with r->code; nothing further is read */
	WEBSOCKET_BAD,   /* close with r->code; nothing further is read */
};

enum websocket_reading { /* README.md and above */
	WEBSOCKET_READ_HEAD,
	WEBSOCKET_READ_PAYLOAD,
	WEBSOCKET_READ_MESSAGE,
	WEBSOCKET_READ_END,
};

struct websocket_reader { /* fields: read only */
	enum websocket_reading state;
	bool may_inflate; /* permessage-deflate was agreed on */
	struct websocket_frame frame;
	bool is_in_message; /* its first fragment began */
	bool is_whole;      /* its last one ended: it is kept until the clear */
	bool is_binary, is_compressed;
	struct buf message;            /* own */
	size_t checked;                /* bytes of it that are UTF-8 */
	struct deflate_stream inflate; /* own; while a compressed message comes */
	unsigned char control[WEBSOCKET_CONTROL_MAX];
	size_t control_count;
	unsigned code; /* of Close, or enum websocket_code why it is BAD */
};

void websocket_reader_init(struct websocket_reader *r, size_t max, bool may_inflate);
void websocket_reader_release(struct websocket_reader *r);

/* Take some of *cur and say what came; nothing is taken where a message is kept and no control frame is next. */
enum websocket_event websocket_read(struct websocket_reader *r, struct str *cur);

/* Forget the message. */
void websocket_reader_clear(struct websocket_reader *r);

/* Part of a frame or of a message came, and the rest did not. */
bool websocket_reader_is_inside(const struct websocket_reader *r);

/* May this code stand in a Close frame (7.4)? */
bool websocket_code_is_valid(unsigned code);

#endif
