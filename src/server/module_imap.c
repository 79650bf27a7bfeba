#include "server/modules.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "http/settings.h"
#include "imap/imap.h"

#define JMAP_URL_MAX 2000 /* bytes: longer ones cannot be dialled by all clients */

static struct imap_service imap;

/* Without and with plaintext logins. */
static struct imap_listener kinds[] = { { false }, { true } };

/* [imap-account NAME], all of them. */
static void
gather_accounts(struct server *server)
{
	const struct config_instance *i = NULL;
	struct imap_account_options *accounts;
	size_t count = 0;

	while ((i = config_next(&server->config, &imap_account_section, i)) != NULL)
		count++;
	accounts = mem_new(count + 1, sizeof *accounts); /* as long as the program */
	imap.account_count = 0;
	while ((i = config_next(&server->config, &imap_account_section, i)) != NULL)
		accounts[imap.account_count++] =
		    (struct imap_account_options){ i->name, i->values };
	imap.accounts = accounts;
}

/* Where JMAP is, when it is in this version and the owner said how clients reach it. */
static void
find_jmap(struct server *server)
{
	static struct buf url; /* as long as the program */
	const struct config_instance *i = config_next(&server->config, &http_section, NULL);
	const struct http_settings *http = i ? i->values : NULL;
	struct str base = http ? http->base_url : STR("");

	if (str_empty(base))
		return;
	while (str_ends(base, STR("/")))
		base.n--;
	buf_init(&url, JMAP_URL_MAX);
	buf_add(&url, base);
	buf_add_c(&url, "/.well-known/jmap"); /* RFC 8620 2.2 */
	imap.jmap_url = buf_ok(&url) ? buf_str(&url) : STR("");
}

static struct service *
init(struct server *server)
{
	imap_service_init(&imap);
	imap.loop = &server->loop;
	imap.settings = config_values(&server->config, &imap_section);
	gather_accounts(server);
	find_jmap(server);
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

static void
release(void)
{
	imap_service_release(&imap);
}

const struct server_module imap_module = {
	.name = "imap",
	.sections = { &imap_section, &imap_account_section },
	.protocols = 1 << PROTOCOL_IMAP | 1 << PROTOCOL_IMAPS,
	.init = init,
	.start = start,
	.listener_settings = listener_settings,
	.metrics = metrics,
	.stop = stop,
	.release = release,
};
