#include "lib/chance.h"

/* system */
#include <stdlib.h>

static uint64_t state;

void
chance_seed(uint64_t seed)
{
	state = seed;
}

size_t
chance_below(size_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return n ? (size_t)(state >> 33) % n : 0;
}

uint64_t
chance_environment(const char *name, uint64_t usual)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : usual;
}
