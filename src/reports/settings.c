#include "reports/settings.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "directory/address.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

#define AT(field) offsetof(struct reports_settings, field)

static const struct setting rows[] = {
	{ "dmarc", SETTING_BOOL, AT(has_dmarc), "no", 0, 0, NULL,
	    "Tell domains that ask for it (rua= of DMARC) daily what came in their name; needs "
	    "[mailauth] check" },
	{ "tls", SETTING_BOOL, AT(has_tls), "no", 0, 0, NULL,
	    "Tell domains that ask for it (TLS-RPT) daily how connections to them went" },
	{ "address", SETTING_TEXT, AT(address), "", 0, 0, NULL,
	    "Who such reports are from, of a domain with keys here; empty: postmaster@HOSTNAME" },
	{ "organization", SETTING_TEXT, AT(organization), "", 0, 0, NULL,
	    "The name of who reports; empty: the host name" },
	{ "contact", SETTING_TEXT, AT(contact), "", 0, 0, NULL,
	    "More about whom to ask, such as a telephone number or a web page" },
	{ "interval", SETTING_DURATION, AT(interval_ms), "1d", 1000, DAY_MS, NULL,
	    "What one report covers; less than a day is for tests" },
};

const struct setting_section reports_section = {
	.name = "reports",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct reports_settings),
	.help = "Reports to other domains about their mail",
};

const struct reports_settings reports_settings_default = { .interval_ms = DAY_MS };

enum fail
reports_settings_check(const struct reports_settings *s, struct buf *why)
{
	struct str local, domain, address = s->address;
	bool is_good = str_empty(address) ||
	    (address.n <= ADDRESS_MAX && utf8_is_ascii(address) &&
		str_find_char(address, ' ') == STR_NONE &&
		address_split(address, false, &local, &domain) == FAIL_NONE);

	if (is_good)
		return FAIL_NONE;
	buf_add(why, STR("[reports] address is no address, such as reports@example.org: "));
	buf_add(why, address);
	buf_add_char(why, '\n');
	return FAIL_SYNTAX;
}
