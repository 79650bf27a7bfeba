#include "crypto/random.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "sys/sys.h"

void
random_bytes(void *out, size_t n)
{
	sys_random(out, n);
}

uint64_t
random_u64(void)
{
	uint64_t n;

	sys_random(&n, sizeof n);
	return n;
}

uint64_t
random_below(uint64_t below)
{
	uint64_t n, rest;

	invariant(below > 0);
	rest = (UINT64_MAX % below + 1) % below; /* numbers at the top that would come too often */
	do
		n = random_u64();
	while (n > UINT64_MAX - rest);
	return n % below;
}

void
random_text(struct buf *out, size_t n)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	while (n > 0) {
		unsigned char bytes[64];

		sys_random(bytes, sizeof bytes);
		for (size_t i = 0; i < sizeof bytes && n > 0; i++) {
			if (bytes[i] >= 4 * 62)
				continue;
			buf_add_char(out, alphabet[bytes[i] % 62]);
			n--;
		}
		mem_wipe(bytes, sizeof bytes);
	}
}
