#include "cli/cli.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "server/server.h"

enum cli_status
cli_fail(struct str what, const char *why)
{
	fprintf(stderr, "%s: %.*s: %s\n", server_version.name, STR_ARG(what), why);
	return CLI_FAILED;
}

void
cli_warn(const struct buf *lines)
{
	server_say(lines);
}

enum cli_status
cli_print(const struct buf *b)
{
	struct str s = buf_str(b);

	if (!buf_ok(b) || (s.n > 0 && fwrite(s.p, 1, s.n, stdout) != s.n) || fflush(stdout) != 0)
		return cli_fail(STR("output"), "cannot be written");
	return CLI_OK;
}

#define HELP_COLUMN 34 /* of lists: behind most commands, and half of what they do is left of 80 */

/* --- help ------------------------------------------------------------------------------------ */

static void
print_command(const struct cli_command *c, FILE *to)
{
	fprintf(to, "usage: %s %s%s%s\n       %s\n", server_version.name, c->words,
	    c->arguments[0] ? " " : "", c->arguments, c->help);
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (c->options & o->bit)
			fprintf(to, "  %s %s%s%s\n", o->name, o->value ? o->value : "",
			    o->value ? "  " : "", o->help);
	}
}

/* Are these its first words? All of them, or fewer. */
static bool
begins_with(const struct cli_command *c, char **words, size_t count)
{
	struct str rest = str_c(c->words), word;

	for (size_t i = 0; i < count; i++) {
		if (!str_next_part(&rest, ' ', &word) || !str_eq(str_c(words[i]), word))
			return false;
	}
	return true;
}

/* The command with its arguments, then its help in a column, or on the next line. */
static void
print_line(const struct cli_command *c, FILE *to)
{
	int n = fprintf(to, "  %s%s%s", c->words, c->arguments[0] ? " " : "", c->arguments);

	if (n > HELP_COLUMN - 2)
		n = fprintf(to, "\n") - 1;
	fprintf(to, "%*s%s\n", HELP_COLUMN - n, "", c->help);
}

/* Those that begin with these words, or all when there are none; how many. */
static size_t
print_commands(FILE *to, char **words, size_t word_count)
{
	size_t count = 0;

	for (const struct cli_command *c = cli_commands; c->words; c++) {
		if (!begins_with(c, words, word_count))
			continue;
		if (count++ == 0)
			fprintf(to, "usage: %s COMMAND [OPTIONS] [ARGUMENTS]\n",
			    server_version.name);
		print_line(c, to);
	}
	if (count > 0)
		fprintf(to, "%s COMMAND --help says more.\n", server_version.name);
	return count;
}

/* --- arguments ------------------------------------------------------------------------------- */

/* How many of the arguments the command's words are; 0 when it is another command. */
static size_t
match_words(const struct cli_command *c, char **arguments, size_t count)
{
	struct str words = str_c(c->words), word;
	size_t n = 0;

	while (str_next_part(&words, ' ', &word)) {
		if (n == count || !str_eq(str_c(arguments[n]), word))
			return 0;
		n++;
	}
	return n;
}

static const struct cli_option *
find_option(const struct cli_command *c, struct str name)
{
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if ((c->options & o->bit) && str_eq(name, str_c(o->name)))
			return o;
	}
	return NULL;
}

/*
 * One option with its value, as "--name value" or "--name=value"; how many arguments it was. 0, and
 * in *wrong_out what is wrong with it.
 */
static size_t
take_option(struct cli *cli, const struct cli_command *c, char **arguments, size_t count,
    const char **wrong_out)
{
	struct str text = str_c(arguments[0]), name = str_head(text, str_find_char(text, '='));
	const struct cli_option *o = find_option(c, name);
	struct str value = str_from(text, name.n < text.n ? name.n + 1 : name.n);
	size_t taken = 1;
	char *field;

	*wrong_out = "this command has no such option";
	if (o == NULL)
		return 0;
	field = (char *)cli + o->offset;
	if (o->value == NULL) {
		*wrong_out = "takes no value";
		*(bool *)(void *)field = true;
		return name.n == text.n ? 1 : 0;
	}
	if (name.n == text.n && count > 1) {
		value = str_c(arguments[1]);
		taken = 2;
	}
	*wrong_out = "needs a value";
	*(struct str *)(void *)field = value;
	return str_empty(value) ? 0 : taken;
}

static bool
is_help(struct str text)
{
	return str_eq(text, STR("--help")) || str_eq(text, STR("-h"));
}

static enum cli_status
wrong_use(const struct cli_command *c, struct str what, const char *why)
{
	cli_fail(what, why);
	print_command(c, stderr);
	return CLI_USAGE;
}

static enum cli_status
run_command(const struct cli_command *c, char **arguments, size_t count)
{
	struct cli cli = { .config = STR(CLI_CONFIG_PATH) };

	for (size_t i = 0; i < count;) {
		struct str text = str_c(arguments[i]);
		const char *wrong = "one argument too many";
		size_t taken = 1;

		if (is_help(text)) {
			print_command(c, stdout);
			return CLI_OK;
		}
		if (str_starts(text, STR("--")))
			taken = take_option(&cli, c, arguments + i, count - i, &wrong);
		else if (cli.argument_count < c->most)
			cli.arguments[cli.argument_count++] = text;
		else
			taken = 0;
		if (taken == 0)
			return wrong_use(c, text, wrong);
		i += taken;
	}
	if (cli.argument_count < c->least)
		return wrong_use(c, str_c(c->words), "an argument is missing");
	return c->run(&cli);
}

/* What is like it: all that begin with as many of its words as any do. */
static enum cli_status
no_command(char **words, size_t count)
{
	cli_fail(str_c(words[0]), "there is no such command, or a part of it is missing");
	while (count > 0 && print_commands(stderr, words, count) == 0)
		count--;
	if (count == 0)
		fprintf(stderr, "%s help lists all commands.\n", server_version.name);
	return CLI_USAGE;
}

/* "help", "help queue", "help queue list", and "queue --help" */
static enum cli_status
help(char **arguments, size_t count)
{
	for (const struct cli_command *c = cli_commands; c->words; c++) {
		if (count > 0 && match_words(c, arguments, count) == count) {
			print_command(c, stdout);
			return CLI_OK;
		}
	}
	return print_commands(stdout, arguments, count) > 0 ? CLI_OK : no_command(arguments, count);
}

static enum cli_status
run_arguments(int argc, char **argv)
{
	size_t count = argc > 1 ? (size_t)argc - 1 : 0;
	struct str first = count > 0 ? str_c(argv[1]) : STR("");

	if (is_help(first) || str_eq(first, STR("help")))
		return help(argv + 2, count - 1);
	if (str_eq(first, STR("--version")))
		return cmd_version(NULL);
	for (const struct cli_command *c = cli_commands; c->words; c++) {
		size_t words = match_words(c, argv + 1, count);

		if (words > 0)
			return run_command(c, argv + 1 + words, count - words);
	}
	if (count > 1 && is_help(str_c(argv[count])))
		return help(argv + 1, count - 1);
	if (count > 0)
		return no_command(argv + 1, count);
	print_commands(stderr, argv, 0);
	return CLI_USAGE;
}

int
cli_main(int argc, char **argv)
{
	enum cli_status status = run_arguments(argc, argv);

	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_OK)
		status = cli_fail(STR("output"), "cannot be written");
	return (int)status;
}
