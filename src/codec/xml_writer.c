#include "codec/xml_writer.h"

/* rooms */
#include "codec/utf8.h"

void
xml_text(struct buf *out, struct str text)
{
	while (text.n > 0) {
		uint32_t c = utf8_take(&text);

		switch (c) {
		case '&': buf_add(out, STR("&amp;")); break;
		case '<': buf_add(out, STR("&lt;")); break;
		case '>': buf_add(out, STR("&gt;")); break;
		case '"': buf_add(out, STR("&quot;")); break;
		case 0xfffe:
		case 0xffff: buf_add_char(out, '?'); break;
		default: utf8_write(out, utf8_is_control(c) ? '?' : c);
		}
	}
}

static void
add_tag(struct buf *out, const char *opening, const char *name)
{
	buf_add_c(out, opening);
	buf_add_c(out, name);
	buf_add_char(out, '>');
}

void
xml_element(struct buf *out, const char *name, struct str text)
{
	add_tag(out, "<", name);
	xml_text(out, text);
	add_tag(out, "</", name);
	buf_add_char(out, '\n');
}

void
xml_element_u64(struct buf *out, const char *name, uint64_t n)
{
	add_tag(out, "<", name);
	buf_add_u64(out, n);
	add_tag(out, "</", name);
	buf_add_char(out, '\n');
}
