#include "mailauth/settings.h"

/* base */
#include "base/mem.h"

#define AT(field) offsetof(struct mailauth_settings, field)

static const struct setting rows[] = {
	{ "sign", SETTING_BOOL, AT(sign), "yes", 0, 0, NULL,
	    "Sign what users and this host send, with the keys of `domain dkim add`" },
	{ "check", SETTING_BOOL, AT(check), "yes", 0, 0, NULL,
	    "Check SPF, DKIM, ARC and DMARC of mail from other hosts, and write "
	    "Authentication-Results" },
	{ "reject", SETTING_BOOL, AT(reject), "yes", 0, 0, NULL,
	    "Refuse mail that its domain's DMARC policy wants rejected; no: it goes to Junk" },
	{ "quarantine", SETTING_BOOL, AT(quarantine), "yes", 0, 0, NULL,
	    "Put into Junk what its domain's DMARC policy wants quarantined" },
	{ "trusted-sealers", SETTING_DOMAINS, AT(trusted_sealers), "", 0, 0, NULL,
	    "Domains of mailing lists and forwarders whose ARC seals count when DMARC fails" },
	{ "received-spf", SETTING_BOOL, AT(received_spf), "no", 0, 0, NULL,
	    "Write Received-SPF too" },
};

const struct setting_section mailauth_section = {
	.name = "mailauth",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct mailauth_settings),
	.help = "Who a message is from: proofs of ours, and those of others",
};

const struct mailauth_settings mailauth_settings_default = {
	.sign = true,
	.check = true,
	.reject = true,
	.quarantine = true,
};
