/* Any sender: what is forwarded comes back as it was, folded too, and not with another key. */
#include "envelope/srs.h"

/* base */
#include "base/mem.h"

#define NOW   1700000000
#define DAY_S 86400

static const struct str key = STR_INIT("0123456789abcdef0123456789abcdef");
static const struct str wrong = STR_INIT("0123456789abcdef0123456789abcde0");
static const struct str here = STR_INIT("here.test");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
back(struct str address, struct buf *out)
{
	struct buf folded;

	buf_init(&folded, 1000);
	for (size_t i = 0; i < address.n; i++)
		buf_add_char(&folded, char_lower(address.p[i]));
	invariant(srs_is_rewritten(address) && str_ends(address, STR("@here.test")));
	invariant(srs_reverse(out, buf_str(&folded), key, NOW) == FAIL_NONE);
	buf_clear(out);
	invariant(srs_reverse(out, address, wrong, NOW) == FAIL_DENIED && out->n == 0);
	invariant(srs_reverse(out, address, key, NOW + SRS_DAYS * DAY_S) == FAIL_NONE);
	buf_release(&folded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_of(data, size);
	struct buf there, home, again;

	buf_init(&there, 1000);
	buf_init(&home, 1000);
	buf_init(&again, 1000);
	/* The fuzzer watches comparisons and learns marks, so what comes back here may be anything. */
	if (srs_reverse(&home, in, key, NOW) != FAIL_NONE)
		invariant(home.n == 0 && buf_ok(&home));
	else
		invariant(str_find_char(buf_str(&home), '@') != STR_NONE && home.n < in.n);
	buf_clear(&home);
	if (srs_forward(&there, in, here, key, NOW) != FAIL_NONE) {
		invariant(there.n == 0 && buf_ok(&there));
	} else if (!str_eq(buf_str(&there), in)) {
		/* There and back, and there again: the same address, whatever quoting the sender had. */
		back(buf_str(&there), &home);
		invariant(srs_forward(&again, buf_str(&home), here, key, NOW) == FAIL_NONE);
		invariant(str_eq_nocase(buf_str(&again), buf_str(&there)));
	}
	buf_release(&there);
	buf_release(&home);
	buf_release(&again);
	return 0;
}
