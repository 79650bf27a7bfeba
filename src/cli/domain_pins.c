/* The public keys of this host's certificates, and those that come next. */

/* system */
#include <sys/stat.h>

/* rooms */
#include "cli/domain.h"
#include "sys/sys.h"

#define NEXT_SUFFIX ".next" /* behind the name of a certificate's key: the one that follows it */

const char *const domain_name_prefixes[] = {
	[DOMAIN_MTA_STS] = "mta-sts.",
	[DOMAIN_AUTOCONFIG] = "autoconfig.",
	[DOMAIN_AUTODISCOVER] = "autodiscover.",
};

static void
complain(struct buf *why)
{
	buf_add_char(why, '\n');
	cli_warn(why);
	buf_clear(why);
}

static bool
is_file(const char *path)
{
	struct stat st;

	return sys.stat(path, &st) == 0;
}

static void
add_next(struct domain_pins *pins, struct str key, struct buf *why)
{
	struct buf path;

	buf_init(&path, CLI_WHY_MAX);
	buf_add(&path, key);
	buf_add_c(&path, NEXT_SUFFIX);
	if (pins->count < DOMAIN_PINS_MAX && is_file(buf_c(&path))) {
		if (tls_pin_key(buf_str(&path), &pins->items[pins->count].pin, why) == FAIL_NONE)
			pins->items[pins->count++].is_next = true;
		else
			complain(why);
	}
	buf_release(&path);
}

/* One [certificate]; `any`: whatever names it has. */
static void
add_certificate(struct domain_pins *pins, const struct cli_domain *d,
    const struct certificate_settings *settings, bool any, struct buf *why)
{
	struct tls_pin pin;
	bool is_for;

	if (pins->count == DOMAIN_PINS_MAX)
		return;
	if (tls_pin_certificate(settings->chain, d->server.settings->hostname, &pin, &is_for,
		why) != FAIL_NONE) {
		complain(why);
		return;
	}
	if (!is_for && !any)
		return;
	pins->items[pins->count].is_next = false;
	pins->items[pins->count++].pin = pin;
	add_next(pins, settings->key, why);
}

static bool
is_named(const struct config *config, struct str name)
{
	const struct config_instance *i = NULL;
	struct tls_pin pin;
	struct buf why;
	bool is_for = false;

	buf_init(&why, CLI_WHY_MAX);
	while (!is_for && (i = config_next(config, &certificate_section, i)) != NULL) {
		const struct certificate_settings *settings = i->values;

		if (tls_pin_certificate(settings->chain, name, &pin, &is_for, &why) != FAIL_NONE)
			is_for = false; /* that was said already */
	}
	buf_release(&why);
	return is_for;
}

static void
look_for_names(struct domain_pins *pins, const struct cli_domain *d)
{
	for (size_t i = 0; i < DOMAIN_NAME_COUNT; i++) {
		struct buf name;

		buf_init(&name, CLI_WHY_MAX);
		buf_add_c(&name, domain_name_prefixes[i]);
		buf_add(&name, d->name);
		pins->is_named[i] = is_named(&d->server.config, buf_str(&name));
		buf_release(&name);
	}
}

/* As the server chooses: those with the name that a client asks for, else the first. */
void
domain_pins_read(const struct cli_domain *d, struct domain_pins *out)
{
	const struct config *config = &d->server.config;
	const struct config_instance *i = NULL;
	struct buf why;

	*out = (struct domain_pins){ 0 };
	buf_init(&why, CLI_WHY_MAX);
	while ((i = config_next(config, &certificate_section, i)) != NULL)
		add_certificate(out, d, i->values, false, &why);
	i = config_next(config, &certificate_section, NULL);
	if (out->count == 0 && i)
		add_certificate(out, d, i->values, true, &why);
	look_for_names(out, d);
	buf_release(&why);
}
