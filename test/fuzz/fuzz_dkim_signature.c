/* Values of DKIM-Signature and of ARC's fields: what they name lies within them. */
#include "mailauth/dkim_signature.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct str part, struct str whole)
{
	invariant(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value = str_of(data, size), reason, names, name;
	struct dkim_signature s;

	for (int form = DKIM_FORM_SIGNATURE; form <= DKIM_FORM_ARC_SEAL; form++) {
		enum verdict verdict =
		    dkim_signature_parse(value, (enum dkim_form)form, &s, &reason);

		invariant((verdict == VERDICT_NONE) == str_empty(reason));
		check_inside(s.b, value);
		check_inside(s.d, value);
		check_inside(s.i, value);
		if (verdict != VERDICT_NONE)
			continue;
		invariant(dkim_is_domain(s.d) && dkim_is_domain(s.s));
		if (str_empty(s.h)) {
			invariant(form != DKIM_FORM_SIGNATURE);
			continue;
		}
		names = s.h;
		while (dkim_next_name(&names, &name)) {
			check_inside(name, value);
			invariant(form == DKIM_FORM_ARC_SEAL || dkim_is_name(name));
		}
	}
	return 0;
}
