/*
 * random.h - secret random bytes, numbers and tokens from the kernel.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void random_bytes(void *out, size_t n);
uint64_t random_u64(void);

/* Even over 0 .. below-1; below at least 1. */
uint64_t random_below(uint64_t below);

/* Append `n` characters of A-Za-z0-9: about 5.95 bits each. */
void random_text(struct buf *out, size_t n);

#endif
