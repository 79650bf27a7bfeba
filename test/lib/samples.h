/*
 * samples.h - how long each of many commands took.
 *
 * Ownership: samples hold memory until samples_release(). Units: microseconds in, milliseconds out.
 */
#ifndef TEST_SAMPLES_H
#define TEST_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples { /* zeroed at first; fields: read only */
	uint32_t *us;
	size_t count;
};

void samples_add(struct samples *s, int64_t us);
void samples_add_all(struct samples *s, const struct samples *more);
void samples_release(struct samples *s);

/* Print COUNT, MEDIAN, P99 and WORST, a tab before each. There is at least one. */
void samples_print(struct samples *s);

#endif
