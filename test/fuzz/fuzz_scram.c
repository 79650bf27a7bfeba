/* SCRAM messages and stored passwords that no crypt(3) is asked for: line one first, then final. */
#include "crypto/scram.h"

/* base */
#include "base/mem.h"

/* One exchange with keys that nobody has. */
static void
exchange(enum scram_choice choice, struct str first, struct str last, struct buf *out)
{
	struct scram_keys keys = { .hash = HASH_SHA256, .iterations = 1, .salt_n = 3 };
	struct scram s;

	scram_init(&s);
	if (scram_client_first(&s, choice, first) == FAIL_NONE) {
		if (choice == SCRAM_PLUS)
			scram_bind(&s, STR("binding"));
		scram_server_first(&s, &keys, STR("server"), out);
		invariant(scram_client_final(&s, last, out) != FAIL_NONE);
	}
	scram_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size), first;
	struct scram_keys other;
	struct buf out;

	buf_init(&out, 1 << 20);
	if (str_next_part(&rest, '\n', &first)) {
		for (int choice = SCRAM_UNBOUND; choice <= SCRAM_PLUS; choice++)
			exchange((enum scram_choice)choice, first, rest, &out);
	}
	if (scram_keys_parse(&other, str_of(data, size)) == FAIL_NONE)
		scram_keys_write(&other, &out);
	buf_release(&out);
	return 0;
}
