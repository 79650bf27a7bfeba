/* An owner's filter and a stranger's name, a line each, on arbitrary bytes: what is put in is never more than a value. */
#include "directory/ldap_filter.h"

/* base */
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count(struct str text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n;
}

static void
check(struct str filter, const struct ldap_values *values)
{
	struct buf out;

	buf_init(&out, LDAP_FILTER_MAX);
	ldap_filter_write(&out, filter, values);
	if (buf_ok(&out)) {
		invariant(count(buf_str(&out), '(') == count(filter, '('));
		invariant(count(buf_str(&out), ')') == count(filter, ')'));
		invariant(count(buf_str(&out), '*') == count(filter, '*'));
		invariant(count(buf_str(&out), '\0') == count(filter, '\0'));
	}
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size), filter = text;
	struct ldap_values values = { .word = STR("name"), .has_dn = true };
	const char *why = NULL;

	if (str_take_until(&text, '\n', &filter))
		values.key = values.dn = text;
	if (ldap_filter_check(filter, &values, &why) == FAIL_NONE)
		check(filter, &values);
	else
		invariant(why != NULL);
	(void)ldap_filter_uses(filter, STR("name"));
	return 0;
}
