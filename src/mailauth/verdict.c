#include "mailauth/verdict.h"

const struct str verdict_names[VERDICT_COUNT] = {
	[VERDICT_NONE] = STR_INIT("none"),
	[VERDICT_PASS] = STR_INIT("pass"),
	[VERDICT_FAIL] = STR_INIT("fail"),
	[VERDICT_SOFTFAIL] = STR_INIT("softfail"),
	[VERDICT_NEUTRAL] = STR_INIT("neutral"),
	[VERDICT_POLICY] = STR_INIT("policy"),
	[VERDICT_TEMPERROR] = STR_INIT("temperror"),
	[VERDICT_PERMERROR] = STR_INIT("permerror"),
};

bool
verdict_parse(struct str word, enum verdict *out)
{
	for (int i = 0; i < VERDICT_COUNT; i++) {
		if (str_eq_nocase(word, verdict_names[i])) {
			*out = (enum verdict)i;
			return true;
		}
	}
	return false;
}
