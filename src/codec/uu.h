/*
 * uu.h - decode uuencoded text as a stream.
 *
 * What stands before "begin MODE NAME" is skipped, lines are decoded until "end" or a line of length
 * zero; what follows is skipped. Liberal: short lines are padded, "`" and blank are both zero.
 * May stop after any byte. Not done: writing; nobody sends this any more.
 */
#ifndef CODEC_UU_H
#define CODEC_UU_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

#define UU_LINE_MAX 128 /* bytes of a line that count: 1 + 60 in practice, 85 at most */

enum uu_state { UU_BEFORE, UU_INSIDE, UU_AFTER };

/* Zeroed is ready. */
struct uu_decoder {          /* fields: read only */
	enum uu_state state; /* UU_BEFORE at the end means that there was no begin line */
	size_t n;            /* bytes in `line` */
	char line[UU_LINE_MAX];
};

void uu_decoder_feed(struct uu_decoder *d, struct str text, struct buf *out);
void uu_decoder_end(struct uu_decoder *d, struct buf *out);

#endif
