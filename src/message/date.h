/*
 * date.h - dates of messages, of IMAP and of JMAP, read and written.
 *
 * date_parse() takes what is seen in Date fields: RFC 5322 3.3 with comments and the obsolete forms
 * of 4.3, missing weekday, seconds or zone, two-digit and three-digit years, named and military
 * zones, RFC 850, asctime, month and day swapped, and ISO 8601. Years 1 .. 9999.
 */
#ifndef MESSAGE_DATE_H
#define MESSAGE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

struct date {
	int64_t unix_s;     /* seconds since 1970-01-01 UTC */
	int32_t zone_min;   /* minutes east of UTC */
	bool is_zone_known; /* false: none or "-0000" */
};

/* A day and time as people write it. */
struct civil {
	int year, month, day; /* month 1 .. 12 */
	int hour, minute, second;
	int weekday; /* 0 is Sunday */
};

/* A date of a message; FAIL_SYNTAX when there is none in it. */
MUST_CHECK enum fail date_parse(struct str text, struct date *out);

/* RFC 9051 date-time (`17-Jul-1996 02:44:25 -0700`, day may be space-padded), without quotes. */
MUST_CHECK enum fail date_parse_imap(struct str text, struct date *out);

/* RFC 9051 date (`1-Feb-1994`): unix_s of its midnight in UTC. */
MUST_CHECK enum fail date_parse_imap_day(struct str text, int64_t *unix_s_out);

/* RFC 3339 date-time as JMAP has it (RFC 8620 1.4). */
MUST_CHECK enum fail date_parse_3339(struct str text, struct date *out);

/* `Thu, 13 Feb 1969 23:32:00 -0330`; `17-Jul-1996 02:44:25 -0700`; `2014-10-30T14:12:00+08:00`. */
void date_write_5322(struct buf *out, int64_t unix_s, int32_t zone_min);
void date_write_imap(struct buf *out, int64_t unix_s, int32_t zone_min);
void date_write_3339(struct buf *out, int64_t unix_s, int32_t zone_min); /* 0 writes "Z" */

/* Between the calendar and seconds (proleptic Gregorian, no leap seconds). */
struct civil civil_of(int64_t unix_s, int32_t zone_min);
int64_t civil_seconds(const struct civil *civil);

/* The zone of this machine at that time, minutes east of UTC. */
int32_t date_local_zone(int64_t unix_s);

#endif
