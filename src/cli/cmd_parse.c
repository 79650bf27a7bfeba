#include "cli/cli.h"

/* system */
#include <stdio.h>

/* base */
#include "base/arena.h"

/* rooms */
#include "codec/json.h"
#include "message/message.h"
#include "message/mime_json.h"
#include "server/server.h"

#define PARSE_ARENA_MAX ((size_t)1024 * 1024 * 1024) /* bytes: a file as large as allowed, parsed */

enum cli_status
cmd_mime_parse(const struct cli *cli)
{
	struct arena arena;
	struct buf file, out;
	struct message message;
	enum cli_status status = CLI_FAILED;

	arena_init(&arena, PARSE_ARENA_MAX);
	buf_init(&file, CLI_FILE_MAX);
	buf_init(&out, PARSE_ARENA_MAX);
	if (cli_read_file(cli->arguments[0], &file) == FAIL_NONE) {
		message_parse(&message, buf_str(&file), &arena);
		mime_json_write(&message, &out);
		buf_add_char(&out, '\n');
		status = cli_print(&out);
	}
	buf_release(&out);
	buf_release(&file);
	arena_release(&arena);
	return status;
}

enum cli_status
cmd_json_parse(const struct cli *cli)
{
	struct arena arena;
	struct buf file, out;
	struct json_writer writer = { .out = &out };
	const struct json *value;
	size_t offset = 0;
	enum cli_status status = CLI_FAILED;

	arena_init(&arena, PARSE_ARENA_MAX);
	buf_init(&file, CLI_FILE_MAX);
	buf_init(&out, PARSE_ARENA_MAX);
	if (cli_read_file(cli->arguments[0], &file) == FAIL_NONE) {
		if (json_parse_at(buf_str(&file), &arena, &value, &offset) == FAIL_NONE) {
			json_write_value(&writer, value);
			buf_add_char(&out, '\n');
			status = cli_print(&out);
		} else {
			fprintf(stderr, "%s: %.*s: not I-JSON at byte %zu\n", server_version.name,
			    STR_ARG(cli->arguments[0]), offset);
		}
	}
	buf_release(&out);
	buf_release(&file);
	arena_release(&arena);
	return status;
}
