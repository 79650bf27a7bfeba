/* TLS reports of strangers: what was read is written and read again the same. */

/* system */
#include <stdint.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "tlspolicy/rpt_report.h"

#define ARENA_MAX (64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpt_report report, again;
	struct arena arena;
	struct buf first, second;

	arena_init(&arena, ARENA_MAX);
	buf_init(&first, ARENA_MAX);
	buf_init(&second, ARENA_MAX);
	if (rpt_report_read(str_of(data, size), &arena, &report) == FAIL_NONE) {
		rpt_report_write(&first, &report);
		invariant(rpt_report_read(buf_str(&first), &arena, &again) == FAIL_NONE);
		invariant(again.policy_count == report.policy_count);
		rpt_report_write(&second, &again);
		invariant(str_eq(buf_str(&first), buf_str(&second)));
	}
	buf_release(&second);
	buf_release(&first);
	arena_release(&arena);
	return 0;
}
