#include "server/objects.h"

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "blob/blob.h"
#include "blob/settings.h"
#include "dns/dns.h"
#include "net/settings.h"
#include "queue/queue.h"
#include "s3/s3.h"
#include "server/server_files.h"

struct objects {
	struct loop loop; /* when it has one of its own */
	bool has_loop;
	struct net net;
	struct dns dns;
	struct s3 s3;
	struct buf keys[3]; /* own: what [s3] has since the last reload */
};

static const struct log objects_log = { .room = "server" };

static const struct blob_settings *
settings_of(const struct server *s)
{
	return server_version.hands_on ? NULL : config_values(&s->config, &blob_section);
}

static bool
is_wanted(const struct blob_settings *settings)
{
	return settings && (settings->engine == BLOB_S3 || settings->has_mirror);
}

enum fail
objects_check(const struct server *s, struct buf *why)
{
	const struct blob_settings *settings = settings_of(s);

	if (!is_wanted(settings))
		return FAIL_NONE;
	if (settings->engine == BLOB_S3 && settings->has_mirror) {
		buf_add(why,
		    STR("[blob] mirror: is for engine = maildir; with s3, the messages are there\n"));
		return FAIL_SYNTAX;
	}
	return s3_settings_check(config_values(&s->config, &s3_section), why);
}

/* A version that sends nothing has no [dns]. */
static const struct dns_settings *
dns_settings_of(const struct server *s)
{
	const struct setting_section *const *sections = server_sections();

	for (size_t i = 0; sections[i]; i++)
		if (sections[i] == &dns_section)
			return config_values(&s->config, &dns_section);
	return &dns_settings_default;
}

enum fail
objects_open(struct server *s, struct loop *loop, struct buf *why)
{
	const struct s3_settings *settings = config_values(&s->config, &s3_section);
	enum fail fail = s3_settings_check(settings, why);
	struct objects *o;

	if (fail != FAIL_NONE)
		return fail;
	o = mem_new(1, sizeof *o);
	o->has_loop = loop == NULL;
	if (o->has_loop && loop_init(&o->loop) != FAIL_NONE) {
		mem_free(o);
		return FAIL_TEMP;
	}
	s->objects = o;
	net_init(&o->net, loop ? loop : &o->loop, config_values(&s->config, &net_section));
	fail = dns_init(&o->dns, o->net.loop, &o->net, dns_settings_of(s), why);
	if (fail == FAIL_NONE)
		fail = s3_init(&o->s3, o->net.loop, &o->net, &o->dns, settings, why);
	return fail;
}

enum fail
objects_use(struct server *s, struct loop *loop, struct buf *why)
{
	const struct blob_settings *settings = settings_of(s);
	struct blob_s3_options options = { .settings = settings, .local = STR(QUEUE_FOLDER) };
	enum fail fail;

	if (!is_wanted(settings))
		return FAIL_NONE;
	fail = objects_open(s, loop, why);
	if (fail != FAIL_NONE)
		return fail;
	options.s3 = &s->objects->s3;
	options.cache = server_path(s, "cache");
	return blob_use_s3(s->blobs, &options);
}

static enum fail
open_s3(struct server *s, bool is_alone, struct s3 **out, struct buf *why)
{
	enum fail fail = server_become_user(s, why);

	*out = NULL;
	if (fail == FAIL_NONE && is_alone)
		fail = server_lock_data(s, why);
	if (fail == FAIL_NONE)
		fail = objects_open(s, NULL, why);
	if (fail == FAIL_NONE)
		*out = &s->objects->s3;
	return fail;
}

enum fail
server_reach_s3(struct server *s, struct s3 **out, struct buf *why)
{
	return open_s3(s, false, out, why);
}

enum fail
server_open_s3(struct server *s, struct s3 **out, struct buf *why)
{
	return open_s3(s, true, out, why);
}

/* --- reload ---------------------------------------------------------------------------------- */

static void
say_kept(const char *what, const struct buf *why)
{
	log_warn(&objects_log, "server.s3.kept", LOG_TEXT("what", str_c(what)),
	    LOG_TEXT("why", str_trim(buf_str(why))));
}

/* The texts of the other configuration go with it. */
static void
take_keys(struct objects *o, struct s3_settings *to, const struct s3_settings *from)
{
	struct str *const olds[] = { &to->access_key, &to->secret_key, &to->session_token };
	const struct str news[] = { from->access_key, from->secret_key, from->session_token };

	for (size_t i = 0; i < ARRAY_LEN(news); i++) {
		buf_release(&o->keys[i]);
		buf_init_secret(&o->keys[i], news[i].n);
		buf_add(&o->keys[i], news[i]);
		*olds[i] = buf_str(&o->keys[i]);
	}
}

/* Only the keys: whatever else was changed in the file waits for the next start. */
static void
reload_keys(struct server *s, struct buf *why)
{
	struct s3_settings *now = config_values(&s->config, &s3_section), next = *now;
	const struct s3_settings *read;
	struct config config;
	enum fail fail;

	config_init(&config, server_sections(), server_foreign_sections());
	fail = config_read(&config, s->config_path, why);
	read = config_values(&config, &s3_section);
	next.access_key = read->access_key;
	next.secret_key = read->secret_key;
	next.session_token = read->session_token;
	if (fail == FAIL_NONE)
		fail = s3_settings_check(&next, why);
	if (fail == FAIL_NONE)
		take_keys(s->objects, now, &next);
	else
		say_kept("keys", why);
	config_release(&config);
}

void
objects_reload(struct server *s)
{
	struct buf why;

	if (s->objects == NULL)
		return;
	buf_init(&why, CONFIG_ERRORS_MAX);
	reload_keys(s, &why);
	buf_clear(&why);
	if (s3_trust_reload(&s->objects->s3, &why) != FAIL_NONE)
		say_kept("authorities", &why);
	buf_release(&why);
}

/* --- numbers, the end ------------------------------------------------------------------------ */

static uint64_t
tell_up(const void *s3)
{
	return !((const struct s3 *)s3)->is_down;
}

void
objects_name_metrics(struct server *s)
{
	const struct s3 *s3 = s->objects ? &s->objects->s3 : NULL;
	const struct metric rows[] = {
		{ "staunch_s3_calls", "Objects put, fetched, copied, deleted; lists.",
		    METRIC_COUNTER, metric_u64, s3 ? &s3->counts.calls : NULL },
		{ "staunch_s3_failed",
		    "Of them, and of uploads given up, those that failed after all tries.",
		    METRIC_COUNTER, metric_u64, s3 ? &s3->counts.failed : NULL },
		{ "staunch_s3_up", "1 while the S3 server answers.", METRIC_LEVEL, tell_up, s3 },
	};

	for (size_t i = 0; s3 && i < ARRAY_LEN(rows); i++)
		metrics_add(&s->metrics, &rows[i]);
}

void
objects_close(struct server *s)
{
	struct objects *o = s->objects;

	if (o == NULL)
		return;
	s3_release(&o->s3);
	if (o->dns.loop)
		dns_release(&o->dns);
	net_release(&o->net);
	for (size_t i = 0; i < ARRAY_LEN(o->keys); i++)
		buf_release(&o->keys[i]);
	if (o->has_loop)
		loop_release(&o->loop);
	mem_free(o);
	s->objects = NULL;
}
