/*
 * mime_json.h - what the parser sees, as JSON: `staunch mime-parse FILE`.
 */
#ifndef MESSAGE_MIME_JSON_H
#define MESSAGE_MIME_JSON_H

#include "base/buf.h"
#include "message/message.h"

/*
 * Append one JSON object: "size", "headers" (decoded), "parts" (the tree: types, parameters,
 * offsets, sizes, lines), "envelope", "body", "bodystructure" (IMAP texts), "email" (properties of
 * RFC 8621 4.1). Needs m->bytes.
 */
void mime_json_write(const struct message *m, struct buf *out);

#endif
