/* Policies of MTA-STS as files, and the records in DNS beside them: what was read is read again the same. */

/* system */
#include <stdint.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "tlspolicy/rpt_record.h"
#include "tlspolicy/sts_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct sts_policy *policy)
{
	struct sts_policy second;
	struct buf out;

	buf_init(&out, 2 * STS_FILE_MAX);
	sts_policy_write(&out, policy);
	invariant(sts_policy_parse(buf_str(&out), &second) == FAIL_NONE);
	invariant(second.mode == policy->mode && second.max_age_s == policy->max_age_s &&
	    second.pattern_count == policy->pattern_count);
	for (size_t i = 0; i < second.pattern_count; i++)
		invariant(str_eq(second.patterns[i], policy->patterns[i]));
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size), host = str_head(text, str_find_char(text, '\n')), id;
	const struct dns_record records[2] = { { .bytes = text }, { .bytes = host } };
	struct sts_policy policy;
	struct rpt_record rpt;

	if (sts_policy_parse(text, &policy) == FAIL_NONE) {
		(void)sts_policy_names(&policy, host);
		again(&policy);
	}
	if (sts_record_parse(records, 1, &id) == FAIL_NONE)
		invariant(id.n > 0 && id.n <= STS_ID_MAX);
	if (rpt_record_parse(records, 2, &rpt) == FAIL_NONE)
		invariant(rpt.count > 0 && rpt.count <= RPT_ADDRESSES_MAX);
	return 0;
}
