#include "message/date.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/header.h"

#define NOISE STR("\r\n,") /* means nothing between the words, like blanks and comments */

/*
 * date_parse() takes the words of a date in any order and decides for each what it can be: a month's
 * or weekday's name, a time (with a colon), a zone (signed, or a known name behind the time), a day
 * (one or two digits, the first of them), a year (all other numbers).
 */
struct reading {
	struct civil c;
	int32_t zone_min;
	bool has_day, has_month, has_year, has_time, has_zone, is_zone_known;
	bool is_pm, is_am;
};

static const struct {
	const char *name;
	int32_t minutes;
} zones[] = {
	/* RFC 5322 4.3 */
	{ "UT", 0 },
	{ "GMT", 0 },
	{ "EST", -300 },
	{ "EDT", -240 },
	{ "CST", -360 },
	{ "CDT", -300 },
	{ "MST", -420 },
	{ "MDT", -360 },
	{ "PST", -480 },
	{ "PDT", -420 },
	{ "Z", 0 },
	/* seen in the wild and unambiguous */
	{ "UTC", 0 },
	{ "WET", 0 },
	{ "WEST", 60 },
	{ "BST", 60 },
	{ "CET", 60 },
	{ "MET", 60 },
	{ "MEZ", 60 },
	{ "CEST", 120 },
	{ "MEST", 120 },
	{ "MESZ", 120 },
	{ "EET", 120 },
	{ "EEST", 180 },
	{ "MSK", 180 },
	{ "MSD", 240 },
	{ "HKT", 480 },
	{ "SGT", 480 },
	{ "JST", 540 },
	{ "KST", 540 },
	{ "AEST", 600 },
	{ "AEDT", 660 },
	{ "NZST", 720 },
	{ "NZDT", 780 },
	{ "AKST", -540 },
	{ "AKDT", -480 },
	{ "HST", -600 },
};

static const char *const months[12] = { "january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december" };
static const char *const weekdays[7] = { "sunday", "monday", "tuesday", "wednesday", "thursday",
	"friday", "saturday" };

/* The name of which `word` is the beginning, at least three letters of it; or -1. */
static int
find_name(struct str word, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (word.n >= 3 && str_starts_nocase(str_c(names[i]), word))
			return (int)i;
	/* "Sept" is a beginning, "Tues" and "Thurs" too; all others are no names. */
	return -1;
}

static int
days_in_month(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* At most `most` digits, at least `least`; all of them. */
static bool
take_digits(struct str *cur, size_t least, size_t most, int *out)
{
	size_t n = 0;
	int value = 0;

	while (n < cur->n && n <= most && char_is_digit(cur->p[n]))
		n++;
	if (n < least || n > most)
		return false;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (cur->p[i] - '0');
	*cur = str_from(*cur, n);
	*out = value;
	return true;
}

static bool
take_fraction(struct str *cur)
{
	struct str rest = *cur;
	bool has_digit = false;

	if (!str_skip_char(&rest, '.'))
		return false;
	while (rest.n > 0 && char_is_digit(rest.p[0])) {
		rest = str_from(rest, 1);
		has_digit = true;
	}
	if (has_digit)
		*cur = rest;
	return has_digit;
}

/* A colon with blanks and comments round it, as the obsolete syntax allows. */
static bool
skip_colon(struct str *cur, char colon)
{
	struct str s = *cur;

	header_skip_blanks(&s, NOISE);
	if (!str_skip_char(&s, colon))
		return false;
	header_skip_blanks(&s, NOISE);
	*cur = s;
	return true;
}

/* hour ":" minute [ ":" second ], also with dots; behind the hour that was read. */
static bool
take_time(struct str *cur, int hour, char colon, struct civil *c)
{
	struct str s = *cur;
	int minute, second = 0;

	if (!skip_colon(&s, colon) || !take_digits(&s, 1, 2, &minute))
		return false;
	if (skip_colon(&s, colon) && !take_digits(&s, 1, 2, &second))
		return false;
	take_fraction(&s);
	if (hour > 24 || minute > 59 || second > 60)
		return false;
	c->hour = hour;
	c->minute = minute;
	c->second = second;
	*cur = s;
	return true;
}

/* ( "+" / "-" ) 4DIGIT, also with a colon or hours only. */
static bool
take_zone(struct str *cur, int32_t *minutes, bool *is_known)
{
	struct str s = *cur;
	bool is_minus = s.n > 0 && s.p[0] == '-';
	int hour, minute = 0, n;

	if (s.n == 0 || (s.p[0] != '-' && s.p[0] != '+'))
		return false;
	s = str_from(s, 1);
	if (take_digits(&s, 3, 4, &n)) {
		hour = n / 100;
		minute = n % 100;
	} else if (take_digits(&s, 1, 2, &hour)) {
		if (str_skip_char(&s, ':') && !take_digits(&s, 2, 2, &minute))
			return false;
	} else {
		return false;
	}
	*is_known = !(is_minus && hour == 0 && minute == 0) && minute < 60 && hour <= 24;
	*minutes = *is_known ? (is_minus ? -1 : 1) * (hour * 60 + minute) : 0;
	*cur = s;
	return true;
}

static void
take_word(struct reading *r, struct str word)
{
	int i = find_name(word, months, ARRAY_LEN(months));

	if (i >= 0 && !r->has_month) {
		r->c.month = i + 1;
		r->has_month = true;
		return;
	}
	if (find_name(word, weekdays, ARRAY_LEN(weekdays)) >= 0)
		return;
	r->is_pm |= str_eq_nocase(word, STR("pm"));
	r->is_am |= str_eq_nocase(word, STR("am"));
	if (!r->has_time || r->has_zone)
		return;
	for (size_t k = 0; k < ARRAY_LEN(zones); k++) {
		if (str_eq_nocase(word, str_c(zones[k].name))) {
			r->zone_min = zones[k].minutes;
			r->has_zone = r->is_zone_known = true;
		}
	}
}

static bool
take_number(struct reading *r, struct str *cur)
{
	struct str before = *cur;
	size_t digits;
	int n;

	if (!take_digits(cur, 1, 4, &n))
		return false;
	digits = before.n - cur->n;
	if (digits <= 2 && cur->n > 0 && !r->has_time &&
	    (take_time(cur, n, ':', &r->c) ||
		(r->has_month && r->has_day && take_time(cur, n, '.', &r->c)))) {
		r->has_time = true;
	} else if (digits <= 2 && !r->has_day) {
		r->c.day = n;
		r->has_day = true;
	} else if (!r->has_year) {
		/* RFC 5322 4.3: two digits are 2000-2049 or 1950-1999, three digits count from 1900 */
		r->c.year = digits == 2 ? n + (n < 50 ? 2000 : 1900) : digits == 3 ? n + 1900 : n;
		r->has_year = digits >= 2;
	}
	return true;
}

static enum fail
finish(struct reading *r, struct date *out)
{
	if (!r->has_day || !r->has_month || !r->has_year)
		return FAIL_SYNTAX;
	if (r->is_pm && r->c.hour < 12)
		r->c.hour += 12;
	if (r->is_am && r->c.hour == 12)
		r->c.hour = 0;
	if (r->c.year < 1 || r->c.year > 9999 || r->c.day < 1 ||
	    r->c.day > days_in_month(r->c.year, r->c.month))
		return FAIL_SYNTAX;
	out->unix_s = civil_seconds(&r->c) - (int64_t)r->zone_min * 60;
	out->zone_min = r->zone_min;
	out->is_zone_known = r->is_zone_known;
	return FAIL_NONE;
}

enum fail
date_parse(struct str text, struct date *out)
{
	struct reading r = { .has_day = false };
	struct str cur = text;

	if (date_parse_3339(str_trim(text), out) == FAIL_NONE)
		return FAIL_NONE;
	for (;;) {
		size_t n = 0;

		header_skip_blanks(&cur, NOISE);
		if (cur.n == 0)
			return finish(&r, out);
		while (n < cur.n && char_is_alpha(cur.p[n]))
			n++;
		if (n > 0) {
			take_word(&r, str_head(cur, n));
			cur = str_from(cur, n);
			continue;
		}
		if ((r.has_time || r.has_year) && !(r.has_zone && r.zone_min != 0) &&
		    take_zone(&cur, &r.zone_min, &r.is_zone_known)) {
			r.has_zone = true;
			continue;
		}
		if (!take_number(&r, &cur))
			cur = str_from(cur, 1);
	}
}

/* --- IMAP and JMAP, exact ------------------------------------------------------------------ */

/* 2DIGIT ":" 2DIGIT ":" 2DIGIT */
static bool
take_exact_time(struct str *cur, struct civil *c)
{
	return take_digits(cur, 2, 2, &c->hour) && str_skip_char(cur, ':') &&
	    take_digits(cur, 2, 2, &c->minute) && str_skip_char(cur, ':') &&
	    take_digits(cur, 2, 2, &c->second) && c->hour < 24 && c->minute < 60 && c->second <= 60;
}

/* "-" date-month "-" date-year (RFC 9051 section 9) */
static bool
take_imap_month_year(struct str *cur, struct civil *c)
{
	struct str month;
	int i;

	if (!str_skip_char(cur, '-') || !str_take(cur, 3, &month) || !str_skip_char(cur, '-') ||
	    !take_digits(cur, 4, 4, &c->year))
		return false;
	i = find_name(month, months, ARRAY_LEN(months));
	c->month = i + 1;
	return i >= 0 && c->year > 0 && c->day > 0 && c->day <= days_in_month(c->year, c->month);
}

enum fail
date_parse_imap(struct str text, struct date *out)
{
	struct civil c = { 0 };
	struct str s = text;
	bool is_padded = str_skip_char(&s, ' ');

	if (!take_digits(&s, is_padded ? 1 : 2, is_padded ? 1 : 2, &c.day) ||
	    !take_imap_month_year(&s, &c) || !str_skip_char(&s, ' ') || !take_exact_time(&s, &c) ||
	    !str_skip_char(&s, ' ') || s.n != 5 ||
	    !take_zone(&s, &out->zone_min, &out->is_zone_known) || s.n > 0)
		return FAIL_SYNTAX;
	out->unix_s = civil_seconds(&c) - (int64_t)out->zone_min * 60;
	return FAIL_NONE;
}

enum fail
date_parse_imap_day(struct str text, int64_t *unix_s_out)
{
	struct civil c = { 0 };
	struct str s = text;

	if (!take_digits(&s, 1, 2, &c.day) || !take_imap_month_year(&s, &c) || s.n > 0)
		return FAIL_SYNTAX;
	*unix_s_out = civil_seconds(&c);
	return FAIL_NONE;
}

enum fail
date_parse_3339(struct str text, struct date *out)
{
	struct civil c = { 0 };
	struct str s = text;

	*out = (struct date){ .is_zone_known = true };
	if (!take_digits(&s, 4, 4, &c.year) || !str_skip_char(&s, '-') ||
	    !take_digits(&s, 2, 2, &c.month) || !str_skip_char(&s, '-') ||
	    !take_digits(&s, 2, 2, &c.day) || !str_skip_char(&s, 'T') || !take_exact_time(&s, &c))
		return FAIL_SYNTAX;
	take_fraction(&s);
	if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 ||
	    c.day > days_in_month(c.year, c.month))
		return FAIL_SYNTAX;
	if (!str_skip_char(&s, 'Z') && !take_zone(&s, &out->zone_min, &out->is_zone_known))
		return FAIL_SYNTAX;
	if (s.n > 0)
		return FAIL_SYNTAX;
	out->unix_s = civil_seconds(&c) - (int64_t)out->zone_min * 60;
	return FAIL_NONE;
}
