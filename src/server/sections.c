#include "server/server.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "directory/settings.h"
#include "net/settings.h"
#include "policy/settings.h"
#include "search/settings.h"
#include "store/settings.h"

#define SECTIONS_MAX 32 /* of one version */

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
	sections[n++] = &policy_section;
	sections[n++] = &store_section;
	sections[n++] = &search_section;
	for (size_t i = 0; server_version.modules[i]; i++) {
		for (size_t k = 0; server_version.modules[i]->sections[k]; k++) {
			invariant(n + 1 < SECTIONS_MAX);
			sections[n++] = server_version.modules[i]->sections[k];
		}
	}
	return sections;
}
