/* Records of keys: none verifies what nobody signed. */
#include "mailauth/dkim_key.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char digest[DKIM_DIGEST_BYTES] = { 1, 2, 3 };
	struct dkim_signature signature = { .d = STR("a.test"), .i = STR("@b.a.test") };
	struct dns_record record = { .bytes = str_of(data, size) };
	struct dns_query query = { .records = &record, .record_count = 1 };
	struct dkim_key key;
	struct str reason;

	for (int i = 0; i < DKIM_ALGORITHM_COUNT; i++) {
		signature.algorithm = (enum dkim_algorithm)i;
		/* As long as a signature of 2048 bits. */
		signature.b = STR(
		    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7"
		    "PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3"
		    "eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKz"
		    "tLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v"
		    "8PHy8/T19vf4+fr7/P3+/w==");
		if (dkim_key_answer(&query, &signature, &key, &reason) != VERDICT_NONE) {
			invariant(!str_empty(reason));
			continue;
		}
		invariant(!dkim_key_verify(&key, &signature, digest));
		dkim_key_release(&key);
	}
	return 0;
}
