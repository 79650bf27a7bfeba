#include "server/public_ports.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "net/address.h"
#include "server/listeners.h"

#define NEEDS_TLS /* also where STARTTLS gives it: no password is sent without */ \
	(1u << PROTOCOL_SUBMISSION | 1u << PROTOCOL_SUBMISSIONS | 1u << PROTOCOL_IMAP | \
	    1u << PROTOCOL_IMAPS | 1u << PROTOCOL_HTTPS)

/* The port behind the last colon; 0: a unix socket. */
static uint32_t
port_of(struct str address)
{
	struct str digits = str_from(address, str_rfind_char(address, ':') + 1);
	uint32_t port;

	if (str_starts(address, STR("unix:")))
		return 0;
	return str_u32(&digits, UINT16_MAX, &port) && str_empty(digits) ? port : 0;
}

/* "*:25" is no address, and for everybody. */
static bool
is_private(struct str address)
{
	struct net_address a;

	return net_address_parse_port(address, &a) == FAIL_NONE && net_address_is_loopback(&a);
}

/* The first port of this listener; with `others` set, of addresses that others reach. */
static uint16_t
first_port(const struct listener_settings *settings, bool others)
{
	struct str words = settings->address, word;
	uint32_t port = 0;

	while (port == 0 && str_next_part(&words, ' ', &word))
		port = str_empty(word) || (others && is_private(word)) ? 0 : port_of(word);
	return (uint16_t)port;
}

static uint16_t
find(const struct config *config, unsigned protocols, bool others)
{
	const struct config_instance *i = NULL;
	uint16_t port = 0;

	while (port == 0 && (i = config_next(config, &listener_section, i)) != NULL) {
		const struct listener_settings *settings = i->values;

		if (protocols & (1u << settings->protocol))
			port = first_port(settings, others);
	}
	return port;
}

uint16_t
server_public_port(const struct config *config, enum listener_protocol protocol)
{
	bool has_others = find(config, ~0u, true) != 0;

	if (!listeners_module(protocol) ||
	    ((NEEDS_TLS & (1u << protocol)) && !config_next(config, &certificate_section, NULL)))
		return 0;
	return find(config, 1u << protocol, has_others);
}

struct autoconfig
server_autoconfig(const struct server *server)
{
	static const enum listener_protocol protocols[] = { [AUTOCONFIG_IMAPS] = PROTOCOL_IMAPS,
		[AUTOCONFIG_IMAP] = PROTOCOL_IMAP,
		[AUTOCONFIG_SUBMISSIONS] = PROTOCOL_SUBMISSIONS,
		[AUTOCONFIG_SUBMISSION] = PROTOCOL_SUBMISSION };
	struct autoconfig a = { .directory = server->directory,
		.hostname = server->settings->hostname };

	static_assert(ARRAY_LEN(protocols) == AUTOCONFIG_SERVICE_COUNT, "every service is one");
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		a.ports[i] = server_public_port(&server->config, protocols[i]);
	return a;
}
