/* unquote.h - JSON in a C string, with ' for ", to be readable. */
#ifndef TEST_LIB_UNQUOTE_H
#define TEST_LIB_UNQUOTE_H

#include "base/buf.h"

/* Add it with " again. */
void unquote(struct buf *out, const char *text);

#endif
