#include "server/modules.h"

/* rooms */
#include "dns/settings.h"
#include "mailauth/settings.h"
#include "policy/settings.h"
#include "queue/queue.h"
#include "reports/reports.h"
#include "smtp/smtp.h"
#include "smtpc/settings.h"

static struct smtp_service smtp;
static struct queue *queue;     /* borrow: for its numbers */
static struct reports *reports; /* the same */

#define KINDS(kind) \
	{ \
		{ { kind, false, false }, { kind, false, true } }, \
		{ \
			{ kind, true, false }, \
			{ \
				kind, true, true \
			} \
		} \
	}

/* [kind][plaintext logins][checks] */
static struct smtp_listener kinds[][2][2] = {
	[SMTP_KIND_MX] = KINDS(SMTP_KIND_MX),
	[SMTP_KIND_SUBMISSION] = KINDS(SMTP_KIND_SUBMISSION),
	[SMTP_KIND_LMTP] = KINDS(SMTP_KIND_LMTP),
};

static struct service *
init(struct server *server)
{
	smtp_service_init(&smtp);
	smtp.loop = &server->loop;
	smtp.settings = config_values(&server->config, &smtp_section);
	smtp.mailauth = config_values(&server->config, &mailauth_section);
	smtp.checks = config_values(&server->config, &policy_section);
	smtp.hostname = server->settings->hostname;
	return &smtp.service;
}

static void
start(struct server *server)
{
	smtp.mail = server->mail;
	smtp.directory = server->directory;
	smtp.queue = server->queue;
	smtp.policy = server->policy;
	smtp.dns = server_dns(server);
	smtp.reports = server->reports;
	queue = server->queue;
	reports = server->reports;
}

static void *
listener_settings(const struct listener_settings *settings)
{
	enum smtp_kind kind = SMTP_KIND_SUBMISSION;

	if (settings->protocol == PROTOCOL_SMTP)
		kind = SMTP_KIND_MX;
	if (settings->protocol == PROTOCOL_LMTP)
		kind = SMTP_KIND_LMTP;
	return &kinds[kind][settings->plaintext_login][settings->checks];
}

static uint64_t
queue_messages(const void *arg)
{
	return queue_counts(*(struct queue *const *)arg).messages;
}

static uint64_t
queue_delivered(const void *arg)
{
	return queue_counts(*(struct queue *const *)arg).delivered;
}

static uint64_t
queue_failed(const void *arg)
{
	return queue_counts(*(struct queue *const *)arg).failed;
}

static uint64_t
reports_noted(const void *arg)
{
	return reports_counts(*(struct reports *const *)arg)->noted;
}

static uint64_t
reports_sent(const void *arg)
{
	return reports_counts(*(struct reports *const *)arg)->sent;
}

static uint64_t
reports_failed(const void *arg)
{
	return reports_counts(*(struct reports *const *)arg)->failed;
}

static void
report_metrics(struct metrics *m)
{
	metrics_add(m,
	    &(struct metric){ "staunch_reports_noted",
		"Messages and connections counted for reports to others.", METRIC_COUNTER,
		reports_noted, &reports });
	metrics_add(m,
	    &(struct metric){ "staunch_reports_sent", "Reports to others queued, or taken.",
		METRIC_COUNTER, reports_sent, &reports });
	metrics_add(m,
	    &(struct metric){ "staunch_reports_failed",
		"Reports that nobody wanted or could be sent to.", METRIC_COUNTER, reports_failed,
		&reports });
}

static void
metrics(struct metrics *m)
{
	metrics_add(m,
	    &(struct metric){ "staunch_queue_messages", "Messages in the queue.", METRIC_LEVEL,
		queue_messages, &queue });
	metrics_add(m,
	    &(struct metric){ "staunch_queue_delivered", "Recipients delivered by the queue.",
		METRIC_COUNTER, queue_delivered, &queue });
	metrics_add(m,
	    &(struct metric){ "staunch_queue_failed", "Recipients given up by the queue.",
		METRIC_COUNTER, queue_failed, &queue });
	metrics_add(m,
	    &(struct metric){ "staunch_smtp_sessions", "Sessions of SMTP and LMTP.", METRIC_LEVEL,
		metric_size, &smtp.session_count });
	metrics_add(m,
	    &(struct metric){ "staunch_smtp_messages_taken", "Messages answered 250.",
		METRIC_COUNTER, metric_u64, &smtp.messages_taken });
	metrics_add(m,
	    &(struct metric){ "staunch_smtp_messages_refused", "Messages refused after DATA.",
		METRIC_COUNTER, metric_u64, &smtp.messages_refused });
	report_metrics(m);
}

static void
stop(void)
{
	smtp_service_stop(&smtp);
}

static void
release(void)
{
	smtp_service_release(&smtp);
}

/* SMTP, submission and LMTP are one room; the listener's kind tells them apart, and versions which of them they have. */
#define MODULE(title, spoken) \
	{ \
		.name = title, \
		.sections = { &smtp_section, &queue_section, &route_section, &smtpc_section, \
			&dns_section, &mailauth_section, &reports_section }, \
		.needs_queue = true, .protocols = spoken, .init = init, .start = start, \
		.listener_settings = listener_settings, .metrics = metrics, .stop = stop, \
		.release = release, \
	}
#define SMTP 1 << PROTOCOL_SMTP | 1 << PROTOCOL_SUBMISSION | 1 << PROTOCOL_SUBMISSIONS
#define LMTP 1 << PROTOCOL_LMTP

const struct server_module smtp_module = MODULE("smtp", SMTP);
const struct server_module lmtp_module = MODULE("lmtp", LMTP);
const struct server_module smtp_lmtp_module = MODULE("smtp", SMTP | LMTP);
