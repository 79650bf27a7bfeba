/* CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE, NAMESPACE, GETJMAPACCESS: commands of a few lines. */
#include "imap/command.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/name.h"
#include "message/imap_string.h"

/* RFC 2971 3.3 */
#define ID_PAIRS_MAX 30
#define ID_FIELD_MAX 30   /* bytes */
#define ID_VALUE_MAX 1024 /* bytes */
#define ID_LOGGED    100  /* bytes of a value that are worth a line of the log */

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

/* One field of ID within its limits; the log keeps what it says */
static bool
id_parse_pair(struct imap_session *s, struct imap_cursor *args)
{
	struct str field, value;

	if (!imap_string(args, &field) || !imap_sp(args) || !imap_nstring(args, &value) ||
	    field.n > ID_FIELD_MAX || value.n > ID_VALUE_MAX)
		return false;
	log_info(&s->log, "imap.client", LOG_TEXT("field", field),
	    LOG_TEXT("value", str_head(value, ID_LOGGED)));
	return true;
}

/* id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil (RFC 2971 4) */
static bool
id_parse_list(struct imap_session *s, struct imap_cursor *args)
{
	unsigned pairs = 0;

	if (imap_keyword(args, STR("NIL")))
		return true;
	if (!imap_char(args, '('))
		return false;
	if (imap_char(args, ')'))
		return true;
	do {
		if (++pairs > ID_PAIRS_MAX || !id_parse_pair(s, args))
			return false;
	} while (imap_sp(args));
	return imap_char(args, ')');
}

enum imap_state
imap_cmd_id(struct imap_session *s, struct imap_cursor *args)
{
	struct buf *out = &s->run.before;
	struct str name = s->service->settings->id;

	if (!id_parse_list(s, args) || !imap_at_end(args))
		return imap_wrong(s, args);
	if (str_empty(name)) {
		buf_add_c(out, "* ID NIL\r\n");
	} else {
		buf_add_c(out, "* ID (\"name\" ");
		imap_string_write(out, name);
		buf_add_c(out, ")\r\n");
	}
	return imap_ok(s, NULL, "Pleased to meet you");
}

/* RFC 9698: the same mail, by another protocol */
enum imap_state
imap_cmd_getjmapaccess(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	buf_add_c(&s->run.before, "* JMAPACCESS ");
	imap_string_write(&s->run.before, s->service->jmap_url);
	buf_add_c(&s->run.before, "\r\n");
	return imap_ok(s, NULL, "Told where JMAP is");
}

/* What ENABLE can turn on. */
static const struct {
	enum imap_capability capability;
	unsigned have;
} enables[] = {
	{ CAP_REV2, HAVE_REV2 },
	{ CAP_UTF8_ACCEPT, HAVE_UTF8 },
	{ CAP_CONDSTORE, HAVE_CONDSTORE },
	{ CAP_QRESYNC, HAVE_CONDSTORE | HAVE_QRESYNC }, /* RFC 7162 3.2.3 */
	{ CAP_UIDONLY, HAVE_UIDONLY },
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

/* Those of others; a mailbox of the user's own by that name hides one. */
static void
namespace_write(struct imap_session *s, struct buf *out, enum mail_namespace space)
{
	enum mail_namespace found;

	if (!imap_in_namespace(s, namespace_names[space], &found)) {
		buf_add_c(out, " NIL");
		return;
	}
	buf_add_c(out, " ((\"");
	buf_add(out, namespace_names[space]);
	buf_add_char(out, imap_delimiter(s));
	buf_add_c(out, "\" ");
	imap_delimiter_write(s, out);
	buf_add_c(out, "))");
}

enum imap_state
imap_cmd_namespace(struct imap_session *s, struct imap_cursor *args)
{
	(void)args;
	struct buf *out = &s->run.before;
	struct str prefix = imap_prefix(s);
	struct buf text;

	buf_init(&text, IMAP_NAME_MAX);
	buf_add(&text, prefix);
	if (prefix.n > 0)
		buf_add_char(&text, imap_delimiter(s));
	buf_add_c(out, "* NAMESPACE ((");
	imap_string_write(out, buf_str(&text));
	buf_add_char(out, ' ');
	imap_delimiter_write(s, out);
	buf_add_c(out, "))");
	for (size_t i = 0; i < NAMESPACE_COUNT; i++)
		namespace_write(s, out, (enum mail_namespace)i);
	buf_add_c(out, "\r\n");
	buf_release(&text);
	return imap_ok(s, NULL, "Namespaces listed");
}
