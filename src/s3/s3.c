#include "s3/s3.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "s3/inner.h"

const struct log s3_log = { .room = "s3" };

/* "https://" [bucket "."] host [":" port], and the same without the scheme: what Host will say */
static void
name_server(struct s3 *s)
{
	struct http_url url;

	invariant(http_url_parse(s->settings->endpoint, &url) == FAIL_NONE);
	buf_init(&s->host, HTTP_URL_MAX);
	buf_init(&s->base, HTTP_URL_MAX);
	if (!s->settings->is_path_style) {
		buf_add(&s->host, s->settings->bucket);
		buf_add_char(&s->host, '.');
	}
	if (str_find_char(url.host, ':') != STR_NONE)
		buf_add_char(&s->host, '[');
	buf_add(&s->host, url.host);
	if (str_find_char(url.host, ':') != STR_NONE)
		buf_add_char(&s->host, ']');
	if (url.port != (url.is_tls ? 443 : 80)) {
		buf_add_char(&s->host, ':');
		buf_add_u64(&s->host, url.port);
	}
	buf_add_c(&s->base, url.is_tls ? "https://" : "http://");
	buf_add(&s->base, buf_str(&s->host));
}

enum fail
s3_init(struct s3 *s, struct loop *loop, struct net *net, struct dns *dns,
    const struct s3_settings *settings, struct buf *why)
{
	enum fail fail = FAIL_NONE;

	*s = (struct s3){ .loop = loop, .settings = settings };
	s->client_settings = http_client_settings_default;
	s->client_settings.ca_file = settings->ca_file;
	s->client_settings.connections = settings->connections;
	s->client_settings.connections_per_host = settings->connections;
	name_server(s);
	if (str_starts(buf_str(&s->base), STR("https:")))
		fail = http_client_trust(&s->client_settings, &s->trust, why);
	http_client_init(&s->client, loop, net, dns, s->trust, &s->client_settings);
	s3_aborts_init(s);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_PERM;
}

enum fail
s3_trust_reload(struct s3 *s, struct buf *why)
{
	struct tls_trust *fresh = NULL;

	if (!str_starts(buf_str(&s->base), STR("https:")))
		return FAIL_NONE;
	if (http_client_trust(&s->client_settings, &fresh, why) != FAIL_NONE) {
		tls_trust_free(&fresh);
		return FAIL_PERM;
	}
	tls_trust_free(&s->trust); /* connections hold theirs */
	s->trust = s->client.trust = fresh;
	return FAIL_NONE;
}

void
s3_release(struct s3 *s)
{
	if (s->loop == NULL)
		return;
	s3_aborts_release(s);
	http_client_release(&s->client);
	tls_trust_free(&s->trust);
	buf_release(&s->base);
	buf_release(&s->host);
	*s = (struct s3){ .loop = NULL };
}
