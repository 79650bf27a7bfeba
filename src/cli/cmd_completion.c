/* What bash needs to complete the command line: a function over a list that is the table of commands. */
#include "cli/cli.h"

/* rooms */
#include "server/server.h"

#define COMPLETION_MAX (64 * 1024) /* bytes of the script */

/*
 * The words before the cursor, without options, are the beginning of a command; what may follow them are the next
 * words of all commands that begin so, and the options of the one that they are, with what its argument is one of.
 */
static const char head[] =
    "# Completion of the commands and their options, for bash.\n"
    "_NAME()\n"
    "{\n"
    "	local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
    "	local said= found= word words options argument\n"
    "	COMPREPLY=()\n"
    "	for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
    "		[[ $word == -* ]] || said+=\"$word \"\n"
    "	done\n"
    "	[[ -n $said ]] || found='help --version'\n"
    "	said=${said#help }\n"
    "	while IFS='|' read -r words options argument; do\n"
    "		if [[ \"$words \" == \"$said\"?* ]]; then\n"
    "			word=${words#\"$said\"} word=${word%% *}\n"
    "			[[ \"$found \" == *\" $word \"* ]] || found+=\" $word\"\n"
    "		elif [[ $said == \"$words \"* ]]; then\n"
    "			[[ \" $options\" != *\" $before=\"* ]] || { compopt -o default; return; }\n"
    "			[[ $argument != FILE ]] || compopt -o default\n"
    "			[[ $argument != [a-z]*'|'* ]] || found+=\" ${argument//|/ }\"\n"
    "			found+=\" ${options//=/} --help\"\n"
    "		fi\n"
    "	done <<'END'\n";

static const char tail[] = "END\n"
			   "	COMPREPLY=($(compgen -W \"$found\" -- \"$cur\"))\n"
			   "} && complete -F _NAME NAME\n";

/* The script's text with the program's name in place of NAME. */
static void
add_named(struct buf *out, struct str text)
{
	size_t at;

	while ((at = str_find(text, STR("NAME"))) != STR_NONE) {
		buf_add(out, str_head(text, at));
		buf_add_c(out, server_version.name);
		text = str_from(text, at + STR("NAME").n);
	}
	buf_add(out, text);
}

/* words|options, with = behind those that need a value|arguments */
static void
add_line(struct buf *out, const struct cli_command *c)
{
	buf_add_c(out, c->words);
	buf_add_char(out, '|');
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (!(c->options & o->bit))
			continue;
		buf_add_c(out, o->name);
		buf_add(out, o->value ? STR("= ") : STR(" "));
	}
	buf_add_char(out, '|');
	buf_add_c(out, c->arguments);
	buf_add_char(out, '\n');
}

enum cli_status
cmd_completion_bash(const struct cli *cli)
{
	struct buf out;
	enum cli_status status;

	(void)cli;
	buf_init(&out, COMPLETION_MAX);
	add_named(&out, str_c(head));
	for (const struct cli_command *c = cli_commands; c->words; c++)
		add_line(&out, c);
	add_named(&out, str_c(tail));
	status = cli_print(&out);
	buf_release(&out);
	return status;
}
