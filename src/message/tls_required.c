#include "message/tls_required.h"

/* rooms */
#include "message/header.h"

/* [FWS] "No" */
static bool
is_no(struct str value)
{
	while (
	    value.n > 0 && (char_is_space(value.p[0]) || value.p[0] == '\r' || value.p[0] == '\n'))
		value = str_from(value, 1);
	return str_eq_nocase(str_trim(value), STR("No"));
}

bool
tls_required_is_no(struct str head)
{
	struct header field;
	size_t count = 0, said = 0;

	while (header_next(&head, &field)) {
		if (!str_eq_nocase(field.name, STR("TLS-Required")))
			continue;
		count++;
		said += is_no(field.value);
	}
	return count == 1 && said == 1;
}
