/*
 * websocket_handshake.h - the opening of a WebSocket as the server sees it (RFC 6455 4.2, RFC 7692 5).
 *
 * Pure: from the head of a request to what is wrong with it, or what the reply says. Lists may be spread
 * over several header lines (RFC 6455 11.3.2, 11.3.4).
 */
#ifndef HTTP_WEBSOCKET_HANDSHAKE_H
#define HTTP_WEBSOCKET_HANDSHAKE_H

/* base */
#include "base/buf.h"

/* rooms */
#include "http/request.h"

#define WEBSOCKET_VERSION     "13"
#define WEBSOCKET_WINDOW_BITS 12 /* of what we deflate: 4 KB, as deflate_start() does when small */
#define WEBSOCKET_PARAMS_MAX  8  /* parameters of one offer; there are four */

/*
 * 0: it asks for a WebSocket of our version. 400: its headers are wrong; 426: it does not ask for one, or
 * for another version (RFC 6455 4.2.2 step 4, RFC 9110 15.5.22).
 */
unsigned websocket_request_status(const struct http_request *r);

/* Is this subprotocol one of those that the client offers? Letter by letter (4.1): it refuses a name that it did not send. */
bool websocket_protocol_is_offered(const struct http_request *r, struct str protocol);

/* Append Sec-WebSocket-Accept's value for a request that gave status 0. */
void websocket_accept_write(const struct http_request *r, struct buf *out);

/*
 * The first offer of permessage-deflate that we can take; append what the reply says of it (RFC 7692 7.1).
 * Neither side keeps a window between messages, so that a socket that rests holds no memory for it. False:
 * none was made, or none that we can take.
 */
bool websocket_deflate_write(const struct http_request *r, struct buf *out);

#endif
