#include "server/example.h"

/* system */
#include <limits.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "server/server.h"

#define SETUP_ARENA_MAX (64 * 1024) /* bytes: a dozen paths */

static const struct {
	const char *name, *protocol, *addresses; /* of conf.example */
	unsigned offset;                         /* of the port in a private installation */
} listeners[] = {
	{ "smtp", "smtp", "*:25", 25 },
	{ "submission", "submission", "*:587", 87 },
	{ "submissions", "submissions", "*:465", 65 },
	{ "lmtp", "lmtp", "127.0.0.1:24", 24 },
	{ "imap", "imap", "*:143", 43 },
	{ "imaps", "imaps", "*:993", 93 },
	{ "http", "http", "127.0.0.1:8080", 80 },
	{ "https", "https", "*:443", 81 },
};

/* Only what this version speaks goes into its configuration. */
static bool
is_spoken(size_t protocol)
{
	for (size_t i = 0; server_version.modules[i]; i++) {
		if (server_version.modules[i]->protocols & (1u << protocol))
			return true;
	}
	return false;
}

static bool
is_spoken_name(const char *protocol)
{
	const struct setting *row = &listener_section.rows[0];

	for (size_t i = 0; row->choices[i]; i++) {
		if (str_eq(str_c(row->choices[i]), str_c(protocol)))
			return is_spoken(i);
	}
	return false;
}

static void
add_setting(struct buf *out, const char *key, struct str value)
{
	buf_add_c(out, key);
	buf_add(out, STR(" = "));
	buf_add(out, value);
	buf_add_char(out, '\n');
}

static void
add_heading(struct buf *out, const char *section, const char *name)
{
	buf_add(out, STR("\n["));
	buf_add_c(out, section);
	buf_add_char(out, ' ');
	buf_add_c(out, name);
	buf_add(out, STR("]\n"));
}

void
example_write_usual(struct buf *out)
{
	buf_add(out,
	    STR("# The configuration of Staunch; `staunch config check` says whether it is right.\n"
		"# Change the host name and the certificate's files, and it works.\n"
		"# What is commented out shows the default. Sizes: KB, MB, GB. Times: ms, s, m, h, d.\n"
		"\n[server]\nhostname = mail.example.org\nuser = staunch\n"
		"\n[certificate main]\nchain = /etc/staunch/certificate.pem\n"
		"key = /etc/staunch/key.pem\n"));
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		if (!is_spoken_name(listeners[i].protocol))
			continue;
		add_heading(out, "listener", listeners[i].name);
		add_setting(out, "protocol", str_c(listeners[i].protocol));
		add_setting(out, "address", str_c(listeners[i].addresses));
	}
}

void
example_write(struct buf *out)
{
	const struct setting_section *const *sections = server_sections();

	example_write_usual(out);
	buf_add(out,
	    STR("\n# ---- every setting there is -------------------------------------------------\n\n"));
	for (size_t i = 0; sections[i]; i++) {
		struct buf help;

		buf_init(&help, CONFIG_FILE_MAX);
		config_write_help(sections[i], &help);
		struct str text = buf_str(&help), line;

		while (str_next_part(&text, '\n', &line)) {
			if (line.n > 0 && line.p[0] == '[')
				buf_add(out, STR("# "));
			buf_add(out, line);
			if (text.p)
				buf_add_char(out, '\n');
		}
		buf_release(&help);
	}
}

/* --- a private installation -------------------------------------------------------------------- */

enum fail
setup_init(struct setup *setup, struct str folder)
{
	char here[PATH_MAX];
	struct buf path;

	arena_init(&setup->arena, SETUP_ARENA_MAX);
	buf_init(&path, PATH_MAX);
	if (!str_starts(folder, STR("/"))) {
		if (getcwd(here, sizeof here) == NULL)
			return FAIL_TEMP;
		buf_add_c(&path, here);
		buf_add_char(&path, '/');
	}
	buf_add(&path, folder);
	setup->folder = arena_str(&setup->arena, buf_str(&path));
	buf_release(&path);
	return setup->folder.p ? FAIL_NONE : FAIL_LIMIT;
}

void
setup_release(struct setup *setup)
{
	arena_release(&setup->arena);
}

const char *
setup_path(struct setup *setup, const char *name)
{
	struct buf path;
	const char *kept;

	buf_init(&path, PATH_MAX);
	buf_add(&path, setup->folder);
	buf_add_char(&path, '/');
	buf_add_c(&path, name);
	kept = arena_c(&setup->arena, buf_str(&path));
	buf_release(&path);
	invariant(kept != NULL);
	return kept;
}

static void
add_address(const struct setup *setup, unsigned port, struct buf *out)
{
	bool is_ipv6 = str_find_char(setup->address, ':') != STR_NONE;

	buf_add(out, is_ipv6 ? STR("address = [") : STR("address = "));
	buf_add(out, setup->address);
	buf_add(out, is_ipv6 ? STR("]:") : STR(":"));
	buf_add_u64(out, port);
	buf_add_char(out, '\n');
}

void
setup_write_ports(const struct setup *setup, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		if (!is_spoken_name(listeners[i].protocol))
			continue;
		buf_add_char(out, ' ');
		buf_add_c(out, listeners[i].protocol);
		buf_add_char(out, ':');
		buf_add_u64(out, setup->port_base + listeners[i].offset);
	}
}

void
setup_write_config(struct setup *setup, struct buf *out)
{
	buf_add(out, STR("# A private installation: everything is in this folder.\n\n[server]\n"));
	add_setting(out, "hostname", setup->hostname);
	add_setting(out, "data", str_c(setup_path(setup, "data")));
	buf_add(out, STR("\n[directory]\n"));
	add_setting(out, "default-domain", setup->domain);
	if (is_spoken_name("smtp") && !setup->is_open) /* nobody has to be slowed down */
		buf_add(out, STR("\n[smtp]\nlogin-delay = 0\n"));
	if (is_spoken_name("imap") && !setup->is_open)
		buf_add(out, STR("\n[imap]\nlogin-delay = 0\n"));
	buf_add(out,
	    STR("\n# Nothing is sent to other hosts; without this section mail goes where DNS says.\n"
		"[route elsewhere]\ndomains = *\nway = refuse\n"));
	buf_add(out, STR("\n[certificate main]\n"));
	add_setting(out, "chain", str_c(setup_path(setup, "certificate.pem")));
	add_setting(out, "key", str_c(setup_path(setup, "key.pem")));
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		if (!is_spoken_name(listeners[i].protocol))
			continue;
		add_heading(out, "listener", listeners[i].name);
		add_setting(out, "protocol", str_c(listeners[i].protocol));
		add_address(setup, setup->port_base + listeners[i].offset, out);
		if (!setup->is_open)
			add_setting(out, "plaintext-login", STR("yes"));
	}
}
