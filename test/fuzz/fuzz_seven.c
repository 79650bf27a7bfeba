/* Any message in 7 bits, and without what is binary: it fits, and has the parts that it had. */
#include "lib/seven_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	(void)seven_check(str_of(data, size), SEVEN_FOR_7BIT, &out);
	(void)seven_check(str_of(data, size), SEVEN_FOR_8BIT, &out);
	buf_release(&out);
	return 0;
}
