#include "server/authorities.h"

/* rooms */
#include "tls/tls.h"

static const struct setting *
find_row(const struct setting_section *section)
{
	for (size_t i = 0; i < section->row_count; i++) {
		if (str_eq(str_c(section->rows[i].name), STR("ca-file")))
			return &section->rows[i];
	}
	return NULL;
}

static enum fail
check_file(const struct setting_section *section, struct str path, struct buf *why)
{
	struct tls_trust *trust = NULL;
	size_t start = why->n;
	enum fail fail;

	buf_add_char(why, '[');
	buf_add_c(why, section->name);
	buf_add(why, STR("] ca-file: "));
	fail = tls_trust_load(&trust, path, why);
	tls_trust_free(&trust);
	if (fail == FAIL_NONE)
		buf_truncate(why, start);
	else if (buf_ok(why) && !str_ends(buf_str(why), STR("\n")))
		buf_add_char(why, '\n');
	return fail;
}

enum fail
authorities_check(const struct server *s, struct buf *why)
{
	enum fail first = FAIL_NONE;

	for (const struct config_instance *i = s->config.instances; i; i = i->next) {
		const struct setting *row = i->is_foreign ? NULL : find_row(i->section);
		const struct str *path;
		enum fail fail;

		if (row == NULL)
			continue;
		path = (const struct str *)(const void *)((const char *)i->values + row->offset);
		fail = str_empty(*path) ? FAIL_NONE : check_file(i->section, *path, why);
		if (first == FAIL_NONE)
			first = fail;
	}
	return first;
}
