#include "base/mem.h"

/* system */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/num.h"

void
invariant_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "<2>invariant broken: %s at %s:%d\n", what, file, line);
	abort();
}

void (*mem_watch)(const void *p);

void *
mem_new(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	invariant(p != NULL);
	return p;
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	size_t bytes;

	invariant(size_mul(count, size, &bytes));
	if (mem_watch && p)
		mem_watch(p);
	p = realloc(p, bytes ? bytes : 1);
	invariant(p != NULL);
	return p;
}

void
mem_free(void *p)
{
	if (mem_watch && p)
		mem_watch(p);
	free(p);
}

void
mem_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

bool
mem_equal_secret(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;
	unsigned char differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)(x[i] ^ y[i]);
	return differ == 0;
}
