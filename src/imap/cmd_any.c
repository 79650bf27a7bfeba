/* CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE, NAMESPACE: commands of a few lines. */
#include "imap/session.h"

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

/* RFC 9051 6.3.1: what is not known is passed over */
enum imap_state
imap_cmd_enable(struct imap_session *s, struct imap_cursor *args)
{
	bool is_rev2 = false;
	struct str word;

	if (imap_is_selected(s))
		return imap_bad(s, "Not with a selected mailbox");
	do {
		if (!imap_atom(args, &word))
			return imap_wrong(s, args);
		is_rev2 = is_rev2 || str_eq_nocase(word, STR("IMAP4rev2"));
	} while (imap_sp(args));
	if (!imap_at_end(args))
		return imap_wrong(s, args);
	buf_add_c(&s->run.before, "* ENABLED");
	if (is_rev2 && !imap_is_rev2(s)) {
		s->have |= HAVE_REV2;
		buf_add_c(&s->run.before, " IMAP4rev2");
	}
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
