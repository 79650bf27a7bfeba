/*
 * heap.h - the loop's timers, earliest first (private to the room).
 *
 * A binary heap of pointers; each timer knows its place, so starting, moving and stopping one of
 * ten thousand costs a handful of swaps.
 */
#ifndef LOOP_HEAP_H
#define LOOP_HEAP_H

#include "loop/loop.h"

/* The earliest timer; there must be one. */
static inline struct timer *
heap_first(const struct loop *l)
{
	return l->timers[1];
}

#endif
