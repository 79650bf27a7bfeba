#include "tlspolicy/rpt_session.h"

const struct str rpt_type_names[RPT_TYPE_COUNT] = {
	[RPT_TLSA] = STR_INIT("tlsa"),
	[RPT_STS] = STR_INIT("sts"),
	[RPT_NO_POLICY] = STR_INIT("no-policy-found"),
};
