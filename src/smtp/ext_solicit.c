/* NO-SOLICITING (RFC 3865): mail that says it is advertising of a kind that is not wanted here. */
#include "smtp/extension.h"

static bool
is_offered(const struct smtp_session *s)
{
	return !str_empty(s->service->settings->no_solicit);
}

/* The kinds as one list: Solicitation-keywords = word *("," word) (RFC 3865 2.3) */
static void
add_kinds(const struct smtp_session *s, struct buf *out)
{
	struct str words = s->service->settings->no_solicit, word;
	char before = ' ';

	while (str_next_part(&words, ' ', &word)) {
		if (str_empty(word))
			continue;
		buf_add_char(out, before);
		buf_add(out, word);
		before = ',';
	}
}

static bool
is_refused_kind(const struct smtp_session *s, struct str kind)
{
	struct str words = s->service->settings->no_solicit, word;

	while (str_next_part(&words, ' ', &word))
		if (!str_empty(word) && str_eq_nocase(word, kind))
			return true;
	return false;
}

bool
smtp_is_solicitation(const struct smtp_session *s, struct str kinds)
{
	struct str kind;

	while (str_next_part(&kinds, ',', &kind))
		if (is_refused_kind(s, str_trim(kind)))
			return true;
	return false;
}

/* RFC 3865 2.4: the client says of what kind the message is, and is spared sending it */
static enum smtp_reply
take_solicit(struct smtp_session *s, struct str value)
{
	if (str_empty(value))
		return REPLY_BAD_VALUE;
	return smtp_is_solicitation(s, value) ? REPLY_SOLICITATION : REPLY_OK;
}

const struct smtp_extension smtp_ext_solicit = {
	.keyword = "NO-SOLICITING",
	.is_offered = is_offered,
	.add_words = add_kinds,
	.mail = { { "SOLICIT", take_solicit } },
};
