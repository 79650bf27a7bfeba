#include "server/value.h"

/* system */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "net/networks.h"
#include "policy/rate.h"
#include "policy/zones.h"
#include "server/nearest.h"
#include "server/value_name.h"
#include "sys/sys.h"

#define SECRET_FILE_MAX 4096 /* bytes read of a file:PATH secret; only its first line counts */

struct unit {
	const char *name;
	int64_t factor;
};

/* longest names first where one begins another */
static const struct unit byte_units[] = {
	{ "KB", 1024 },
	{ "MB", 1024 * 1024 },
	{ "GB", 1024 * 1024 * 1024 },
	{ "TB", (int64_t)1 << 40 },
	{ "", 1 },
	{ NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", 24 * 3600000 },
	{ "w", 7 * 24 * 3600000 },
	{ "", 1000 },
	{ NULL, 0 },
};

static const struct unit plain_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *
units_of(enum setting_type type)
{
	if (type == SETTING_BYTES)
		return byte_units;
	return type == SETTING_DURATION || type == SETTING_DURATIONS ? duration_units : plain_units;
}

static void *
field(const struct setting *row, void *values)
{
	return (char *)values + row->offset;
}

/* --- numbers ------------------------------------------------------------------------------- */

void
value_write_amount(const struct setting *row, int64_t amount, struct buf *out)
{
	const struct unit *units = units_of(row->type), *best = NULL;

	for (const struct unit *u = units; u->name; u++) {
		if (u->name[0] != '\0' && amount != 0 && amount % u->factor == 0 &&
		    (best == NULL || u->factor > best->factor))
			best = u;
	}
	if (units == duration_units && best == NULL)
		best = amount == 0 ? &duration_units[1] : &duration_units[0];
	buf_add_i64(out, best ? amount / best->factor : amount);
	buf_add_c(out, best ? best->name : "");
}

/* "must be a whole number, alone or with KB, MB, GB" */
static enum fail
fail_unit(const struct setting *row, struct buf *why)
{
	const char *before = ", alone or with ";

	buf_add(why, STR("must be a whole number"));
	for (const struct unit *u = units_of(row->type); u->name; u++) {
		if (u->name[0] == '\0')
			continue;
		buf_add_c(why, before);
		buf_add_c(why, u->name);
		before = ", ";
	}
	return FAIL_SYNTAX;
}

static enum fail
parse_amount(const struct setting *row, struct str text, int64_t *out, struct buf *why)
{
	bool is_negative = str_skip_char(&text, '-'), is_known = false;
	uint64_t number;

	if (!str_u64(&text, INT64_MAX, &number)) {
		if (units_of(row->type) != plain_units)
			return fail_unit(row, why);
		buf_add(why, STR("is not a number"));
		return FAIL_SYNTAX;
	}
	text = str_trim(text);
	for (const struct unit *u = units_of(row->type); u->name; u++) {
		if (!str_eq_nocase(text, str_c(u->name)))
			continue;
		is_known = true;
		if (__builtin_mul_overflow((int64_t)number, u->factor, out))
			break;
		if (is_negative)
			*out = -*out;
		if (*out >= row->min && *out <= row->max)
			return FAIL_NONE;
		break;
	}
	if (!is_known)
		return fail_unit(row, why);
	buf_add(why, STR("must be between "));
	value_write_amount(row, row->min, why);
	buf_add(why, STR(" and "));
	value_write_amount(row, row->max, why);
	return FAIL_LIMIT;
}

/* A number without a unit: seconds, which is seldom meant beside "5m". */
static bool
is_bare(struct str word)
{
	uint64_t number;

	return str_u64(&word, UINT64_MAX, &number) && word.n == 0;
}

static enum fail
parse_durations(const struct setting *row, struct str text, struct setting_durations *out,
    struct buf *why)
{
	const struct setting one = { .type = SETTING_DURATION, .min = row->min, .max = row->max };
	struct str word, bare = STR("");
	size_t bare_count = 0;

	out->count = 0;
	while (str_next_part(&text, ' ', &word)) {
		enum fail fail;

		if (str_empty(word))
			continue;
		if (is_bare(word)) {
			bare_count++;
			bare = word;
		}
		if (out->count == SETTING_DURATIONS_MAX) {
			buf_add(why, STR("has more times than "));
			buf_add_u64(why, SETTING_DURATIONS_MAX);
			return FAIL_LIMIT;
		}
		fail = parse_amount(&one, word, &out->ms[out->count++], why);
		if (fail != FAIL_NONE)
			return fail;
	}
	if (out->count == 0) {
		buf_add(why, STR("needs a time"));
		return FAIL_SYNTAX;
	}
	if (bare_count == 0 || bare_count == out->count)
		return FAIL_NONE;
	buf_add(why, STR("has a time without a unit among others that have one: "));
	buf_add(why, bare);
	return FAIL_SYNTAX;
}

static void
add_durations(const struct setting *row, const struct setting_durations *list, struct buf *out)
{
	const struct setting one = { .type = SETTING_DURATION, .min = row->min, .max = row->max };

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		value_write_amount(&one, list->ms[i], out);
	}
}

/* --- words --------------------------------------------------------------------------------- */

static enum fail
parse_bool(struct str text, bool *out, struct buf *why)
{
	*out = str_eq_nocase(text, STR("yes"));
	if (*out || str_eq_nocase(text, STR("no")))
		return FAIL_NONE;
	buf_add(why, STR("must be yes or no"));
	return FAIL_SYNTAX;
}

static enum fail
parse_choice(const struct setting *row, struct str text, int *out, struct buf *why)
{
	for (int i = 0; row->choices[i]; i++) {
		if (str_eq_nocase(text, str_c(row->choices[i]))) {
			*out = i;
			return FAIL_NONE;
		}
	}
	buf_add(why, STR("must be one of"));
	for (int i = 0; row->choices[i]; i++) {
		buf_add_char(why, ' ');
		buf_add_c(why, row->choices[i]);
	}
	return FAIL_SYNTAX;
}

static enum fail
read_secret(const char *path, struct arena *arena, struct str *out, struct buf *why)
{
	char bytes[SECRET_FILE_MAX];
	int fd = sys.open(path, O_RDONLY, 0);
	ssize_t n = -1;
	int error = 0;
	struct str line;

	if (fd >= 0) {
		n = sys.read(fd, bytes, sizeof bytes);
		error = errno;
		sys.close(fd);
	} else {
		error = errno;
	}
	if (n < 0) {
		buf_add(why, STR("names a file that cannot be read: "));
		buf_add_c(why, path);
		buf_add(why, STR(": "));
		buf_add_c(why, strerror(error));
		return FAIL_MISSING;
	}
	line = str_of(bytes, (size_t)n);
	line = str_trim(str_head(line, str_find_char(line, '\n')));
	*out = arena_str(arena, line);
	mem_wipe(bytes, sizeof bytes);
	return out->p ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
parse_text(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	if (row->type == SETTING_SECRET && str_skip(&text, STR("file:"))) {
		const char *path = arena_c(arena, text);

		return path ? read_secret(path, arena, out, why) : FAIL_LIMIT;
	}
	*out = arena_str(arena, text);
	return out->p ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
parse_choices(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	struct str rest = text, word;

	while (str_next_part(&rest, ' ', &word)) {
		struct nearest near = { .word = word };
		bool is_known = str_empty(word);

		for (int i = 0; row->choices[i] && !is_known; i++) {
			nearest_offer(&near, str_c(row->choices[i]));
			is_known = str_eq_nocase(word, str_c(row->choices[i]));
		}
		if (is_known)
			continue;
		buf_add(why, STR("does not know "));
		buf_add(why, word);
		if (!str_empty(near.best)) {
			buf_add(why, STR("; did you mean "));
			buf_add(why, near.best);
			buf_add_char(why, '?');
		}
		return FAIL_SYNTAX;
	}
	return parse_text(row, text, arena, out, why);
}

static enum fail
parse_networks(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	struct str wrong;

	switch (net_networks_check(text, &wrong)) {
	case FAIL_NONE: return parse_text(row, text, arena, out, why);
	case FAIL_DENIED:
		buf_add(why,
		    STR("must not trust the whole Internet, strangers and spammers too: "));
		break;
	default: buf_add(why, STR("names a network that is none: ")); break;
	}
	buf_add(why, wrong);
	return FAIL_SYNTAX;
}

static enum fail
parse_zones(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	struct str wrong;

	switch (zones_check(text, &wrong)) {
	case FAIL_NONE: return parse_text(row, text, arena, out, why);
	case FAIL_LIMIT:
		buf_add(why, STR("names more than "));
		buf_add_u64(why, ZONES_MAX);
		buf_add(why, STR(" lists"));
		return FAIL_LIMIT;
	default:
		buf_add(why, STR("names a list that is not ZONE or ZONE=127.0.0.2,127.0.0.4/30: "));
		buf_add(why, wrong);
		return FAIL_SYNTAX;
	}
}

static enum fail
parse_rate(const struct setting *row, struct str text, struct arena *arena, struct str *out,
    struct buf *why)
{
	struct rate rate;
	enum fail fail = rate_parse(text, &rate);

	if (fail == FAIL_NONE)
		return parse_text(row, text, arena, out, why);
	buf_add(why,
	    fail == FAIL_LIMIT ? STR("must be between 1 and 1000000 in between 1s and 7d")
			       : STR("must be a number in a time, like 30/1m"));
	return fail;
}

enum fail
value_parse(const struct setting *row, void *values, struct str text, struct arena *arena,
    struct buf *why)
{
	switch (row->type) {
	case SETTING_BOOL: return parse_bool(text, field(row, values), why);
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_DURATION: return parse_amount(row, text, field(row, values), why);
	case SETTING_DURATIONS: return parse_durations(row, text, field(row, values), why);
	case SETTING_CHOICE: return parse_choice(row, text, field(row, values), why);
	case SETTING_CHOICES: return parse_choices(row, text, arena, field(row, values), why);
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_LIST: return parse_text(row, text, arena, field(row, values), why);
	case SETTING_NETWORKS: return parse_networks(row, text, arena, field(row, values), why);
	case SETTING_ZONES: return parse_zones(row, text, arena, field(row, values), why);
	case SETTING_RATE: return parse_rate(row, text, arena, field(row, values), why);
	case SETTING_HOST: return value_host(row, text, arena, field(row, values), why);
	case SETTING_DOMAINS: return value_domains(text, arena, field(row, values), why);
	case SETTING_IPV4:
	case SETTING_IPV6: return value_address(row, text, arena, field(row, values), why);
	}
	return FAIL_SYNTAX;
}

void
value_write(const struct setting *row, const void *values, struct buf *out)
{
	const char *at = (const char *)values + row->offset;

	switch (row->type) {
	case SETTING_BOOL: buf_add_c(out, *(const bool *)at ? "yes" : "no"); break;
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_DURATION:
		value_write_amount(row, *(const int64_t *)(const void *)at, out);
		break;
	case SETTING_DURATIONS: add_durations(row, (const void *)at, out); break;
	case SETTING_CHOICE: buf_add_c(out, row->choices[*(const int *)(const void *)at]); break;
	case SETTING_SECRET: buf_add(out, STR("(hidden)")); break;
	case SETTING_TEXT:
	case SETTING_CHOICES:
	case SETTING_NETWORKS:
	case SETTING_ZONES:
	case SETTING_RATE:
	case SETTING_HOST:
	case SETTING_DOMAINS:
	case SETTING_IPV4:
	case SETTING_IPV6:
	case SETTING_LIST: buf_add(out, *(const struct str *)(const void *)at); break;
	}
}
