/*
 * settings.h - what the owner may set about proving where mail is from, ours and that of others: [mailauth].
 */
#ifndef MAILAUTH_SETTINGS_H
#define MAILAUTH_SETTINGS_H

#include <stdbool.h>

#include "base/setting.h"

struct mailauth_settings {
	bool sign;                  /* yes: with the keys of keyring.h */
	bool check;                 /* yes */
	bool reject;                /* yes; no: what would be rejected goes to Junk */
	bool quarantine;            /* yes */
	struct str trusted_sealers; /* domains, as words; "" */
	bool received_spf;          /* no */
};

extern const struct setting_section mailauth_section;

/* The defaults of the table, for tests and tools. */
extern const struct mailauth_settings mailauth_settings_default;

#endif
