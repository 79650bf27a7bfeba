#include "lib/dsn_check.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/seven.h"

static const struct part *
child(const struct message *m, size_t index)
{
	const struct part *p = m->root.child;

	while (index-- > 0)
		p = p->next;
	return p;
}

/* The fields of a group: per-message first, a blank line before each other (RFC 3464 2.1). */
static struct str
group_of(const struct message *m, size_t group)
{
	struct str body = part_body(m, child(m, 1));

	for (;;) {
		size_t end = str_find(body, STR("\r\n\r\n"));

		if (group == 0)
			return str_head(body, end == STR_NONE ? body.n : end + 2);
		if (end == STR_NONE)
			return STR("");
		body = str_from(body, end + 4);
		group--;
	}
}

struct str
dsn_check_field(const struct message *m, size_t group, struct str name, struct arena *a)
{
	struct header h;

	if (!header_find(group_of(m, group), name, &h))
		return (struct str){ NULL, 0 };
	return header_unfold(h.value, a);
}

/* RFC 3464 2.2 and 2.3: which fields, in which order; `must` of them are there. */
static void
check_group(struct str group, const struct str *names, size_t count, uint32_t must)
{
	struct header h;
	size_t at = 0;
	uint32_t seen = 0;

	while (header_next(&group, &h)) {
		while (at < count && !str_eq(h.name, names[at]))
			at++;
		invariant(at < count && h.value.n > 0);
		seen |= 1u << at++;
	}
	invariant(group.n == 0);
	invariant((seen & must) == must);
}

static void
check_status(const struct message *m, const struct dsn_report *report)
{
	static const struct str first[] = { STR_INIT("Original-Envelope-Id"),
		STR_INIT("Reporting-MTA"), STR_INIT("Received-From-MTA"),
		STR_INIT("Arrival-Date") };
	static const struct str others[] = { STR_INIT("Original-Recipient"),
		STR_INIT("Final-Recipient"), STR_INIT("Action"), STR_INIT("Status"),
		STR_INIT("Remote-MTA"), STR_INIT("Diagnostic-Code"), STR_INIT("Last-Attempt-Date"),
		STR_INIT("Final-Log-ID"), STR_INIT("Will-Retry-Until") };

	check_group(group_of(m, 0), first, ARRAY_LEN(first), 1 << 1);
	for (size_t i = 0; i < report->rcpt_count; i++)
		check_group(group_of(m, i + 1), others, ARRAY_LEN(others),
		    1 << 1 | 1 << 2 | 1 << 3);
	invariant(group_of(m, report->rcpt_count + 1).n == 0);
}

static void
check_part(const struct message *m, const struct part *p)
{
	bool is_8bit = !utf8_is_ascii(part_body(m, p));

	invariant(str_eq(p->encoding_text, is_8bit ? STR("8BIT") : STR("7BIT")));
	invariant(utf8_is_ascii(part_header(m, p)));
	invariant(!is_8bit || str_eq(m->root.encoding_text, STR("8BIT")));
}

static void
check_types(const struct message *m, bool is_utf8)
{
	const struct part *text = child(m, 0), *status = child(m, 1), *returned = child(m, 2);
	bool is_global = str_starts(returned->subtype, STR("global"));

	invariant(returned->next == NULL);
	invariant(part_is(text, STR("text"), STR("plain")) && utf8_is_valid(part_body(m, text)));
	invariant(str_eq(part_charset(text),
	    utf8_is_ascii(part_body(m, text)) ? STR("us-ascii") : STR("utf-8")));
	if (utf8_is_ascii(part_body(m, status)))
		invariant(part_is(status, STR("message"), STR("delivery-status")));
	else
		invariant(
		    is_utf8 && part_is(status, STR("message"), STR("global-delivery-status")));
	invariant(utf8_is_valid(part_body(m, status)));
	invariant(part_is(returned, STR("message"), STR("rfc822")) ||
	    part_is(returned, STR("text"), STR("rfc822-headers")) ||
	    part_is(returned, STR("message"), STR("global")) ||
	    part_is(returned, STR("message"), STR("global-headers")));
	invariant(!is_global || is_utf8);
}

void
dsn_check(struct str bytes, const struct dsn_report *report, bool is_utf8, struct arena *a,
    struct message *m)
{
	static const struct str fields[] = { STR_INIT("From"), STR_INIT("To"), STR_INIT("Subject"),
		STR_INIT("Date"), STR_INIT("Message-ID"), STR_INIT("Auto-Submitted"),
		STR_INIT("MIME-Version"), STR_INIT("Content-Type") };
	struct header h;

	message_parse(m, bytes, a);
	invariant(
	    m->root.kind == PART_MULTIPART && part_is(&m->root, STR("multipart"), STR("report")));
	invariant(str_eq(param_raw(m->root.params, m->root.param_count, STR("report-type")),
	    STR("delivery-status")));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		invariant(header_find(part_header(m, &m->root), fields[i], &h) && h.value.n > 0);
	invariant((seven_needs(bytes) & SEVEN_NEEDS_BINARY) == 0);
	invariant(is_utf8 || utf8_is_ascii(part_header(m, &m->root)));
	check_types(m, is_utf8);
	for (size_t i = 0; i < 3; i++)
		check_part(m, child(m, i));
	check_status(m, report);
}
