/* CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE, NAMESPACE: commands of a few lines. */
#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"

#define ID_PAIRS_MAX 30 /* RFC 2971 3.3 */

enum imap_state
imap_cmd_capability(struct imap_session *s, struct imap_cursor *args)
{
	struct buf *out = &s->run.before;

	(void)args;
	buf_add_c(out, "* ");
	imap_capability_write(s, out);
	buf_add_c(out, "\r\n");
	return imap_ok(s, NULL, "Capabilities listed");
}

enum imap_state
imap_cmd_noop(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	return imap_ok(s, NULL, "Nothing done");
}

enum imap_state
imap_cmd_check(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	return imap_ok(s, NULL, "All is stored at any time");
}

enum imap_state
imap_cmd_logout(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	imap_unselect(s);
	buf_add_c(&s->run.before, "* BYE Until next time\r\n");
	s->is_told = true;
	s->run.is_leaving = true;
	return imap_ok(s, NULL, "Logged out");
}

/* id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil; what it says is logged */
static bool
id_parse_list(struct imap_session *s, struct imap_cursor *args)
{
	struct str field, value;
	unsigned pairs = 0;

	if (imap_keyword(args, STR("NIL")))
		return true;
	if (!imap_char(args, '('))
		return false;
	if (imap_char(args, ')'))
		return true;
	do {
		if (++pairs > ID_PAIRS_MAX || !imap_string(args, &field) || !imap_sp(args) ||
		    !imap_nstring(args, &value))
			return false;
		if (str_eq_nocase(field, STR("name")) || str_eq_nocase(field, STR("version")))
			log_info(&s->log, "imap.client", LOG_TEXT("field", str_head(field, 30)),
			    LOG_TEXT("value", str_head(value, 100)));
	} while (imap_sp(args));
	return imap_char(args, ')');
}

enum imap_state
imap_cmd_id(struct imap_session *s, struct imap_cursor *args)
{
	if (!id_parse_list(s, args) || !imap_at_end(args))
		return imap_wrong(s, args);
	buf_add_c(&s->run.before, "* ID (\"name\" \"Staunch\")\r\n");
	return imap_ok(s, NULL, "Pleased to meet you");
}

/* What ENABLE can turn on. */
static const struct {
	enum imap_capability capability;
	unsigned have;
} enables[] = {
	{ CAP_REV2, HAVE_REV2 }, { CAP_UTF8_ACCEPT, HAVE_UTF8 }, { CAP_CONDSTORE, HAVE_CONDSTORE },
	{ CAP_QRESYNC, HAVE_CONDSTORE | HAVE_QRESYNC }, /* RFC 7162 3.2.3 */
};

static void
enable(struct imap_session *s, struct str word, unsigned *had)
{
	for (size_t i = 0; i < ARRAY_LEN(enables); i++) {
		const char *name = imap_capability_names[enables[i].capability - 1];

		if (!str_eq_nocase(word, str_c(name)) || !imap_offers(s, enables[i].capability) ||
		    (*had & enables[i].have) == enables[i].have)
			continue;
		s->have |= enables[i].have;
		buf_add_char(&s->run.before, ' ');
		buf_add_c(&s->run.before, name);
	}
}

/* RFC 9051 6.3.1: what is not known is passed over */
enum imap_state
imap_cmd_enable(struct imap_session *s, struct imap_cursor *args)
{
	struct imap_cursor words = *args;
	unsigned had = s->have;
	struct str word;

	if (imap_is_selected(s))
		return imap_bad(s, "Not with a selected mailbox");
	do {
		if (!imap_atom(args, &word))
			return imap_wrong(s, args);
	} while (imap_sp(args));
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	buf_add_c(&s->run.before, "* ENABLED");
	do {
		if (imap_atom(&words, &word))
			enable(s, word, &had);
	} while (imap_sp(&words));
	buf_add_c(&s->run.before, "\r\n");
	return imap_ok(s, NULL, "Enabled");
}

enum imap_state
imap_cmd_namespace(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	buf_add_c(&s->run.before, "* NAMESPACE ((\"\" " IMAP_DELIMITER_TEXT ")) NIL NIL\r\n");
	return imap_ok(s, NULL, "Namespaces listed");
}
