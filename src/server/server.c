#include "server/server.h"

/* system */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "directory/directory.h"
#include "directory/engine.h"
#include "mail/share_tell.h"
#include "net/settings.h"
#include "policy/policy.h"
#include "server/authorities.h"
#include "server/control.h"
#include "server/listeners.h"
#include "server/objects.h"
#include "server/outbound.h"
#include "server/privileges.h"
#include "server/server_files.h"
#include "server/signals.h"
#include "search/search.h"
#include "store/store.h"
#include "tls/tls.h"

#define STOP_LOOK_MS 20 /* between two looks at what is left to end */

static const struct log server_log = { .room = "server" };

static struct directory_settings *
directory_settings(struct server *s)
{
	struct directory_settings *settings = config_values(&s->config, &directory_section);
	const struct setting_section *section = directory_engines[settings->engine].section;

	settings->own_host = s->settings->hostname;
	settings->log_level = s->settings->log_level;
	settings->is_log_json = s->settings->log_form == LOG_FORM_JSON;
	settings->engine_values = section ? config_values(&s->config, section) : NULL;
	return settings;
}

static void
keep_first(enum fail *first, enum fail fail)
{
	if (*first == FAIL_NONE)
		*first = fail;
}

/* All is looked at, whatever is wrong before: who sets a server up wants to mend it in one go. */
enum fail
server_check(struct server *s, struct buf *why)
{
	enum fail first = listeners_check(s, why), fail;

	keep_first(&first, server_check_data(s, why));
	fail = server_load_tls(s, &s->tls, why);
	keep_first(&first, fail == FAIL_NONE ? listeners_check_tls(s, why) : fail);
	keep_first(&first, authorities_check(s, why));
	keep_first(&first, directory_check(directory_settings(s), why));
	keep_first(&first, objects_check(s, why));
	for (size_t i = 0; server_version.modules[i]; i++)
		if (server_version.modules[i]->check)
			keep_first(&first, server_version.modules[i]->check(s, why));
	keep_first(&first, outbound_check(s, why));
	return first;
}

/* --- start ----------------------------------------------------------------------------------- */

/* The user that we became may have no right to a file that root read at the start. */
static void
watch_certificate(struct server *s, struct str path)
{
	const char *name = arena_c(&s->config.arena, path);

	signals_watch_file(s, path);
	if (name != NULL && access(name, R_OK) != 0)
		log_warn(&server_log, "server.certificate.unreadable", LOG_TEXT("file", path),
		    LOG_TEXT("user", s->settings->user),
		    LOG_TEXT("so", STR("a change of it needs a restart")));
}

static void
watch_certificates(struct server *s)
{
	const struct config_instance *i = NULL;

	while ((i = config_next(&s->config, &certificate_section, i)) != NULL) {
		const struct certificate_settings *c = i->values;

		watch_certificate(s, c->chain);
		watch_certificate(s, c->key);
	}
}

/* Keys, the lock and ports, which may need root. */
static enum fail
start_as_root(struct server *s, struct buf *why)
{
	enum fail fail = server_check(s, why);

	if (fail == FAIL_NONE)
		fail = server_lock_data(s, why);
	if (fail != FAIL_NONE)
		return fail;
	fail = loop_init(&s->loop);
	if (fail != FAIL_NONE)
		return fail;
	net_init(&s->net, &s->loop, config_values(&s->config, &net_section));
	fail = listeners_open(s, why);
	if (fail == FAIL_NONE)
		fail = signals_start(s);
	return fail;
}

static uint64_t
count_commits(const void *store)
{
	return store_commits(store);
}

static uint64_t
tell_health(const void *store)
{
	return store_is_well(store);
}

static uint64_t
count_indexed(const void *search)
{
	return search_status(search).indexed;
}

static uint64_t
count_waiting(const void *search)
{
	return search_status(search).waiting;
}

static uint64_t
tell_index(const void *search)
{
	return search_status(search).is_usable;
}

static void
name_index_metrics(struct server *s)
{
	const struct metric rows[] = {
		{ "staunch_index_messages", "Messages put into the full-text index.",
		    METRIC_COUNTER, count_indexed, s->search },
		{ "staunch_index_waiting", "Messages not yet in the full-text index.", METRIC_LEVEL,
		    count_waiting, s->search },
		{ "staunch_index_usable", "1 while the full-text index can be asked.", METRIC_LEVEL,
		    tell_index, s->search },
	};

	for (size_t i = 0; s->search && i < ARRAY_LEN(rows); i++)
		metrics_add(&s->metrics, &rows[i]);
}

static void
name_metrics(struct server *s)
{
	const struct metric rows[] = {
		{ "staunch_connections", "Connections from outside.", METRIC_LEVEL, metric_size,
		    &s->net.count },
		{ "staunch_turns", "Turns of the loop.", METRIC_COUNTER, metric_u64,
		    &s->loop.turns },
		{ "staunch_commits", "Durable commits that changed something.", METRIC_COUNTER,
		    count_commits, s->store },
		{ "staunch_store_well", "1 while the disk takes what is written.", METRIC_LEVEL,
		    tell_health, s->store },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		metrics_add(&s->metrics, &rows[i]);
	name_index_metrics(s);
	objects_name_metrics(s);
	for (size_t i = 0; server_version.modules[i]; i++) {
		if (server_version.modules[i]->metrics)
			server_version.modules[i]->metrics(&s->metrics);
	}
}

enum fail
server_open_directory(struct server *s, struct loop *loop, struct buf *why)
{
	enum fail fail = directory_open(&s->directory, loop, directory_settings(s),
	    server_path(s, "directory.db"));

	if (fail != FAIL_NONE)
		buf_add(why, STR("the directory cannot be opened, see the log\n"));
	return fail;
}

enum fail
server_start(struct server *s, struct buf *why)
{
	enum fail fail = start_as_root(s, why);

	if (fail == FAIL_NONE)
		fail = privileges_drop(s->settings->user);
	if (fail == FAIL_NONE && geteuid() == 0)
		log_warn(&server_log, "server.is_root",
		    LOG_TEXT("why", STR("no user in [server]")));
	if (fail == FAIL_NONE)
		fail = server_open_directory(s, &s->loop, why);
	if (fail == FAIL_NONE)
		fail = server_open_files(s, &s->loop, why);
	if (fail != FAIL_NONE)
		return fail;
	share_tell_start(s->mail, s->directory);
	policy_open(&s->policy, &s->loop, s->store, server_dns(s),
	    config_values(&s->config, &policy_section));
	for (size_t i = 0; server_version.modules[i]; i++)
		server_version.modules[i]->start(s);
	name_metrics(s);
	watch_certificates(s);
	outbound_start(s);
	if (control_start(s) != FAIL_NONE)
		log_warn(&server_log, "server.no_control");
	return FAIL_NONE;
}

/* --- reload and stop ------------------------------------------------------------------------- */

/* Certificates, authorities and keys anew; a bad file keeps the old ones in service. */
void
server_reload(struct server *s)
{
	struct tls_context *fresh;
	struct buf why;

	outbound_reload(s);
	objects_reload(s);
	buf_init(&why, CONFIG_ERRORS_MAX);
	if (server_load_tls(s, &fresh, &why) != FAIL_NONE) {
		log_error(&server_log, "server.certificate.bad",
		    LOG_TEXT("why", str_trim(buf_str(&why))));
	} else if (fresh) {
		for (size_t i = 0; i < s->listener_count; i++)
			s->listeners[i].tls = fresh;
		tls_context_free(&s->tls);
		s->tls = fresh;
		log_info(&server_log, "server.certificate.loaded");
	}
	buf_release(&why);
}

/* Nobody tells when the last connection goes: look every STOP_LOOK_MS until the time is over. */
static enum step
stop_step(struct task *task)
{
	struct server *s = container_of(task, struct server, stop_task);

	if ((s->net.count == 0 && outbound_is_quiet(s)) || clock_mono_ms() >= s->stop_deadline_ms)
		loop_stop(&s->loop);
	else
		timer_start(&s->loop, &s->stop_timer, &s->stop_task,
		    clock_mono_ms() + STOP_LOOK_MS);
	return STEP_WAIT;
}

void
server_stop(struct server *s)
{
	if (s->is_stopping)
		return;
	s->is_stopping = true;
	log_info(&server_log, "server.stopping", LOG_NUM("connections", s->net.count));
	for (size_t i = 0; i < s->listener_count; i++)
		listener_stop(&s->listeners[i]);
	control_stop(s);
	outbound_stop(s);
	for (size_t i = 0; server_version.modules[i]; i++)
		server_version.modules[i]->stop();
	loop_task(&s->loop, &s->stop_task, stop_step, NULL);
	s->stop_deadline_ms = clock_mono_ms() + s->settings->stop_ms;
	task_wake(&s->stop_task);
}

void
server_release(struct server *s)
{
	for (size_t i = 0; i < s->listener_count; i++)
		listener_stop(&s->listeners[i]);
	if (s->mail) {
		for (size_t i = 0; server_version.modules[i]; i++) {
			if (server_version.modules[i]->release)
				server_version.modules[i]->release();
		}
	}
	control_stop(s);
	policy_close(&s->policy);
	outbound_close(s);
	if (s->loop.epoll_fd > 0) {
		signals_stop(s);
		timer_stop(&s->loop, &s->stop_timer);
		net_release(&s->net);
		if (s->mail)
			share_tell_stop(s->mail);
		if (s->directory)
			directory_close(&s->directory);
	}
	server_close_files(s);
	if (s->tls)
		tls_context_free(&s->tls);
	if (s->loop.epoll_fd > 0)
		loop_release(&s->loop);
	mem_free(s->listeners);
	config_release(&s->config);
}

/* --- run ------------------------------------------------------------------------------------- */

/* sd_notify(3)'s one datagram, when the service manager asked for it. */
static void
notify_manager(struct str message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, message.p, message.n, MSG_NOSIGNAL, (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

static int
run_started(struct server *s)
{
	log_info(&server_log, "server.ready", LOG_TEXT("host", s->settings->hostname),
	    LOG_NUM("listeners", s->listener_count));
	notify_manager(STR("READY=1"));
	loop_run(&s->loop);
	notify_manager(STR("STOPPING=1"));
	log_info(&server_log, "server.stopped");
	return directory_is_lost(s->directory) ? 1 : 0;
}

void
server_say(const struct buf *why)
{
	struct str text = buf_str(why);

	if (text.n > 0)
		fprintf(stderr, "%.*s%s", STR_ARG(text), text.p[text.n - 1] == '\n' ? "" : "\n");
}

int
server_run(struct str config_path)
{
	static struct server s; /* static: connections point into it until the very end */
	struct buf why;
	int status = 2;

	buf_init(&why, CONFIG_ERRORS_MAX);
	s.lock.fd = -1;
	s.config_path = config_path;
	config_init(&s.config, server_sections(), server_foreign_sections());
	s.settings = config_values(&s.config, &server_section);
	if (config_read(&s.config, config_path, &why) == FAIL_NONE) {
		log_set_level((enum log_level)s.settings->log_level);
		log_set_json(s.settings->log_form == LOG_FORM_JSON);
		log_set_debug(s.settings->debug);
		status = server_start(&s, &why) == FAIL_NONE ? run_started(&s) : 1;
	}
	server_say(&why);
	buf_release(&why);
	server_release(&s);
	return status;
}
