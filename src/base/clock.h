/*
 * clock.h - what time it is, read once per turn.
 *
 * All code of one turn sees the same two times: a monotonic one for deadlines and a wall clock for
 * messages. Tests set both.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds on a clock that never goes back. */
int64_t clock_mono_ms(void);

/* Seconds, and milliseconds, since 1970-01-01 UTC. */
int64_t clock_wall_s(void);
int64_t clock_wall_ms(void);

/* Read the system's clocks; the loop does it after each sleep, and the first call of any other does. */
void clock_tick(void);

/* The real monotonic time in microseconds, unaffected by ticks: to measure a slice of work. */
int64_t clock_precise_us(void);

/* For tests: freeze both clocks at these values until the next call. */
void clock_fake(int64_t mono_ms, int64_t wall_ms);

/* For tests: each reading of the precise clock is so much later than the one before; 0: as time really goes. */
void clock_fake_step(int64_t step_us);

#endif
