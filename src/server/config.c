#include "server/config.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "server/nearest.h"
#include "server/value.h"
#include "sys/sys.h"

#define CONFIG_ARENA_MAX (16 * 1024 * 1024) /* bytes: all values of the largest file, twice over */

/* Where the reader is, for messages and for what comes next. */
struct reader {
	struct config *config;
	struct str path;
	unsigned line;
	struct config_instance *instance; /* NULL before the first section, or in a broken one */
	bool is_skipping;                 /* in a section that nobody knows */
	struct buf *errors;
	bool has_error;
};

static void
complain(struct reader *r, struct str what, struct str why, struct str nearest)
{
	r->has_error = true;
	buf_add(r->errors, r->path);
	buf_add_char(r->errors, ':');
	buf_add_u64(r->errors, r->line);
	buf_add(r->errors, STR(": "));
	buf_add(r->errors, what);
	buf_add_char(r->errors, ' ');
	buf_add(r->errors, why);
	if (!str_empty(nearest)) {
		buf_add(r->errors, STR("; did you mean "));
		buf_add(r->errors, nearest);
		buf_add_char(r->errors, '?');
	}
	buf_add_char(r->errors, '\n');
}

/* --- instances ----------------------------------------------------------------------------- */

static void
set_defaults(struct config *c, struct config_instance *instance)
{
	const struct setting_section *section = instance->section;
	struct buf why;

	buf_init(&why, 256);
	for (size_t i = 0; i < section->row_count; i++) {
		const struct setting *row = &section->rows[i];

		if (row->fallback == NULL)
			continue;
		/* a default that its own row refuses is our bug, and the unit test of config finds it */
		invariant(value_parse(row, instance->values, str_c(row->fallback), &c->arena,
			      &why) == FAIL_NONE);
	}
	buf_release(&why);
}

static struct config_instance *
add_instance(struct config *c, const struct setting_section *section, struct str name)
{
	struct config_instance *instance = arena_alloc(&c->arena, 1, sizeof *instance);
	struct config_instance **end = &c->instances;

	if (instance == NULL)
		return NULL;
	instance->section = section;
	instance->name = arena_str(&c->arena, name);
	instance->values = arena_alloc(&c->arena, 1, section->struct_size);
	instance->lines = arena_alloc(&c->arena, section->row_count + 1, sizeof *instance->lines);
	if (instance->name.p == NULL || instance->values == NULL || instance->lines == NULL)
		return NULL;
	set_defaults(c, instance);
	while (*end)
		end = &(*end)->next;
	*end = instance;
	return instance;
}

void
config_init(struct config *c, const struct setting_section *const *sections,
    const struct setting_section *const *foreign)
{
	*c = (struct config){ .sections = sections, .foreign = foreign };
	arena_init(&c->arena, CONFIG_ARENA_MAX);
	for (size_t i = 0; sections[i]; i++) {
		if (!sections[i]->is_repeatable)
			invariant(add_instance(c, sections[i], STR("")) != NULL);
	}
}

void
config_release(struct config *c)
{
	arena_release(&c->arena);
	*c = (struct config){ 0 };
}

const struct config_instance *
config_next(const struct config *c, const struct setting_section *section,
    const struct config_instance *after)
{
	const struct config_instance *i = after ? after->next : c->instances;

	while (i && (i->section != section || i->is_foreign))
		i = i->next;
	return i;
}

const struct config_instance *
config_next_foreign(const struct config *c, const struct config_instance *after)
{
	const struct config_instance *i = after ? after->next : c->instances;

	while (i && !i->is_foreign)
		i = i->next;
	return i;
}

void *
config_values(const struct config *c, const struct setting_section *section)
{
	const struct config_instance *i = config_next(c, section, NULL);

	invariant(i != NULL);
	return i->values;
}

/* --- lines --------------------------------------------------------------------------------- */

static const struct setting_section *
find_section(const struct setting_section *const *sections, struct str name)
{
	for (size_t i = 0; sections && sections[i]; i++) {
		if (str_eq(str_c(sections[i]->name), name))
			return sections[i];
	}
	return NULL;
}

static void
complain_section(struct reader *r, struct str name)
{
	struct nearest nearest = { .word = name };

	for (size_t i = 0; r->config->sections[i]; i++)
		nearest_offer(&nearest, str_c(r->config->sections[i]->name));
	complain(r, name, STR("is not a section"), nearest.best);
}

static struct config_instance *
find_instance(struct config *c, const struct setting_section *section, struct str name)
{
	for (struct config_instance *i = c->instances; i; i = i->next) {
		if (i->section == section && str_eq(i->name, name))
			return i;
	}
	return NULL;
}

static void
complain_twice(struct reader *r, struct str line, unsigned first)
{
	struct buf why;

	buf_init(&why, 128);
	buf_add(&why, STR("stands here twice: its settings belong below line "));
	buf_add_u64(&why, first);
	complain(r, line, buf_str(&why), STR(""));
	buf_release(&why);
}

/* "[name]" or "[name INSTANCE]" */
static void
take_section(struct reader *r, struct str line)
{
	struct str name = str_trim(str_slice(line, 1, line.n - 2)), instance = STR("");
	const struct setting_section *section;
	size_t blank = str_find_char(name, ' ');
	bool is_foreign;

	if (blank != STR_NONE) {
		instance = str_trim(str_from(name, blank));
		name = str_head(name, blank);
	}
	r->instance = NULL;
	r->is_skipping = true;
	section = find_section(r->config->sections, name);
	is_foreign = section == NULL;
	if (is_foreign)
		section = find_section(r->config->foreign, name);
	if (section == NULL) {
		complain_section(r, name);
		return;
	}
	if (section->is_repeatable == str_empty(instance)) {
		complain(r, line,
		    section->is_repeatable ? STR("needs a name: [section NAME]")
					   : STR("takes no name"),
		    STR(""));
		return;
	}
	r->instance = find_instance(r->config, section, instance);
	if (r->instance && r->instance->line != 0) {
		complain_twice(r, line, r->instance->line);
		r->instance = NULL;
		return;
	}
	if (r->instance == NULL)
		r->instance = add_instance(r->config, section, instance);
	if (r->instance == NULL) {
		complain(r, line, STR("is more than the configuration may hold"), STR(""));
		return;
	}
	r->instance->line = r->line;
	r->instance->is_foreign = is_foreign;
	r->is_skipping = false;
}

static void
complain_key(struct reader *r, struct str key)
{
	struct nearest nearest = { .word = key };
	const struct setting_section *section = r->instance->section;

	for (size_t i = 0; i < section->row_count; i++)
		nearest_offer(&nearest, str_c(section->rows[i].name));
	complain(r, key, STR("is not a setting of this section"), nearest.best);
}

static void
set_value(struct reader *r, size_t at, struct str key, struct str value)
{
	const struct setting *row = &r->instance->section->rows[at];
	struct buf why;

	if (r->instance->lines[at] != 0) {
		complain(r, key, STR("is set twice in this section"), STR(""));
		return;
	}
	r->instance->lines[at] = r->line;
	buf_init(&why, 1024);
	if (value_parse(row, r->instance->values, value, &r->config->arena, &why) != FAIL_NONE) {
		if (str_find(value, STR(" #")) != STR_NONE)
			buf_add(&why, STR("; a comment needs a line of its own"));
		complain(r, key, buf_str(&why), STR(""));
	}
	buf_release(&why);
}

static void
take_key(struct reader *r, struct str line)
{
	struct str key, value = line;
	const struct setting_section *section;

	if (!str_take_until(&value, '=', &key)) {
		complain(r, line, STR("is neither [section] nor key = value"), STR(""));
		return;
	}
	key = str_trim(key);
	if (r->instance == NULL) {
		if (!r->is_skipping)
			complain(r, key, STR("stands before the first [section]"), STR(""));
		return;
	}
	section = r->instance->section;
	for (size_t i = 0; i < section->row_count; i++) {
		if (str_eq(str_c(section->rows[i].name), key)) {
			set_value(r, i, key, str_trim(value));
			return;
		}
	}
	complain_key(r, key);
}

static void
take_line(struct reader *r, struct str line)
{
	line = str_trim(line);
	if (str_empty(line) || line.p[0] == '#' || line.p[0] == ';')
		return;
	if (memchr(line.p, '\0', line.n))
		complain(r, STR("the line"), STR("has a NUL byte"), STR(""));
	else if (line.p[0] == '[' && line.p[line.n - 1] == ']')
		take_section(r, line);
	else
		take_key(r, line);
}

/* Settings without a default must have been given. */
static void
check_missing(struct reader *r)
{
	for (struct config_instance *i = r->config->instances; i; i = i->next) {
		for (size_t row = 0; row < i->section->row_count; row++) {
			if (i->section->rows[row].fallback != NULL || i->lines[row] != 0 ||
			    i->is_foreign)
				continue;
			r->line = i->line;
			complain(r, str_c(i->section->name),
			    STR("lacks a setting that must be given:"), STR(""));
			buf_truncate(r->errors, r->errors->n - 1);
			buf_add_char(r->errors, ' ');
			buf_add_c(r->errors, i->section->rows[row].name);
			buf_add_char(r->errors, '\n');
		}
	}
}

enum fail
config_parse(struct config *c, struct str path, struct str text, struct buf *errors)
{
	struct reader r = { .config = c, .path = path, .errors = errors };
	struct str line;

	while (buf_ok(errors) && str_next_part(&text, '\n', &line)) {
		r.line++;
		take_line(&r, line);
	}
	check_missing(&r);
	return r.has_error ? FAIL_SYNTAX : FAIL_NONE;
}

enum fail
config_read(struct config *c, struct str path, struct buf *errors)
{
	const char *name = arena_c(&c->arena, path);
	int fd = name ? sys.open(name, O_RDONLY, 0) : -1;
	enum fail fail = FAIL_MISSING;
	struct buf text;
	ssize_t got = 0;

	buf_init(&text, CONFIG_FILE_MAX);
	while (fd >= 0) {
		char *room = buf_room(&text, 4096);

		got = room ? sys.read(fd, room, 4096) : -1;
		if (got <= 0)
			break;
		buf_grow(&text, (size_t)got);
	}
	if (fd < 0 || got < 0) {
		buf_add(errors, path);
		buf_add(errors, STR(": cannot be read: "));
		buf_add_c(errors, fd >= 0 && errno == 0 ? "too large" : strerror(errno));
		if (fd < 0 && errno == ENOENT)
			buf_add(errors,
			    STR(" (`config example` prints one to begin with, --config names another)"));
		buf_add_char(errors, '\n');
	} else {
		fail = config_parse(c, path, buf_str(&text), errors);
	}
	if (fd >= 0)
		sys.close(fd);
	buf_release(&text);
	return fail;
}
