/*
 * section.h - addressing parts: BODY[2.1.MIME] of RFC 9051 6.4.5 and part numbers of JMAP.
 *
 * Numbers count the parts of a multipart; an embedded message is entered without a number of its
 * own, so "2.1" is the first part of the message that part 2 holds. A body that is no multipart has
 * part 1, itself.
 */
#ifndef MESSAGE_SECTION_H
#define MESSAGE_SECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "message/message.h"

enum section {
	SECTION_ALL,    /* BODY[] or BODY[2]: all of the message, the body of a part */
	SECTION_HEADER, /* BODY[HEADER], BODY[2.HEADER] of an embedded message */
	SECTION_TEXT,   /* what follows that header */
	SECTION_MIME,   /* BODY[2.MIME]: the part's own header */
	SECTION_FIELDS, /* HEADER.FIELDS (..): the header, to be filtered by header_subset_write() */
	SECTION_FIELDS_NOT, /* HEADER.FIELDS.NOT (..) */
};

/* The part with this number ("2.1.3"; empty: the root), or NULL. Works on summaries. */
const struct part *part_find(const struct message *m, struct str numbers);

/* The number of p ("1" for a body that is no multipart; nothing for a multipart at the top). */
void part_number_write(struct buf *out, const struct part *p);

/*
 * Where the section of part p (from part_find) lies in the message. False when it does not exist:
 * HEADER and TEXT of a part that is no message, MIME without a part number (is_top). Works on
 * summaries.
 */
bool section_range(const struct message *m, const struct part *p, bool is_top, enum section section,
    struct range *out);

#endif
