#include "cli/cli.h"

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "http/client.h"
#include "server/server.h"
#include "store/store.h"
#include "versions.h"

static const struct {
	const char *name, *version;
} libraries[] = {
#define ROW(name, version) { name, version },
	STAUNCH_LIBRARIES(ROW)
#undef ROW
};

enum cli_status
cmd_version(const struct cli *cli)
{
	(void)cli;
	printf("%s %s (%s)\n", server_version.name, STAUNCH_VERSION, STAUNCH_TARGET);
	for (size_t i = 0; i < ARRAY_LEN(libraries); i++) {
		bool tells_itself = str_eq(str_c(libraries[i].name), STR("curl"));

		printf("  %-10s %s\n", libraries[i].name,
		    tells_itself ? http_client_version() : libraries[i].version);
	}
	if (store_engine_warning()[0] != '\0')
		printf("%s\n", store_engine_warning());
	return CLI_OK;
}
