#include "server/server.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/settings.h"
#include "directory/settings.h"
#include "dns/settings.h"
#include "http/settings.h"
#include "imap/settings.h"
#include "jmap/settings.h"
#include "mailauth/settings.h"
#include "net/settings.h"
#include "policy/settings.h"
#include "queue/settings.h"
#include "reports/settings.h"
#include "s3/settings.h"
#include "search/settings.h"
#include "smtp/settings.h"
#include "smtpc/settings.h"
#include "store/settings.h"
#include "web/settings.h"

#define SECTIONS_MAX 32 /* of one version */

/* Of protocol rooms and of mailboxes: no version but the all-in-one has all of them. */
static const struct setting_section *const some[] = { &blob_section, &s3_section, &search_section,
	&smtp_section, &queue_section, &route_section, &smtpc_section, &dns_section,
	&mailauth_section, &reports_section, &imap_section, &imap_account_section, &http_section,
	&http_client_section, &jmap_section, &mta_sts_section };

const struct setting_section *const *
server_sections(void)
{
	static const struct setting_section *sections[SECTIONS_MAX];
	size_t n = 0;

	if (sections[0])
		return sections;
	sections[n++] = &server_section;
	sections[n++] = &listener_section;
	sections[n++] = &certificate_section;
	sections[n++] = &net_section;
	sections[n++] = &directory_section;
	sections[n++] = &directory_sqlite_section;
	sections[n++] = &directory_pgsql_section;
	sections[n++] = &directory_mysql_section;
	sections[n++] = &directory_ldap_section;
	sections[n++] = &policy_section;
	sections[n++] = &store_section;
	if (!server_version.hands_on) {
		sections[n++] = &blob_section;
		sections[n++] = &s3_section;
		sections[n++] = &search_section;
	}
	for (size_t i = 0; server_version.modules[i]; i++) {
		for (size_t k = 0; server_version.modules[i]->sections[k]; k++) {
			invariant(n + 1 < SECTIONS_MAX);
			sections[n++] = server_version.modules[i]->sections[k];
		}
	}
	return sections;
}

const struct setting_section *const *
server_foreign_sections(void)
{
	static const struct setting_section *foreign[ARRAY_LEN(some) + 1];
	const struct setting_section *const *own = server_sections();
	size_t n = 0, at;

	if (foreign[0])
		return foreign;
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		for (at = 0; own[at] && own[at] != some[i]; at++)
			continue;
		if (own[at] == NULL)
			foreign[n++] = some[i];
	}
	return foreign;
}
