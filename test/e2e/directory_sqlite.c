/*
 * directory_sqlite.c - directory.db behind descriptor 3, for test_directory_sqlite.py: the server forks its own child and
 * needs no such program.
 *
 * usage: directory_sqlite PATH-OF-DIRECTORY.DB
 */

/* rooms */
#include "directory/built_in.h"

int
main(int argc, char **argv)
{
	const struct directory_settings settings = { .default_domain = STR("example.test"),
		.separator = STR("+"),
		.own_host = STR("mx.here.test") };
	const struct built_in built_in = { argc > 1 ? str_c(argv[1]) : STR("directory.db"),
		&settings };

	built_in_run(3, &built_in);
	return 0;
}
