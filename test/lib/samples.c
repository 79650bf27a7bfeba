#include "lib/samples.h"

/* system */
#include <stdio.h>
#include <stdlib.h>

/* base */
#include "base/mem.h"

void
samples_add(struct samples *s, int64_t us)
{
	if ((s->count & (s->count - 1)) == 0) /* a power of two: full */
		s->us = mem_resize(s->us, s->count ? 2 * s->count : 1, sizeof *s->us);
	s->us[s->count++] = (uint32_t)us;
}

void
samples_add_all(struct samples *s, const struct samples *more)
{
	for (size_t i = 0; i < more->count; i++)
		samples_add(s, more->us[i]);
}

void
samples_release(struct samples *s)
{
	mem_free(s->us);
	*s = (struct samples){ .count = 0 };
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The sample that so many of 100 are below. */
static double
percentile_ms(const struct samples *s, size_t part)
{
	size_t at = s->count * part / 100;

	return s->us[at < s->count ? at : s->count - 1] / 1e3;
}

void
samples_print(struct samples *s)
{
	qsort(s->us, s->count, sizeof *s->us, compare);
	printf("\t%zu\t%.3f\t%.3f\t%.3f", s->count, percentile_ms(s, 50), percentile_ms(s, 99),
	    percentile_ms(s, 100));
}
