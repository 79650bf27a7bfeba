#include "tlspolicy/sts_policy.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "tls/x509.h"
#include "tlspolicy/txt.h"

#define VERSION    "STSv1"
#define AGE_DIGITS 10  /* RFC 8461 3.2: max_age is 1*10(DIGIT) */
#define HOST_MAX   253 /* bytes of a name (RFC 1035 2.3.4) */

const struct str sts_mode_names[STS_MODE_COUNT] = {
	[STS_NONE] = STR_INIT("none"),
	[STS_TESTING] = STR_INIT("testing"),
	[STS_ENFORCE] = STR_INIT("enforce"),
};

/* --- the record ---------------------------------------------------------------------------------------- */

/* 1*32(ALPHA / DIGIT) */
static bool
is_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]))
			return false;
	return s.n > 0 && s.n <= STS_ID_MAX;
}

enum fail
sts_record_parse(const struct dns_record *records, size_t count, struct str *id_out)
{
	struct str text, id;

	if (txt_choose(records, count, STR("v=" VERSION), &text) != FAIL_NONE ||
	    txt_parse(text, STR("v=" VERSION), STR("id"), &id) != FAIL_NONE || !is_id(id))
		return FAIL_MISSING;
	*id_out = id;
	return FAIL_NONE;
}

/* --- the file ------------------------------------------------------------------------------------------ */

enum { HAS_VERSION = 1, HAS_MODE = 2, HAS_AGE = 4, HAS_ALL = 7 };

static bool
read_mode(struct str value, struct sts_policy *p)
{
	for (size_t i = 0; i < STS_MODE_COUNT; i++) {
		if (str_eq(value, sts_mode_names[i])) {
			p->mode = (enum sts_mode)i;
			return true;
		}
	}
	return false;
}

static bool
read_age(struct str value, struct sts_policy *p)
{
	uint64_t n;

	if (value.n > AGE_DIGITS || !str_u64(&value, UINT64_MAX, &n) || !str_empty(value))
		return false;
	p->max_age_s = n > STS_MAX_AGE_S ? STS_MAX_AGE_S : (int64_t)n;
	return true;
}

/* ["*."] Domain */
static bool
is_pattern(struct str s)
{
	struct str host = s, label;

	(void)!str_skip(&host, STR("*."));
	if (str_empty(host) || host.n > HOST_MAX)
		return false;
	while (str_next_part(&host, '.', &label)) {
		if (str_empty(label))
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!char_is_alpha(label.p[i]) && !char_is_digit(label.p[i]) &&
			    label.p[i] != '-' && label.p[i] != '_')
				return false;
	}
	return true;
}

static enum fail
read_field(struct str name, struct str value, unsigned *has, struct sts_policy *p)
{
	unsigned bit = str_eq(name, STR("version")) ? HAS_VERSION
	    : str_eq(name, STR("mode"))             ? HAS_MODE
	    : str_eq(name, STR("max_age"))          ? HAS_AGE
						    : 0;
	bool is_right = true;

	if (str_eq(name, STR("mx"))) {
		if (!is_pattern(value))
			return FAIL_SYNTAX;
		if (p->pattern_count == STS_PATTERNS_MAX)
			return FAIL_LIMIT;
		p->patterns[p->pattern_count++] = value;
	}
	if (bit == 0 || (*has & bit))
		return FAIL_NONE;
	*has |= bit;
	if (bit == HAS_VERSION)
		is_right = str_eq(value, STR(VERSION));
	else if (bit == HAS_MODE)
		is_right = read_mode(value, p);
	else
		is_right = read_age(value, p);
	return is_right ? FAIL_NONE : FAIL_SYNTAX;
}

enum fail
sts_policy_parse(struct str text, struct sts_policy *out)
{
	struct str line, name;
	unsigned has = 0;
	enum fail fail;

	*out = (struct sts_policy){ .mode = STS_NONE };
	if (text.n > STS_FILE_MAX)
		return FAIL_LIMIT;
	while (str_next_part(&text, '\n', &line)) { /* ends in LF or CRLF */
		line = str_trim(line);
		if (str_empty(line))
			continue;
		if (!str_take_until(&line, ':', &name))
			return FAIL_SYNTAX;
		fail = read_field(name, str_trim(line), &has, out);
		if (fail != FAIL_NONE)
			return fail;
	}
	return has == HAS_ALL && (out->pattern_count > 0 || out->mode == STS_NONE) ? FAIL_NONE
										   : FAIL_SYNTAX;
}

static void
write_field(struct buf *out, const char *name, struct str value)
{
	buf_add_c(out, name);
	buf_add(out, STR(": "));
	buf_add(out, value);
	buf_add(out, STR("\r\n"));
}

void
sts_policy_write(struct buf *out, const struct sts_policy *policy)
{
	write_field(out, "version", STR(VERSION));
	write_field(out, "mode", sts_mode_names[policy->mode]);
	for (size_t i = 0; i < policy->pattern_count; i++)
		write_field(out, "mx", policy->patterns[i]);
	buf_add(out, STR("max_age: "));
	buf_add_i64(out, policy->max_age_s);
	buf_add(out, STR("\r\n"));
}

bool
sts_policy_names(const struct sts_policy *policy, struct str host)
{
	for (size_t i = 0; i < policy->pattern_count; i++)
		if (x509_match_name(policy->patterns[i], host) != X509_MATCH_NONE)
			return true;
	return false;
}
