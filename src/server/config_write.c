#include "server/config.h"

/* rooms */
#include "server/value.h"

static void
add_heading(const struct setting_section *section, struct str name, struct buf *out)
{
	buf_add_char(out, '[');
	buf_add_c(out, section->name);
	if (!str_empty(name)) {
		buf_add_char(out, ' ');
		buf_add(out, name);
	}
	buf_add(out, STR("]\n"));
}

void
config_write(const struct config *c, struct buf *out)
{
	for (const struct config_instance *i = c->instances; i; i = i->next) {
		if (i->is_foreign)
			continue;
		add_heading(i->section, i->name, out);
		for (size_t row = 0; row < i->section->row_count; row++) {
			buf_add_c(out, i->section->rows[row].name);
			buf_add(out, STR(" = "));
			value_write(&i->section->rows[row], i->values, out);
			buf_add_char(out, '\n');
		}
		buf_add_char(out, '\n');
	}
}

void
config_write_help(const struct setting_section *section, struct buf *out)
{
	if (section->help) {
		buf_add(out, STR("# "));
		buf_add_c(out, section->help);
		buf_add_char(out, '\n');
	}
	add_heading(section, section->is_repeatable ? STR("NAME") : STR(""), out);
	for (size_t i = 0; i < section->row_count; i++) {
		const struct setting *row = &section->rows[i];

		buf_add(out, STR("# "));
		buf_add_c(out, row->help);
		for (int choice = 0; row->type == SETTING_CHOICE && row->choices[choice];
		     choice++) {
			buf_add_c(out, choice == 0 ? ": " : ", ");
			buf_add_c(out, row->choices[choice]);
		}
		buf_add(out, STR("\n#"));
		buf_add_c(out, row->name);
		buf_add(out, STR(" = "));
		buf_add_c(out, row->fallback ? row->fallback : "");
		buf_add_char(out, '\n');
	}
	buf_add_char(out, '\n');
}
