#include "message/date.h"

/* system */
#include <time.h>

/* base */
#include "base/mem.h"

static const char weekday_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	"Sep", "Oct", "Nov", "Dec" };

#define DAY_S        86400
#define ERA_DAYS     146097         /* of 400 years */
#define EPOCH_DAYS   719468         /* from 0000-03-01 to 1970-01-01 */
#define SECONDS_MIN  (-62135596800) /* 0001-01-01 */
#define SECONDS_MAX  253402300799   /* 9999-12-31 23:59:59 */
#define ZONE_MAX_MIN (99 * 60 + 59)

/* Years are counted from March, so that the leap day is the last of its year. */
int64_t
civil_seconds(const struct civil *c)
{
	int64_t year = c->month <= 2 ? c->year - 1 : c->year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t day = (153 * (c->month + (c->month > 2 ? -3 : 9)) + 2) / 5 + c->day - 1;

	day += of_era * 365 + of_era / 4 - of_era / 100;
	day += era * ERA_DAYS - EPOCH_DAYS;
	return day * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

struct civil
civil_of(int64_t unix_s, int32_t zone_min)
{
	struct civil c;
	int64_t days, rest, era, of_era, year, day, month;

	unix_s = unix_s < SECONDS_MIN ? SECONDS_MIN : unix_s > SECONDS_MAX ? SECONDS_MAX : unix_s;
	if (zone_min <= ZONE_MAX_MIN && zone_min >= -ZONE_MAX_MIN)
		unix_s += zone_min * 60;
	days = unix_s / DAY_S - (unix_s % DAY_S < 0);
	rest = unix_s - days * DAY_S;
	c.weekday = (int)(((days + 4) % 7 + 7) % 7);
	days += EPOCH_DAYS;
	era = (days >= 0 ? days : days - ERA_DAYS + 1) / ERA_DAYS;
	day = days - era * ERA_DAYS;
	of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	year = of_era + era * 400;
	day -= 365 * of_era + of_era / 4 - of_era / 100;
	month = (5 * day + 2) / 153;
	c.day = (int)(day - (153 * month + 2) / 5 + 1);
	c.month = (int)(month < 10 ? month + 3 : month - 9);
	c.year = (int)(c.month <= 2 ? year + 1 : year);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	return c;
}

int32_t
date_local_zone(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int32_t)(tm.tm_gmtoff / 60) : 0;
}

/* --- writing ------------------------------------------------------------------------------- */

static void
zone_write(struct buf *out, int32_t zone_min, const char *between)
{
	uint32_t n = (uint32_t)(zone_min < 0 ? -zone_min : zone_min);

	buf_add_char(out, zone_min < 0 ? '-' : '+');
	buf_add_u64_padded(out, n / 60, 2);
	buf_add_c(out, between);
	buf_add_u64_padded(out, n % 60, 2);
}

static void
time_write(struct buf *out, const struct civil *c)
{
	buf_add_u64_padded(out, (uint64_t)c->hour, 2);
	buf_add_char(out, ':');
	buf_add_u64_padded(out, (uint64_t)c->minute, 2);
	buf_add_char(out, ':');
	buf_add_u64_padded(out, (uint64_t)c->second, 2);
}

static int32_t
zone_in_range(int32_t zone_min)
{
	return zone_min > ZONE_MAX_MIN || zone_min < -ZONE_MAX_MIN ? 0 : zone_min;
}

/* RFC 5322 3.3 */
void
date_write_5322(struct buf *out, int64_t unix_s, int32_t zone_min)
{
	struct civil c = civil_of(unix_s, zone_min = zone_in_range(zone_min));

	buf_add_c(out, weekday_names[c.weekday]);
	buf_add_c(out, ", ");
	buf_add_u64(out, (uint64_t)c.day);
	buf_add_char(out, ' ');
	buf_add_c(out, month_names[c.month - 1]);
	buf_add_char(out, ' ');
	buf_add_u64_padded(out, (uint64_t)c.year, 4);
	buf_add_char(out, ' ');
	time_write(out, &c);
	buf_add_char(out, ' ');
	zone_write(out, zone_min, "");
}

/* date-time of RFC 9051 section 9, without quotes */
void
date_write_imap(struct buf *out, int64_t unix_s, int32_t zone_min)
{
	struct civil c = civil_of(unix_s, zone_min = zone_in_range(zone_min));

	if (c.day < 10)
		buf_add_char(out, ' ');
	buf_add_u64(out, (uint64_t)c.day);
	buf_add_char(out, '-');
	buf_add_c(out, month_names[c.month - 1]);
	buf_add_char(out, '-');
	buf_add_u64_padded(out, (uint64_t)c.year, 4);
	buf_add_char(out, ' ');
	time_write(out, &c);
	buf_add_char(out, ' ');
	zone_write(out, zone_min, "");
}

/* RFC 3339 5.6 */
void
date_write_3339(struct buf *out, int64_t unix_s, int32_t zone_min)
{
	struct civil c = civil_of(unix_s, zone_min = zone_in_range(zone_min));

	buf_add_u64_padded(out, (uint64_t)c.year, 4);
	buf_add_char(out, '-');
	buf_add_u64_padded(out, (uint64_t)c.month, 2);
	buf_add_char(out, '-');
	buf_add_u64_padded(out, (uint64_t)c.day, 2);
	buf_add_char(out, 'T');
	time_write(out, &c);
	if (zone_min == 0)
		buf_add_char(out, 'Z');
	else
		zone_write(out, zone_min, ":");
}
