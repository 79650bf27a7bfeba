/* Reports of strangers: whatever they say, texts are in bounds and there are not too many recipients. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "message/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_of((const char *)data, size);
	struct report report;
	struct arena arena;
	struct buf out;

	arena_init(&arena, 4 * 1024 * 1024);
	if (report_parse(bytes, &arena, &report) == FAIL_NONE) {
		if (report.rcpt_count == 0 || report.rcpt_count > REPORT_RCPTS_MAX)
			abort();
		buf_init(&out, 1024);
		for (size_t i = 0; i < report.rcpt_count; i++) {
			buf_clear(&out);
			report_reply_write(&out, &report.rcpts[i]);
		}
		buf_release(&out);
	}
	arena_release(&arena);
	return 0;
}
