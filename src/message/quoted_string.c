#include "message/quoted_string.h"

/* quoted-string = DQUOTE *(qtext / quoted-pair / WSP) DQUOTE; qtext has all but DQUOTE and the backslash. */
void
quoted_string_write(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '"');
}
