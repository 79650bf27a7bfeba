#include "base/clock.h"

/* system */
#include <stdbool.h>
#include <time.h>

static struct {
	int64_t mono_ms, wall_ms;
	int64_t step_us, stepped_us; /* of the precise one */
	bool is_read, is_fake;
} now;

static int64_t
read_us(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void
clock_tick(void)
{
	if (now.is_fake)
		return;
	now.mono_ms = read_us(CLOCK_MONOTONIC) / 1000;
	now.wall_ms = read_us(CLOCK_REALTIME) / 1000;
	now.is_read = true;
}

static void
need_time(void)
{
	if (!now.is_read)
		clock_tick();
}

int64_t
clock_mono_ms(void)
{
	need_time();
	return now.mono_ms;
}

int64_t
clock_wall_ms(void)
{
	need_time();
	return now.wall_ms;
}

int64_t
clock_wall_s(void)
{
	return clock_wall_ms() / 1000;
}

int64_t
clock_precise_us(void)
{
	return read_us(CLOCK_MONOTONIC) + (now.stepped_us += now.step_us);
}

void
clock_fake_step(int64_t step_us)
{
	now.step_us = step_us;
}

void
clock_fake(int64_t mono_ms, int64_t wall_ms)
{
	now.mono_ms = mono_ms;
	now.wall_ms = wall_ms;
	now.is_read = now.is_fake = true;
}
