#include "server/listeners.h"

/* base */
#include "base/mem.h"

static bool
is_implicit_tls(enum listener_protocol protocol)
{
	return protocol == PROTOCOL_SUBMISSIONS || protocol == PROTOCOL_IMAPS ||
	    protocol == PROTOCOL_HTTPS;
}

const struct server_module *
listeners_module(enum listener_protocol protocol)
{
	for (size_t i = 0; server_version.modules[i]; i++) {
		if (server_version.modules[i]->protocols & (1u << protocol))
			return server_version.modules[i];
	}
	return NULL;
}

static size_t
count_addresses(const struct server *s)
{
	const struct config_instance *i = NULL;
	size_t count = 0;

	while ((i = config_next(&s->config, &listener_section, i)) != NULL) {
		const struct listener_settings *settings = i->values;
		struct str words = settings->address, word;

		while (str_next_part(&words, ' ', &word))
			count += !str_empty(word);
	}
	return count;
}

static void
add_name(struct buf *why, struct str name)
{
	buf_add(why, STR("[listener "));
	buf_add(why, name);
	buf_add(why, STR("]: "));
}

static enum fail
complain(struct buf *why, struct str name, const char *what)
{
	add_name(why, name);
	buf_add_c(why, what);
	buf_add_char(why, '\n');
	return FAIL_PERM;
}

/* Open the addresses of one [listener] section. */
static enum fail
open_section(struct server *s, const struct config_instance *i, struct service *service,
    const struct server_module *module, struct buf *why)
{
	const struct listener_settings *settings = i->values;
	enum listener_protocol protocol = (enum listener_protocol)settings->protocol;
	struct str words = settings->address, word;

	while (str_next_part(&words, ' ', &word)) {
		struct listener *l;
		size_t start = why->n;
		enum fail fail;

		if (str_empty(word))
			continue;
		l = &s->listeners[s->listener_count];
		l->service = service;
		l->name = i->name;
		l->settings = module->listener_settings(settings);
		l->tls = s->tls;
		l->is_tls = is_implicit_tls(protocol);
		l->proxies = settings->proxies;
		add_name(why, i->name);
		fail = listener_start(&s->net, l, word, why);
		if (fail != FAIL_NONE)
			return fail;
		buf_truncate(why, start);
		s->listener_count++;
	}
	return FAIL_NONE;
}

enum fail
listeners_open(struct server *s, struct buf *why)
{
	s->listeners = mem_new(count_addresses(s), sizeof *s->listeners);
	for (size_t m = 0; server_version.modules[m]; m++) {
		const struct server_module *module = server_version.modules[m];
		const struct config_instance *i = NULL;
		struct service *service = module->init(s);

		while ((i = config_next(&s->config, &listener_section, i)) != NULL) {
			const struct listener_settings *settings = i->values;
			enum fail fail;

			if (!(module->protocols & (1u << settings->protocol)))
				continue;
			fail = open_section(s, i, service, module, why);
			if (fail != FAIL_NONE)
				return fail;
		}
	}
	return FAIL_NONE;
}

/* Is this address of `i`, its word at `at`, one of another listener, or there twice? */
static bool
is_taken(const struct server *s, const struct config_instance *i, const char *at, struct str word)
{
	const struct config_instance *other = NULL;

	while ((other = config_next(&s->config, &listener_section, other)) != NULL) {
		struct str words = ((const struct listener_settings *)other->values)->address;
		struct str there;

		while (str_next_part(&words, ' ', &there)) {
			if (other == i && there.p == at)
				return false;
			if (str_eq_nocase(there, word))
				return true;
		}
	}
	return false;
}

static enum fail
check_form(struct str name, struct str word, struct buf *why)
{
	size_t start = why->n;
	enum fail fail;

	add_name(why, name);
	fail = listener_check(word, why);
	if (fail == FAIL_NONE)
		buf_truncate(why, start);
	else
		buf_add_char(why, '\n');
	return fail;
}

static enum fail
check_addresses(const struct server *s, const struct config_instance *i, struct buf *why)
{
	struct str words = ((const struct listener_settings *)i->values)->address, word;

	while (str_next_part(&words, ' ', &word)) {
		if (!str_empty(word) && check_form(i->name, word, why) != FAIL_NONE)
			return FAIL_SYNTAX;
		if (str_empty(word) || !is_taken(s, i, word.p, word))
			continue;
		(void)complain(why, i->name, "has an address that stands there before: ");
		buf_truncate(why, why->n - 1);
		buf_add(why, word);
		buf_add_char(why, '\n');
		return FAIL_PERM;
	}
	return FAIL_NONE;
}

/* Listeners of other versions are passed over; at least one must be ours. */
enum fail
listeners_check(const struct server *s, struct buf *why)
{
	const struct config_instance *i = NULL;
	size_t all = 0, ours = 0;

	while ((i = config_next(&s->config, &listener_section, i)) != NULL) {
		const struct listener_settings *settings = i->values;

		all++;
		ours += listeners_module((enum listener_protocol)settings->protocol) != NULL;
		if (check_addresses(s, i, why) != FAIL_NONE)
			return FAIL_PERM;
	}
	if (all == 0 || ours > 0)
		return FAIL_NONE;
	buf_add_c(why, server_version.name);
	buf_add(why, STR(" speaks the protocol of none of the listeners\n"));
	return FAIL_PERM;
}

static void
note(struct buf *out, const struct config_instance *i)
{
	buf_add(out, STR("line "));
	buf_add_u64(out, i->line);
	buf_add(out, STR(": ["));
	buf_add_c(out, i->section->name);
	buf_add(out, str_empty(i->name) ? STR("") : STR(" "));
	buf_add(out, i->name);
	buf_add(out, STR("] is for other versions; "));
	buf_add_c(out, server_version.name);
	buf_add(out, STR(" passes over it\n"));
}

void
server_note_foreign(const struct server *s, struct buf *out)
{
	const struct config_instance *i = NULL;

	if (config_next(&s->config, &listener_section, NULL) == NULL)
		buf_add(out, STR("there is no [listener]: nobody will reach this server\n"));
	while ((i = config_next(&s->config, &listener_section, i)) != NULL) {
		const struct listener_settings *settings = i->values;

		if (listeners_module((enum listener_protocol)settings->protocol) == NULL)
			note(out, i);
	}
	while ((i = config_next_foreign(&s->config, i)) != NULL)
		note(out, i);
}

/* Certificates are needed for protocols that begin with TLS. */
enum fail
listeners_check_tls(const struct server *s, struct buf *why)
{
	const struct config_instance *i = NULL;

	while ((i = config_next(&s->config, &listener_section, i)) != NULL) {
		const struct listener_settings *settings = i->values;

		if (listeners_module((enum listener_protocol)settings->protocol) &&
		    s->tls == NULL && is_implicit_tls((enum listener_protocol)settings->protocol))
			return complain(why, i->name, "needs a [certificate]");
	}
	return FAIL_NONE;
}
