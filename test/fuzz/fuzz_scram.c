/* SCRAM messages and stored passwords that no crypt(3) is asked for: line one first, then final. */
#include "crypto/scram.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size), first;
	struct scram_keys keys = { .hash = HASH_SHA256, .iterations = 1, .salt_n = 3 };
	struct scram_keys other;
	struct scram s;
	struct buf out;

	scram_init(&s);
	buf_init(&out, 1 << 20);
	if (str_next_part(&rest, '\n', &first) && scram_client_first(&s, first) == FAIL_NONE) {
		scram_server_first(&s, &keys, STR("server"), &out);
		invariant(scram_client_final(&s, rest, &out) != FAIL_NONE);
	}
	if (scram_keys_parse(&other, str_of(data, size)) == FAIL_NONE)
		scram_keys_write(&other, &out);
	scram_release(&s);
	buf_release(&out);
	return 0;
}
