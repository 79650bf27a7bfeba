/*
 * chance.h - what a test leaves to chance, the same in each run with the same seed.
 *
 * One generator for a program: the linear one of Knuth's MMIX, of which the upper bits are used.
 */
#ifndef TEST_LIB_CHANCE_H
#define TEST_LIB_CHANCE_H

#include <stddef.h>
#include <stdint.h>

void chance_seed(uint64_t seed);

/* A number below n; 0 when n is 0. */
size_t chance_below(size_t n);

/* What the environment says for it (SEED, STEPS), or what is usual. */
uint64_t chance_environment(const char *name, uint64_t usual);

#endif
