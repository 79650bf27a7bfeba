/*
 * seven_check.h - what must be true of every message that seven.h writes. Broken rules abort.
 */
#ifndef TEST_LIB_SEVEN_CHECK_H
#define TEST_LIB_SEVEN_CHECK_H

#include "base/buf.h"
#include "message/seven.h"

/*
 * Write `message` for `target` into `out` (cleared; its cap must do) and look at what came out: it fits, it
 * stayed as it was if it fitted before, it stays as it is when written again, it has the same parts with the
 * same content. Bytes are told apart but for the line ends of text. FAIL_LIMIT: it was not written.
 */
enum fail seven_check(struct str message, enum seven_target target, struct buf *out);

#endif
