/* Everything that a domain should publish, for what this server does. */

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "cli/domain.h"
#include "crypto/hash.h"
#include "mailauth/settings.h"
#include "queue/settings.h"
#include "server/public_ports.h"
#include "tlspolicy/sts_policy.h"
#include "web/mta_sts.h"

#define TEXT_MAX        4096 /* bytes of one record's data, or name, or sentence */
#define POLICY_ID_BYTES 8    /* of a hash; 16 letters, where RFC 8461 3.1 allows 32 */

struct writer {
	const struct cli_domain *d;
	const struct domain_pins *pins;
	struct records *rs;
	struct str host;
};

static uint16_t
find_port(const struct writer *w, enum listener_protocol protocol)
{
	return server_public_port(&w->d->server.config, protocol);
}

/* --- one record ------------------------------------------------------------------------------- */

/* `prefix` stands before the domain; `before`, `middle` and `after` together are the data. */
static struct record *
add(const struct writer *w, enum record_rule rule, const char *prefix, const char *before,
    struct str middle, const char *after, const char *why)
{
	struct buf name, data;
	struct record *r;

	buf_init(&name, TEXT_MAX);
	buf_init(&data, TEXT_MAX);
	buf_add_c(&name, prefix);
	buf_add(&name, w->d->name);
	buf_add_c(&data, before);
	buf_add(&data, middle);
	buf_add_c(&data, after);
	r = records_add(w->rs, rule, buf_str(&name), buf_str(&data), str_c(why));
	r->target = w->rs->host;
	buf_release(&name);
	buf_release(&data);
	return r;
}

static struct record *
add_optional(const struct writer *w, enum record_rule rule, const char *prefix, const char *before,
    struct str middle, const char *after, const char *why)
{
	struct record *r = add(w, rule, prefix, before, middle, after, why);

	r->is_needed = false;
	return r;
}

/* A name below the domain that is this server's. */
static void
add_alias(const struct writer *w, enum domain_name which, const char *why)
{
	add_optional(w, RECORD_ALIAS, domain_name_prefixes[which], "", w->host, ".", why)
	    ->lacks_certificate = !w->pins->is_named[which];
}

/* --- where mail goes, and who sends it -------------------------------------------------------- */

static void
add_host(const struct writer *w)
{
	struct record *r;

	r = records_add(w->rs, RECORD_ADDRESS, w->host, STR("ADDRESS"),
	    STR("This server: its public addresses, A for IPv4 and AAAA for IPv6. Their PTR records, "
		"which are with whoever gave you the addresses, should have this name."));
	r->is_example = true;
	if (find_port(w, PROTOCOL_SMTP))
		add(w, RECORD_MX, "", "10 ", w->host, ".", "MX: mail for the domain comes here.");
}

/* RFC 7208; 2.3 says why the host has one, too */
static void
add_spf(const struct writer *w)
{
	bool is_same = str_eq(w->host, w->d->name);

	if (is_same)
		add(w, RECORD_SPF, "", "v=spf1 a -all", STR(""), "",
		    "SPF: this server sends mail for the domain, and nobody else does. If [route] "
		    "hands mail to a provider, put its include: before -all.");
	else
		add(w, RECORD_SPF, "", "v=spf1 a:", w->host, " -all",
		    "SPF: this server sends mail for the domain, and nobody else does. If [route] "
		    "hands mail to a provider, put its include: before -all.");
	if (!is_same)
		records_add(w->rs, RECORD_SPF, w->host, STR("v=spf1 a -all"),
		    STR("SPF of the server's own name: bounces have no sender and are judged by it."))
		    ->is_needed = false;
}

static enum cli_status
add_dkim(const struct writer *w, int64_t now_s)
{
	const struct mailauth_settings *settings =
	    config_values(&w->d->server.config, &mailauth_section);
	struct key_files files;
	struct record *r;
	bool has_key = false;
	enum cli_status status = domain_keys_list(w->d, &files);

	for (size_t i = 0; status == CLI_OK && i < files.count; i++) {
		r = domain_keys_record(w->d, w->rs, &files.items[i], now_s);
		has_key |= r && files.items[i].state == KEY_SIGNS;
	}
	if (status != CLI_OK || has_key)
		return status;
	r = add(w, RECORD_NO_DKIM, "SELECTOR._domainkey.", "v=DKIM1; p=..", STR(""), "",
	    "DKIM: no key signs for the domain; `domain dkim add` makes two and prints their "
	    "records.");
	r->is_example = true;
	r->is_needed = settings->sign;
	return CLI_OK;
}

/* RFC 7489 6.3 */
static void
add_dmarc(const struct writer *w)
{
	add(w, RECORD_DMARC, "_dmarc.", "v=DMARC1; p=none; rua=mailto:postmaster@", w->d->name, "",
	    "DMARC: others report what they see in your name, and refuse nothing yet. When the "
	    "reports show only your own mail pass, p=quarantine, then p=reject, keeps forgers out.");
}

/* --- transport -------------------------------------------------------------------------------- */

/* A new id tells others to fetch the policy again (RFC 8461 3.1), so it is made of the policy. */
static void
write_policy_id(const struct writer *w, const struct mta_sts_settings *settings, struct buf *out)
{
	unsigned char hash[HASH_SIZE_MAX];
	struct buf policy;

	buf_init(&policy, STS_FILE_MAX);
	mta_sts_write(settings, w->host, &policy);
	hash_once(HASH_SHA256, buf_str(&policy), hash);
	buf_add_hex(out, str_of(hash, POLICY_ID_BYTES));
	buf_release(&policy);
}

/* Without a policy there is nothing to announce: others would look for it in vain. */
static void
add_mta_sts(const struct writer *w)
{
	const struct mta_sts_settings *settings =
	    config_values(&w->d->server.config, &mta_sts_section);
	struct buf id;

	if (settings->mode == MTA_STS_OFF)
		return;
	buf_init(&id, TEXT_MAX);
	write_policy_id(w, settings, &id);
	add_optional(w, RECORD_MTA_STS, "_mta-sts.", "v=STSv1; id=", buf_str(&id), "",
	    "MTA-STS: there is a policy that asks for TLS with a good certificate. The id is made of "
	    "[mta-sts]; publish it anew when that has changed.");
	add_alias(w, DOMAIN_MTA_STS,
	    "MTA-STS: where the policy is fetched from, over HTTPS; the certificate needs this name, "
	    "too.");
	buf_release(&id);
}

/* RFC 7671 8.1: the next key is published before it is used. */
static void
add_tlsa(const struct writer *w)
{
	const struct domain_pins *pins = w->pins;
	struct buf name, data;

	buf_init(&name, TEXT_MAX);
	buf_init(&data, TEXT_MAX);
	buf_add_c(&name, "_25._tcp.");
	buf_add(&name, w->host);
	for (size_t i = 0; i < pins->count; i++) {
		struct record *r;

		buf_clear(&data);
		buf_add_c(&data, "3 1 1 ");
		buf_add_hex(&data, str_of(pins->items[i].pin.bytes, TLS_PIN_BYTES));
		r = records_add(w->rs, RECORD_TLSA, buf_str(&name), buf_str(&data),
		    pins->items[i].is_next
			? STR("DANE: the key that lies beside the certificate's as .next; publish it "
			      "two days before it is used.")
			: STR("DANE: the key of the certificate. It counts only where DNSSEC signs "
			      "the zone, and must change before the certificate's key does."));
		r->pin = pins->items[i].pin;
		r->is_coming = pins->items[i].is_next;
		r->is_needed = false;
	}
	buf_release(&name);
	buf_release(&data);
}

static void
add_transport(const struct writer *w)
{
	if (!find_port(w, PROTOCOL_SMTP))
		return;
	add_tlsa(w);
	if (find_port(w, PROTOCOL_HTTPS))
		add_mta_sts(w);
	add_optional(w, RECORD_TLS_RPT, "_smtp._tls.", "v=TLSRPTv1; rua=mailto:postmaster@",
	    w->d->name, "", "TLS-RPT: others report when they could not bring mail over TLS.");
}

/* --- programs of users ------------------------------------------------------------------------ */

static const struct {
	enum listener_protocol protocol;
	const char *prefix, *why;
} services[] = {
	{ PROTOCOL_SUBMISSIONS, "_submissions._tcp.",
	    "Where programs send mail, TLS from the first byte (RFC 8314 5.1)." },
	{ PROTOCOL_SUBMISSION, "_submission._tcp.",
	    "Where programs send mail, TLS by STARTTLS (RFC 6186 3.1)." },
	{ PROTOCOL_IMAPS, "_imaps._tcp.",
	    "Where programs read mail, TLS from the first byte (RFC 6186 3.2)." },
	{ PROTOCOL_IMAP, "_imap._tcp.",
	    "Where programs read mail, TLS by STARTTLS (RFC 6186 3.2)." },
	{ PROTOCOL_HTTPS, "_jmap._tcp.", "Where programs find JMAP (RFC 8620 2.2)." },
};

static void
add_service(const struct writer *w, uint16_t port, const char *prefix, const char *why)
{
	struct buf data;

	buf_init(&data, TEXT_MAX);
	buf_add_c(&data, "0 1 ");
	buf_add_u64(&data, port);
	buf_add_char(&data, ' ');
	buf_add(&data, w->host);
	add_optional(w, RECORD_SRV, prefix, "", buf_str(&data), ".", why)->port = port;
	buf_release(&data);
}

static void
add_services(const struct writer *w)
{
	struct autoconfig autoconfig = server_autoconfig(&w->d->server);
	uint16_t https = find_port(w, PROTOCOL_HTTPS);

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		uint16_t port = find_port(w, services[i].protocol);

		if (port != 0)
			add_service(w, port, services[i].prefix, services[i].why);
	}
	if (https == 0 || !autoconfig_is_whole(&autoconfig))
		return;
	add_alias(w, DOMAIN_AUTOCONFIG,
	    "Where Thunderbird and others ask this server for an account's settings; the "
	    "certificate needs this name, too.");
	add_alias(w, DOMAIN_AUTODISCOVER,
	    "Where Outlook and others ask for them; the certificate needs this name, too.");
	add_service(w, https, "_autodiscover._tcp.",
	    "Where Outlook asks when the certificate lacks autodiscover.");
}

/* RFC 8659 */
static void
add_caa(const struct writer *w)
{
	add_optional(w, RECORD_CAA, "", "0 issue \"letsencrypt.org\"", STR(""), "",
	    "CAA: only this authority may make certificates for the domain; put the one that yours "
	    "are from.")
	    ->is_example = true;
}

/* The domain itself, or a name below it. */
static bool
is_inside(struct str name, struct str domain)
{
	struct str below = str_head(name, name.n - size_min(name.n, domain.n));

	return str_ends(name, domain) && (str_empty(below) || str_ends(below, STR(".")));
}

/* What is of a host outside the domain. */
static void
mark_elsewhere(const struct writer *w)
{
	for (size_t i = 0; i < w->rs->count; i++)
		w->rs->items[i].is_elsewhere = !is_inside(w->rs->items[i].name, w->d->name);
}

/* To who has no route of his own: not by a provider's relay, which has its own name. */
static bool
sends_itself(const struct cli_domain *d)
{
	const struct config_instance *i = NULL;

	while ((i = config_next(&d->server.config, &route_section, i)) != NULL) {
		const struct route_settings *settings = i->values;
		struct str words = settings->domains, word;

		while (str_next_part(&words, ' ', &word)) {
			if (str_eq(word, STR("*")))
				return settings->way == ROUTE_DIRECT;
		}
	}
	return true;
}

enum cli_status
domain_records_write(const struct cli_domain *d, const struct domain_pins *pins, int64_t now_s,
    struct records *rs)
{
	struct writer w = { .d = d, .pins = pins, .rs = rs, .host = rs->host };
	enum cli_status status;

	rs->is_sender = sends_itself(d);
	add_host(&w);
	add_spf(&w);
	status = add_dkim(&w, now_s);
	add_dmarc(&w);
	add_transport(&w);
	add_services(&w);
	add_caa(&w);
	mark_elsewhere(&w);
	return status;
}
