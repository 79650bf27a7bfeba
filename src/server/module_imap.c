#include "server/modules.h"

/* rooms */
#include "imap/imap.h"

static struct imap_service imap;

/* Without and with plaintext logins. */
static struct imap_listener kinds[] = { { false }, { true } };

static struct service *
init(struct server *server)
{
	imap_service_init(&imap);
	imap.loop = &server->loop;
	imap.settings = config_values(&server->config, &imap_section);
	return &imap.service;
}

static void
start(struct server *server)
{
	imap.mail = server->mail;
	imap.directory = server->directory;
	imap.policy = server->policy;
}

static void *
listener_settings(const struct listener_settings *settings)
{
	return &kinds[settings->plaintext_login];
}

static void
metrics(struct metrics *m)
{
	metrics_add(m,
	    &(struct metric){ "staunch_imap_sessions", "Sessions of IMAP.", METRIC_LEVEL,
		metric_size, &imap.session_count });
}

static void
stop(void)
{
	imap_service_stop(&imap);
}

const struct server_module imap_module = {
	.name = "imap",
	.sections = { &imap_section },
	.protocols = 1 << PROTOCOL_IMAP | 1 << PROTOCOL_IMAPS,
	.init = init,
	.start = start,
	.listener_settings = listener_settings,
	.metrics = metrics,
	.stop = stop,
};
