/* A whole session on arbitrary bytes, of a kind and peer that the first byte chooses: it never breaks its facts, and ends with the peer. */
#include "smtp/smtp.h"

/* system */
#include <stdio.h>
#include <stdlib.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "blob/blob.h"
#include "dns/dns.h"
#include "dns/zone.h"
#include "lib/fake_directory.h"
#include "lib/fake_dns.h"
#include "mail/mail.h"
#include "mailauth/settings.h"
#include "net/memory.h"
#include "policy/policy.h"
#include "queue/queue.h"
#include "reports/reports.h"
#include "store/store.h"
#include "sys/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stage {
	struct loop loop;
	struct net net;
	struct store *store;
	struct blob_store *blobs;
	struct mail *mail;
	struct queue *queue;
	struct policy *policy;
	struct reports *reports;
	struct dns dns;
	struct smtp_service service;
	struct listener listeners[3];
	bool is_open;
} stage;

static struct smtp_listener kinds[] = {
	{ .kind = SMTP_KIND_MX, .is_judging = true },
	{ .kind = SMTP_KIND_SUBMISSION, .has_plaintext_login = true },
	{ .kind = SMTP_KIND_LMTP },
};

static const struct smtp_settings settings = {
	.message_bytes = 100000,
	.recipients = 4,
	.messages = 5,
	.errors = 20,
	.junk = 30,
	.command_ms = 300000,
	.data_ms = 600000,
	.login_failures = 3,
	.hold_ms = 604800000,
	.no_solicit = STR_INIT("net.example:ADV"),
	.xclient_networks = STR_INIT("192.0.2.0/24"),
	.relay_networks = STR_INIT("192.0.2.77"),
};

static const struct policy_settings checks = {
	.trusted = STR_INIT("loopback"),
	.helo = HELO_STRICT,
	.reverse = REVERSE_NOTE,
	.check_domains = true,
	.block_lists = STR_INIT("bl.test"),
	.lookup_ms = 5000,
	.account_messages = 1000,
	.account_new_recipients = 1000,
	.known_ms = 86400000,
};

static const struct mailauth_settings proofs = {
	.check = true,
	.reject = true,
	.quarantine = true,
	.received_spf = true,
	.trusted_sealers = STR_INIT("*"),
};

#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

/* DNS as strangers may have it. */
static const char zone_text[] =
    "a.test TXT \"v=spf1 include:b.test a:%{i}.a.test exists:%{L}%{d2}.a.test mx ptr redirect=c.test\"\n"
    "a.test MX 10 a.test\n"
    "a.test A 192.0.2.66\n"
    "b.test TXT \"v=spf1 include:a.test -all exp=c.test\"\n"
    "b.test A 192.0.2.1\n"
    "c.test A 192.0.2.1\n"
    "good.test A 192.0.2.1\n"
    "1.2.0.192.in-addr.arpa PTR good.test\n"
    "66.2.0.192.bl.test A 127.0.0.2\n"
    "b.test SECURE\n"
    "c.test TXT \"v=spf1 ip4:192.0.2.1 -all exp=e.c.test\"\n"
    "e.c.test TXT \"%{i} %{h} %{s} %{c} %{r} %{t} %{l1r+-} is not mine\"\n"
    "d.test TIMEOUT\n"
    "s._domainkey.a.test TXT \"v=DKIM1; k=ed25519; p=" ED25519 "\"\n"
    "s._domainkey.b.test TXT \"v=DKIM1; k=rsa; t=y:s; p=" ED25519 "\"\n"
    "s._domainkey.c.test CNAME s._domainkey.c.test\n"
    "_dmarc.a.test TXT \"v=DMARC1; p=reject; pct=50; rua=mailto:x@a.test\"\n"
    "_dmarc.b.test TXT \"v=DMARC1; p=quarantine; aspf=s; adkim=s\"\n"
    "_dmarc.c.test TXT \"v=DMARC1; p=none; sp=reject\"\n";

static const char *const peers[] = { "127.0.0.1", "192.0.2.1", "192.0.2.77", "192.0.2.66" };

static int
no_sync(int fd)
{
	(void)fd;
	return 0;
}

static void
close_stage(void)
{
	net_release(&stage.net);
	reports_close(&stage.reports);
	queue_close(&stage.queue);
	policy_close(&stage.policy);
	dns_release(&stage.dns);
	mail_close(&stage.mail);
	blob_close(&stage.blobs);
	store_close(&stage.store);
	loop_release(&stage.loop);
	(void)test_end();
}

/* Not sent: what is counted stays, until its bounds. */
static void
open_reports(void)
{
	static const struct reports_settings wanted = { .has_dmarc = true,
		.interval_ms = 24 * 3600 * 1000 };
	const struct reports_house house = { .store = stage.store,
		.settings = &wanted,
		.hostname = STR("mx.example.test") };

	stage.reports = reports_open(&house);
}

/* Not started: what comes in stays, until it is full. */
static void
open_queue(void)
{
	static const struct queue_routes routes = { NULL, 0 };
	static struct queue_settings queue_settings;
	const struct queue_house house = { .loop = &stage.loop,
		.store = stage.store,
		.blobs = stage.blobs,
		.net = &stage.net,
		.mail = stage.mail,
		.settings = &queue_settings,
		.outbound = &smtpc_settings_default,
		.routes = &routes,
		.own = { .hostname = STR("mx.example.test") } };

	queue_settings = queue_settings_default;
	queue_settings.messages = 1000;
	invariant(queue_open(&stage.queue, &house) == FAIL_NONE);
}

/* Once; what one input does to the mail, the next one finds. */
static void
open_stage(void)
{
	const char *folder = test_folder();
	char path[300];
	struct buf why;

	sys.fsync = sys.fdatasync = sys.syncfs = no_sync;
	invariant(atexit(close_stage) == 0);
	fake_directory_hold(false);
	fake_dns_hold(false);
	log_set_level(LOG_LEVEL_ERROR);
	clock_fake(1000, 1000000);
	snprintf(path, sizeof(path), "%s/store.db", folder);
	invariant(loop_init(&stage.loop) == FAIL_NONE);
	invariant(store_open(&stage.store, &stage.loop, str_c(path), NULL) == FAIL_NONE);
	invariant(blob_open(&stage.blobs, &stage.loop, stage.store, str_c(folder)) == FAIL_NONE);
	invariant(mail_open(&stage.mail, &stage.loop, stage.store, stage.blobs) == FAIL_NONE);
	net_init(&stage.net, &stage.loop, &net_settings_default);
	open_queue();
	buf_init(&why, 1000);
	invariant(dns_init(&stage.dns, &stage.loop, &stage.net, &dns_settings_default, &why) ==
	    FAIL_NONE);
	invariant(dns_zone_read(&stage.dns, str_c(zone_text), &why) == FAIL_NONE);
	buf_release(&why);
	policy_open(&stage.policy, &stage.loop, stage.store, &stage.dns, &checks);
	open_reports();
	smtp_service_init(&stage.service);
	stage.service.reports = stage.reports;
	stage.service.queue = stage.queue;
	stage.service.policy = stage.policy;
	stage.service.checks = &checks;
	stage.service.mailauth = &proofs;
	stage.service.dns = &stage.dns;
	stage.service.loop = &stage.loop;
	stage.service.mail = stage.mail;
	stage.service.settings = &settings;
	stage.service.hostname = STR("mx.example.test");
	for (size_t i = 0; i < 3; i++)
		stage.listeners[i] =
		    (struct listener){ .service = &stage.service.service, .settings = &kinds[i] };
	stage.is_open = true;
}

static void
turns(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		loop_turn(&stage.loop, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener *l;
	struct conn *c;

	if (!stage.is_open)
		open_stage();
	if (size == 0)
		return 0;
	l = &stage.listeners[data[0] % 3];
	c = conn_memory(&stage.net, l, str_c(peers[data[0] / 3 % ARRAY_LEN(peers)]));
	fake_dns_hold(data[0] / 3 / ARRAY_LEN(peers) % 2 != 0);
	stage.service.service.accept(&stage.service.service, l, c);
	conn_memory_feed(c, str_of(data + 1, size - 1));
	conn_memory_end(c);
	for (unsigned i = 0; i < 1000 && !list_empty(&stage.service.sessions); i++) {
		turns(1);
		(void)fake_dns_release();
	}
	invariant(list_empty(&stage.service.sessions));
	turns(2);
	(void)fake_dns_release();
	return 0;
}
