#include "cli/roff.h"

/* rooms */
#include "versions.h"

/* What would be read as a request, an escape or a nicer sign (groff_char(7)), as itself. */
static const char *
escape_of(char c)
{
	switch (c) {
	case '\\': return "\\e";
	case '-': return "\\-";
	case '\'': return "\\(aq";
	case '`': return "\\(ga";
	case '^': return "\\(ha";
	case '~': return "\\(ti";
	default: return NULL;
	}
}

void
roff_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *escape = escape_of(text.p[i]);
		bool begins_line = out->n > 0 && buf_str(out).p[out->n - 1] == '\n';

		if (text.p[i] == '.' && begins_line)
			buf_add_c(out, "\\&");
		if (escape)
			buf_add_c(out, escape);
		else
			buf_add_char(out, text.p[i]);
	}
}

void
roff_font(struct buf *out, char font, const char *text)
{
	buf_add(out, STR("\\f"));
	buf_add_char(out, font);
	roff_text(out, str_c(text));
	buf_add(out, STR("\\fR"));
}

void
roff_title(struct buf *out, const char *name, char section, const char *about)
{
	buf_add(out, STR(".TH "));
	roff_text(out, str_c(name));
	buf_add_char(out, ' ');
	buf_add_char(out, section);
	buf_add_c(out, " " STAUNCH_RELEASED " \"Staunch " STAUNCH_VERSION "\"\n.ad l\n.SH NAME\n");
	roff_text(out, str_c(name));
	buf_add(out, STR(" \\- "));
	roff_text(out, str_c(about));
	buf_add_char(out, '\n');
}

void
roff_sentence(struct buf *out, const char *text)
{
	struct str s = str_c(text);
	bool is_syntax = str_find_char(str_head(s, str_find_char(s, ' ')), ':') != STR_NONE;
	char first = is_syntax ? text[0] : char_upper(text[0]);

	if (str_empty(s))
		return;
	roff_text(out, str_of(&first, 1));
	roff_text(out, str_from(s, 1));
	buf_add(out, str_ends(s, STR(".")) ? STR("\n") : STR(".\n"));
}
