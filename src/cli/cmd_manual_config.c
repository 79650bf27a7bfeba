/* The manual page of the configuration, section 5: sections and settings are those of the rooms' tables. */
#include "cli/cli.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"
#include "base/setting.h"

/* rooms */
#include "cli/roff.h"
#include "server/example.h"
#include "server/server.h"
#include "server/value.h"

static const char description[] =
    ".SH DESCRIPTION\n"
    "Lines of the form\n.IR \"key\" \" = \" \"value\"\n"
    "under a section's heading, such as [server]. Sections that may stand there more than once have a\n"
    "name: [listener smtp].\n"
    "A line that begins with # is a comment.\n"
    "A key stands once in a section; what is not there has its default. Unknown keys, sections and\n"
    "values are mistakes, and all of them are reported with their lines.\n"
    "Sections for other versions of the program may stand in the file and are passed over.\n";

static const char rest[] =
    ".SH FILES\n" CLI_CONFIG_PATH "\n"
    ".SH SEE ALSO\n.BR staunch (8);\n.B staunch config check\nsays what is wrong with the file,\n"
    ".B staunch config show\nprints it with all defaults.\n";

/* What stands for the value behind a key; where that does not say everything, how it is written. */
static const struct {
	const char *kind, *help;
} kinds[] = {
	[SETTING_BOOL] = { "yes|no", NULL },
	[SETTING_NUMBER] = { "number", NULL },
	[SETTING_BYTES] = { "size", "bytes, or a number with KB, MB, GB, TB (powers of 1024)" },
	[SETTING_DURATION] = { "time", "a number with ms, s, m, h, d, w; seconds without" },
	[SETTING_DURATIONS] = { "times", "several times with blanks between them" },
	[SETTING_TEXT] = { "text", NULL },
	[SETTING_SECRET] = { "secret", "a text, or file:PATH for the first line of a file" },
	[SETTING_CHOICE] = { "word", NULL },
	[SETTING_CHOICES] = { "words", NULL },
	[SETTING_LIST] = { "words", "words with blanks between them" },
	[SETTING_NETWORKS] = { "networks",
	    "such as 10.0.0.0/8 or ::1, loopback, private; with blanks between them" },
	[SETTING_ZONES] = { "lists",
	    "zones of DNS lists, each as zone or zone=127.0.0.2,127.0.0.4/30" },
	[SETTING_RATE] = { "rate", "how many in how long, as 30/1m; empty is no limit" },
	[SETTING_HOST] = { "host", NULL },
	[SETTING_DOMAINS] = { "domains",
	    "names, as example.org, or .example.org for all below it, or *" },
	[SETTING_IPV4] = { "IPv4\\-address", NULL },
	[SETTING_IPV6] = { "IPv6\\-address", NULL },
};

static_assert(ARRAY_LEN(kinds) == SETTING_IPV6 + 1, "every type has its word");

static void
add_kinds(struct buf *out)
{
	buf_add(out, STR(".SH VALUES\n"));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].help == NULL)
			continue;
		buf_add(out, STR(".TP\n"));
		roff_font(out, 'I', kinds[i].kind);
		buf_add_char(out, '\n');
		roff_sentence(out, kinds[i].help);
	}
}

/* "one, two, three." */
static void
add_choices(const struct setting *row, struct buf *out)
{
	if (row->choices == NULL)
		return;
	for (int i = 0; row->choices[i]; i++) {
		buf_add_c(out, i > 0 ? ",\n" : "One of\n");
		roff_font(out, 'B', row->choices[i]);
	}
	buf_add(out, STR(".\n"));
}

static void
add_range(const struct setting *row, struct buf *out)
{
	struct buf text;

	if (row->type != SETTING_NUMBER && row->type != SETTING_BYTES &&
	    row->type != SETTING_DURATION && row->type != SETTING_DURATIONS)
		return;
	buf_init(&text, 128);
	value_write_amount(row, row->min, &text);
	buf_add(&text, STR(" to "));
	value_write_amount(row, row->max, &text);
	buf_add(&text, STR(".\n"));
	roff_text(out, buf_str(&text));
	buf_release(&text);
}

static void
add_row(const struct setting *row, struct buf *out)
{
	buf_add(out, STR(".TP\n"));
	roff_font(out, 'B', row->name);
	buf_add(out, STR(" = \\fI"));
	buf_add_c(out, kinds[row->type].kind);
	buf_add(out, STR("\\fR\n"));
	roff_sentence(out, row->help);
	add_choices(row, out);
	add_range(row, out);
	if (row->fallback == NULL) {
		buf_add(out, STR("It must be there.\n"));
	} else if (row->fallback[0]) {
		buf_add(out, STR("Default:\n"));
		roff_font(out, 'B', row->fallback);
		buf_add(out, STR(".\n"));
	}
}

static void
add_section(const struct setting_section *section, struct buf *out)
{
	buf_add(out, STR(".SS "));
	buf_add_char(out, '[');
	roff_text(out, str_c(section->name));
	buf_add(out, section->is_repeatable ? STR(" NAME]\n") : STR("]\n"));
	roff_sentence(out, section->help ? section->help : "");
	for (size_t i = 0; i < section->row_count; i++)
		add_row(&section->rows[i], out);
}

enum cli_status
cmd_manual_config(const struct cli *cli)
{
	struct buf out, example;
	enum cli_status status;

	(void)cli;
	buf_init(&out, CONFIG_FILE_MAX);
	buf_init(&example, CONFIG_FILE_MAX);
	roff_title(&out, "staunch.conf", '5', "configuration of the mail server Staunch");
	buf_add_c(&out, description);
	add_kinds(&out);
	buf_add(&out, STR(".SH SECTIONS\n"));
	for (size_t i = 0; server_sections()[i]; i++)
		add_section(server_sections()[i], &out);
	buf_add(&out, STR(".SH EXAMPLE\n.nf\n"));
	example_write_usual(&example);
	roff_text(&out, buf_str(&example));
	buf_add(&out, STR(".fi\n"));
	buf_add_c(&out, rest);
	status = buf_ok(&example) ? cli_print(&out) : CLI_FAILED;
	buf_release(&example);
	buf_release(&out);
	return status;
}
