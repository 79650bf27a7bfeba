/*
 * fetch_content_inner.h - what the files of fetch_content.h share. Private.
 */
#ifndef IMAP_FETCH_CONTENT_INNER_H
#define IMAP_FETCH_CONTENT_INNER_H

#include "imap/fetch_content.h"

#define IMAP_CONTENT_PIECE_MAX (32 * 1024 * 1024) /* bytes: a structure or chosen header fields */

/* Have the file at hand, as c->map. False: it is lost, or the session waits for it (imap_wait()). */
bool imap_content_map(struct imap_content *c);

/* The message as parsed from the file; NULL as above. */
const struct message *imap_content_whole(struct imap_content *c);

/* The tree, from the summary when it can be had; NULL as above. */
const struct message *imap_content_outline(struct imap_content *c);

/* fetch_body.c: the value of an item, or its beginning; imap_content_pump() brings the rest. */
void imap_body_begin(struct imap_content *c, const struct imap_fetch_item *item);
void imap_binary_begin(struct imap_content *c, const struct imap_fetch_item *item);
void imap_binary_size_write(struct imap_content *c, const struct imap_fetch_item *item);

#endif
