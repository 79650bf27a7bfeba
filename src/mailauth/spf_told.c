#include "mailauth/spf.h"

struct str
spf_property(const struct spf *s)
{
	return s->is_hello ? STR("smtp.helo") : STR("smtp.mailfrom");
}

struct str
spf_property_value(const struct spf *s)
{
	return s->is_hello ? s->hello : s->domain_of_sender;
}

static void
add_quoted(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, c < ' ' || c > '~' ? '?' : c);
	}
	buf_add_char(out, '"');
}

/* In a comment, RFC 5322 3.2.2. */
static void
add_comment(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '(' || c == ')' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, c < ' ' || c > '~' ? '?' : c);
	}
}

/* On a line of its own: none is longer than an address. */
static void
add_pair(struct buf *out, const char *key, struct str value)
{
	buf_add_c(out, "\r\n\t");
	buf_add_c(out, key);
	buf_add_char(out, '=');
	add_quoted(out, value);
}

static void
add_another(struct buf *out, const char *key, struct str value)
{
	if (str_empty(value))
		return;
	buf_add_char(out, ';');
	add_pair(out, key, value);
}

/* The comment: about which domain it was said, and what. */
static const char *
told(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS: return " designates the client as permitted sender";
	case VERDICT_FAIL: return " does not designate the client as permitted sender";
	case VERDICT_SOFTFAIL: return " rather does not designate the client as permitted sender";
	case VERDICT_NEUTRAL: return " says nothing about the client";
	case VERDICT_NONE: return " has no record";
	case VERDICT_TEMPERROR: return " could not be asked";
	case VERDICT_PERMERROR: return " has a record that is wrong";
	case VERDICT_POLICY:
	case VERDICT_COUNT: break;
	}
	return "";
}

void
spf_received_write(struct buf *out, const struct spf *s)
{
	char client[NET_ADDRESS_TEXT_MAX];

	buf_add_c(out, "Received-SPF: ");
	buf_add(out, verdict_names[s->verdict]);
	buf_add_c(out, " (");
	add_comment(out, str_empty(s->domain) ? STR("the sender's domain") : s->domain);
	buf_add_c(out, told(s->verdict));
	buf_add_char(out, ')');
	add_pair(out, "client-ip", net_address_text(&s->client, client));
	add_another(out, "envelope-from", s->sender);
	add_another(out, "helo", s->hello);
	add_another(out, "receiver", s->receiver);
	add_another(out, "identity", s->is_hello ? STR("helo") : STR("mailfrom"));
	add_another(out, "mechanism", str_empty(s->mechanism) ? STR("default") : s->mechanism);
	add_another(out, "problem", buf_str(&s->why));
	buf_add_c(out, "\r\n");
}
