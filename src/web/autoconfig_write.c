#include "web/autoconfig.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/xml.h"
#include "codec/xml_writer.h"

#define OUTLOOK_ANSWER \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
#define ANSWER "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

static const struct {
	bool reads, has_tls; /* from the first byte; else by STARTTLS */
} services[] = {
	[AUTOCONFIG_IMAPS] = { true, true },
	[AUTOCONFIG_IMAP] = { true, false },
	[AUTOCONFIG_SUBMISSIONS] = { false, true },
	[AUTOCONFIG_SUBMISSION] = { false, false },
};
static_assert(ARRAY_LEN(services) == AUTOCONFIG_SERVICE_COUNT, "every service is described");

bool
autoconfig_is_whole(const struct autoconfig *a)
{
	return (a->ports[AUTOCONFIG_IMAPS] || a->ports[AUTOCONFIG_IMAP]) &&
	    (a->ports[AUTOCONFIG_SUBMISSIONS] || a->ports[AUTOCONFIG_SUBMISSION]);
}

/* --- Thunderbird ------------------------------------------------------------------------------ */

static void
write_server(const struct autoconfig *a, size_t i, struct buf *out)
{
	bool reads = services[i].reads;

	buf_add(out,
	    reads ? STR("<incomingServer type=\"imap\">\n")
		  : STR("<outgoingServer type=\"smtp\">\n"));
	xml_element(out, "hostname", a->hostname);
	xml_element_u64(out, "port", a->ports[i]);
	xml_element(out, "socketType", services[i].has_tls ? STR("SSL") : STR("STARTTLS"));
	xml_element(out, "username", STR("%EMAILADDRESS%"));
	xml_element(out, "authentication", STR("password-cleartext"));
	buf_add(out, reads ? STR("</incomingServer>\n") : STR("</outgoingServer>\n"));
}

void
autoconfig_write(const struct autoconfig *a, struct str domain, struct buf *out)
{
	buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
	buf_add(out, STR("<clientConfig version=\"1.1\">\n<emailProvider id=\""));
	xml_text(out, domain);
	buf_add(out, STR("\">\n"));
	xml_element(out, "domain", domain);
	xml_element(out, "displayName", domain);
	xml_element(out, "displayShortName", domain);
	for (size_t i = 0; i < AUTOCONFIG_SERVICE_COUNT; i++) {
		if (a->ports[i])
			write_server(a, i, out);
	}
	buf_add(out, STR("</emailProvider>\n</clientConfig>\n"));
}

/* --- Outlook ---------------------------------------------------------------------------------- */

static void
write_protocol(const struct autoconfig *a, size_t i, struct str address, struct buf *out)
{
	bool has_tls = services[i].has_tls;

	buf_add(out, STR("<Protocol>\n"));
	xml_element(out, "Type", services[i].reads ? STR("IMAP") : STR("SMTP"));
	xml_element(out, "Server", a->hostname);
	xml_element_u64(out, "Port", a->ports[i]);
	xml_element(out, "DomainRequired", STR("off"));
	xml_element(out, "LoginName", address);
	xml_element(out, "SPA", STR("off"));
	xml_element(out, "SSL", STR("on"));
	xml_element(out, "Encryption", has_tls ? STR("SSL") : STR("TLS"));
	xml_element(out, "AuthRequired", STR("on"));
	buf_add(out, STR("</Protocol>\n"));
}

/* One of each type, as Outlook takes no second: the one with TLS from the first byte, if there is one. */
void
autodiscover_write(const struct autoconfig *a, struct str address, struct buf *out)
{
	bool has[2] = { false, false };

	buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
	buf_add(out, STR("<Autodiscover xmlns=\"" ANSWER "\">\n"));
	buf_add(out, STR("<Response xmlns=\"" OUTLOOK_ANSWER "\">\n<Account>\n"));
	xml_element(out, "AccountType", STR("email"));
	xml_element(out, "Action", STR("settings"));
	for (size_t i = 0; i < AUTOCONFIG_SERVICE_COUNT; i++) {
		if (a->ports[i] == 0 || has[services[i].reads])
			continue;
		write_protocol(a, i, address, out);
		has[services[i].reads] = true;
	}
	buf_add(out, STR("</Account>\n</Response>\n</Autodiscover>\n"));
}

struct reading {
	struct buf *address;
	bool wants_other;
};

static bool
take_element(void *arg, struct str path, struct str text)
{
	struct reading *r = arg;

	text = str_trim(text);
	if (str_eq(path, STR("Autodiscover/Request/EMailAddress")) && r->address->n == 0)
		buf_add(r->address, text);
	if (str_eq(path, STR("Autodiscover/Request/AcceptableResponseSchema")))
		r->wants_other = !str_eq_nocase(text, STR(OUTLOOK_ANSWER));
	return true;
}

enum fail
autodiscover_parse(struct str request, struct buf *room)
{
	struct reading r = { .address = room };

	if (xml_walk(request, take_element, &r) != FAIL_NONE || r.wants_other || !buf_ok(room))
		return FAIL_SYNTAX;
	return str_find_char(buf_str(room), '@') == STR_NONE ? FAIL_SYNTAX : FAIL_NONE;
}
