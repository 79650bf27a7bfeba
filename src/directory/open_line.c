#include "directory/open_line.h"

/* base */
#include "base/log.h"

/* rooms */
#include "codec/json.h"
#include "directory/engine.h"
#include "directory/words.h"

#define TREE_BYTES_MAX (1024 * 1024) /* of an answer's tree */

/* --- the server's side ----------------------------------------------------------------------- */

static void
write_value(struct json_writer *w, const struct setting *row, const void *values)
{
	const char *at = (const char *)values + row->offset;

	json_name(w, str_c(row->name));
	switch (row->type) {
	case SETTING_BOOL: json_bool(w, *(const bool *)at); return;
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_DURATION: json_int(w, *(const int64_t *)(const void *)at); return;
	case SETTING_CHOICE:
		json_string(w, str_c(row->choices[*(const int *)(const void *)at]));
		return;
	case SETTING_DURATIONS: json_null(w); return; /* no engine has one */
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_CHOICES:
	case SETTING_LIST:
	case SETTING_NETWORKS:
	case SETTING_ZONES:
	case SETTING_RATE:
	case SETTING_HOST:
	case SETTING_DOMAINS:
	case SETTING_IPV4:
	case SETTING_IPV6: json_string(w, *(const struct str *)(const void *)at); return;
	}
}

void
open_line_write(struct buf *out, const struct directory_settings *settings)
{
	const struct setting_section *section = directory_engines[settings->engine].section;
	struct json_writer w = { .out = out };

	json_object_begin(&w);
	json_name_int(&w, STR("id"), 0);
	json_name_string(&w, STR("ask"), STR("open"));
	json_name(&w, STR("settings"));
	json_object_begin(&w);
	json_name_string(&w, STR("default-domain"), settings->default_domain);
	json_name_string(&w, STR("separator"), settings->separator);
	json_name_string(&w, STR("own-host"), settings->own_host);
	json_name_string(&w, STR("test-password"), settings->test_password);
	json_name_string(&w, STR("log"), str_c(log_level_names[settings->log_level]));
	json_name_string(&w, STR("log-form"), settings->is_log_json ? STR("json") : STR("text"));
	for (size_t i = 0; section && settings->engine_values && i < section->row_count; i++)
		write_value(&w, &section->rows[i], settings->engine_values);
	json_object_end(&w);
	json_object_end(&w);
}

bool
open_answer_read(struct str line, enum fail *fail_out, struct buf *why_out)
{
	struct str word, why;
	const struct json *v;
	struct arena a;
	int64_t id;
	bool is_good;

	arena_init(&a, TREE_BYTES_MAX);
	is_good = json_parse(line, &a, &v) == FAIL_NONE &&
	    json_get_int(json_find(v, STR("id")), &id) && id == 0 &&
	    json_get_text(json_find(v, STR("result")), &word) &&
	    directory_result_parse(word, fail_out) &&
	    (*fail_out == FAIL_NONE || *fail_out == FAIL_TEMP || *fail_out == FAIL_PERM);
	if (is_good && json_get_text(json_find(v, STR("why")), &why))
		buf_add(why_out, str_head(why, why_out->max));
	arena_release(&a);
	return is_good;
}

/* --- the program's side ---------------------------------------------------------------------- */

bool
open_line_is_one(struct str line)
{
	struct str word;
	const struct json *v;
	struct arena a;
	bool is_one;

	arena_init(&a, TREE_BYTES_MAX);
	is_one = json_parse(line, &a, &v) == FAIL_NONE &&
	    json_get_text(json_find(v, STR("ask")), &word) && str_eq(word, STR("open"));
	arena_release(&a);
	return is_one;
}

static bool
read_choice(const struct json *member, const struct setting *row, int *out)
{
	struct str word;

	if (!json_get_text(member, &word))
		return false;
	for (int i = 0; row->choices[i]; i++) {
		if (str_eq(str_c(row->choices[i]), word)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool
read_value(const struct json *member, const struct setting *row, void *values)
{
	char *at = (char *)values + row->offset;

	switch (row->type) {
	case SETTING_BOOL: return json_get_bool(member, (bool *)(void *)at);
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_DURATION: return json_get_int(member, (int64_t *)(void *)at);
	case SETTING_CHOICE: return read_choice(member, row, (int *)(void *)at);
	case SETTING_DURATIONS: return true;
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_CHOICES:
	case SETTING_LIST:
	case SETTING_NETWORKS:
	case SETTING_ZONES:
	case SETTING_RATE:
	case SETTING_HOST:
	case SETTING_DOMAINS:
	case SETTING_IPV4:
	case SETTING_IPV6: return json_get_text(member, (struct str *)(void *)at);
	}
	return false;
}

static enum fail
complain(struct buf *why, struct str name)
{
	buf_add_c(why, "the server did not tell the setting ");
	buf_add(why, name);
	buf_add_c(why, ": it and this program are of different versions");
	return FAIL_PERM;
}

static bool
read_log(const struct json *settings, struct directory_settings *common)
{
	static const struct setting row = { .name = "log",
		.type = SETTING_CHOICE,
		.choices = log_level_names };
	struct str form;

	if (!read_choice(json_find(settings, STR("log")), &row, &common->log_level) ||
	    !json_get_text(json_find(settings, STR("log-form")), &form))
		return false;
	common->is_log_json = str_eq(form, STR("json"));
	return true;
}

enum fail
open_line_read(struct str line, const struct setting_section *section, void *values,
    struct directory_settings *common, struct arena *a, struct buf *why)
{
	struct str copy = arena_str(a, line);
	const struct json *v, *settings;

	if (copy.p == NULL || json_parse(copy, a, &v) != FAIL_NONE)
		return complain(why, STR("at all"));
	settings = json_find(v, STR("settings"));
	if (!json_get_text(json_find(settings, STR("default-domain")), &common->default_domain) ||
	    !json_get_text(json_find(settings, STR("separator")), &common->separator) ||
	    !json_get_text(json_find(settings, STR("own-host")), &common->own_host) ||
	    !json_get_text(json_find(settings, STR("test-password")), &common->test_password) ||
	    !read_log(settings, common))
		return complain(why, STR("default-domain or another of those that are common"));
	for (size_t i = 0; i < section->row_count; i++) {
		const struct setting *row = &section->rows[i];

		if (!read_value(json_find(settings, str_c(row->name)), row, values))
			return complain(why, str_c(row->name));
	}
	return FAIL_NONE;
}

void
open_answer_write(struct buf *out, enum fail fail, struct str why)
{
	struct json_writer w = { .out = out };

	json_object_begin(&w);
	json_name_int(&w, STR("id"), 0);
	json_name_string(&w, STR("result"), directory_result_write(fail));
	if (fail != FAIL_NONE)
		json_name_string(&w, STR("why"), why);
	json_object_end(&w);
}
