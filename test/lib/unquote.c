#include "lib/unquote.h"

void
unquote(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_add_char(out, *text == '\'' ? '"' : *text);
}
