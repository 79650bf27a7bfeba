/*
 * body.h - which parts a reader shows: textBody, htmlBody, attachments (RFC 8621 4.1.4).
 *
 * The algorithm that the RFC suggests, step by step. Embedded messages are attachments, their parts
 * are not looked into.
 */
#ifndef MESSAGE_BODY_H
#define MESSAGE_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "message/message.h"

struct body_list {
	const struct part **items; /* arena */
	size_t count;
};

struct bodies {
	struct body_list text, html, attachments;
};

/* Fill `out`; lists are shorter when the arena is full. */
void bodies_find(const struct message *m, struct arena *a, struct bodies *out);

/* RFC 8621 4.1.4: an attachment that is not an inline picture of the text. */
bool message_has_attachment(const struct message *m);

#endif
