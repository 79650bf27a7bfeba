/*
 * settings.h - what the owner may set about talking to other hosts: [outbound].
 */
#ifndef SMTPC_SETTINGS_H
#define SMTPC_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"

enum smtpc_families {
	SMTPC_BOTH_IPV6_FIRST,
	SMTPC_BOTH_IPV4_FIRST,
	SMTPC_ONLY_IPV4,
	SMTPC_ONLY_IPV6
};

struct smtpc_settings {
	int64_t connect_ms;   /* for one address to answer */
	int64_t greeting_ms;  /* RFC 5321 4.5.3.2.1 .. */
	int64_t command_ms;   /* .. MAIL, RCPT, EHLO .. */
	int64_t content_ms;   /* .. a piece of data to be taken */
	int64_t end_ms;       /* .. the answer to the end of data (4.5.3.2.6) */
	int64_t port;         /* of hosts found by MX: 25 */
	int families;         /* enum smtpc_families */
	struct str source_v4; /* our end of IPv4 connections; empty: any */
	struct str source_v6;
	struct str helo;    /* what we call ourselves; empty: the server's host name */
	bool allow_private; /* hosts that DNS says are at private addresses are fine */
	struct str ca_file; /* PEM: authorities trusted beside the system's; or empty */
	bool has_dane;      /* TLSA records of hosts count */
	bool has_sts;       /* MTA-STS policies of domains count */
	int64_t rcpt_max;   /* recipients per message at most */
};

extern const struct setting_section smtpc_section;

/* The defaults of the table, for tests and tools. */
extern const struct smtpc_settings smtpc_settings_default;

#endif
