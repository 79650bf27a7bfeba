#include "server/modules.h"

/* rooms */
#include "http/client.h"
#include "http/server.h"
#include "jmap/jmap.h"
#include "server/public_ports.h"
#include "smtp/settings.h"
#include "web/autoconfig.h"
#include "web/mta_sts.h"

static struct http_service http;
static struct http_client client;
static struct jmap *jmap;
static struct mta_sts mta_sts;
static struct autoconfig autoconfig;
static bool has_client;

static struct http_listener kinds[2] = { { false }, { true } };

static enum fail
check(const struct server *server, struct buf *why)
{
	return mta_sts_check(config_values(&server->config, &mta_sts_section), why);
}

static struct service *
init(struct server *server)
{
	http_service_init(&http, &server->loop, config_values(&server->config, &http_section));
	return &http.service;
}

/* What the owner says of submission holds for JMAP's, too. */
static void
start_sending(struct server *server)
{
	const struct smtp_settings *smtp = config_values(&server->config, &smtp_section);
	const struct jmap_sending sending = { .queue = server->queue,
		.loop = &server->loop,
		.hostname = server->settings->hostname,
		.message_bytes = smtp->message_bytes,
		.hold_ms = smtp->hold_ms,
		.is_author_own = smtp->from == SMTP_FROM_OWN };

	jmap_send_with(jmap, &sending);
}

/* What others may be told without being asked who they are. */
static void
start_telling(struct server *server)
{
	const struct config *config = &server->config;

	mta_sts = (struct mta_sts){ .settings = config_values(config, &mta_sts_section),
		.directory = server->directory,
		.hostname = server->settings->hostname };
	mta_sts_attach(&mta_sts, &http);
	autoconfig = server_autoconfig(server);
	autoconfig_attach(&autoconfig, &http);
}

static void
start(struct server *server)
{
	jmap_open(&jmap, server->mail, server->directory, server->policy,
	    config_values(&server->config, &jmap_section));
	has_client = server_dns(server) != NULL;
	if (has_client) {
		http_client_init(&client, &server->loop, &server->net, server_dns(server), NULL,
		    config_values(&server->config, &http_client_section));
		jmap_push_start(jmap, &client);
	}
	if (server->queue)
		start_sending(server);
	jmap_attach(jmap, &http);
	metrics_attach(&server->metrics, &http);
	start_telling(server);
}

static void *
listener_settings(const struct listener_settings *settings)
{
	return &kinds[settings->plaintext_login];
}

static void
stop(void)
{
	http_service_stop(&http);
}

static void
release(void)
{
	http_service_release(&http);
	jmap_close(&jmap);
	if (has_client)
		http_client_release(&client);
}

/* HTTP and the rooms that speak over it. */
const struct server_module http_module = {
	.name = "http",
	.sections = { &http_section, &http_client_section, &jmap_section, &mta_sts_section },
	.protocols = 1 << PROTOCOL_HTTP | 1 << PROTOCOL_HTTPS,
	.check = check,
	.init = init,
	.start = start,
	.listener_settings = listener_settings,
	.stop = stop,
	.release = release,
};
