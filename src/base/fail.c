#include "base/fail.h"

const char *const fail_names[FAIL_COUNT] = {
	[FAIL_NONE] = "none",
	[FAIL_SYNTAX] = "syntax",
	[FAIL_LIMIT] = "limit",
	[FAIL_DENIED] = "denied",
	[FAIL_MISSING] = "missing",
	[FAIL_TEMP] = "temporary",
	[FAIL_PERM] = "permanent",
};
