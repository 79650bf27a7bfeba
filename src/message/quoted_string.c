#include "message/quoted_string.h"

/* quoted-string = DQUOTE *(qtext / quoted-pair / WSP) DQUOTE; qtext has all but DQUOTE and the backslash. */
void
quoted_string_write(struct buf *out, struct str text)
{
	size_t start = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '"' && text.p[i] != '\\')
			continue;
		buf_add(out, str_slice(text, start, i - start));
		buf_add_char(out, '\\');
		start = i;
	}
	buf_add(out, str_from(text, start));
	buf_add_char(out, '"');
}
