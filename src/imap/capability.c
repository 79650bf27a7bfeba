#include "imap/session.h"

/* base */
#include "base/mem.h"

enum when {
	ALWAYS,
	LOGGED_IN, /* RFC 9051 6.1.1 lets a server offer more behind the login */
	BEFORE_LOGIN,
	CAN_START_TLS,
	CANNOT_LOGIN, /* with a password in clear */
};

static const struct {
	const char *name;
	enum when when;
} rows[] = {
	{ "IMAP4rev1", ALWAYS }, { "IMAP4rev2", ALWAYS }, { "LITERAL-", ALWAYS }, /* RFC 7888 */
	{ "SASL-IR", BEFORE_LOGIN },                                              /* RFC 4959 */
	{ "ID", ALWAYS },                                                         /* RFC 2971 */
	{ "ENABLE", ALWAYS },                                                     /* RFC 5161 */
	{ "IDLE", ALWAYS },                                                       /* RFC 2177 */
	{ "STARTTLS", CAN_START_TLS }, { "LOGINDISABLED", CANNOT_LOGIN },
	{ "NAMESPACE", LOGGED_IN },                                        /* RFC 2342 */
	{ "CHILDREN", LOGGED_IN },                                         /* RFC 3348 */
	{ "LIST-EXTENDED", LOGGED_IN },                                    /* RFC 5258 */
	{ "LIST-STATUS", LOGGED_IN },                                      /* RFC 5819 */
	{ "SPECIAL-USE", LOGGED_IN },                                      /* RFC 6154 */
	{ "CREATE-SPECIAL-USE", LOGGED_IN }, { "STATUS=SIZE", LOGGED_IN }, /* RFC 8438 */
	{ "UNSELECT", LOGGED_IN },                                         /* RFC 3691 */
	{ "UIDPLUS", LOGGED_IN },                                          /* RFC 4315 */
	{ "MOVE", LOGGED_IN },                                             /* RFC 6851 */
	{ "ESEARCH", LOGGED_IN },                                          /* RFC 4731 */
	{ "SEARCHRES", LOGGED_IN },                                        /* RFC 5182 */
	{ "BINARY", LOGGED_IN },                                           /* RFC 3516 */
	{ "OBJECTID", LOGGED_IN },                                         /* RFC 8474 */
};

static bool
is_true_now(const struct imap_session *s, enum when when)
{
	bool is_in = (s->have & HAVE_AUTH) != 0;

	switch (when) {
	case ALWAYS: return true;
	case LOGGED_IN: return is_in;
	case BEFORE_LOGIN: return !is_in;
	case CAN_START_TLS: return imap_can_start_tls(s);
	case CANNOT_LOGIN: return !is_in && !imap_can_login(s);
	}
	return false;
}

void
imap_capability_write(struct imap_session *s, struct buf *out)
{
	buf_add_c(out, "CAPABILITY");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!is_true_now(s, rows[i].when))
			continue;
		buf_add_char(out, ' ');
		buf_add_c(out, rows[i].name);
	}
	if (s->have & HAVE_AUTH)
		return;
	for (size_t i = 0; sasl_names[i]; i++) {
		if (!sasl_is_offered(sasl_names[i], s->conn) ||
		    (sasl_is_plaintext(str_c(sasl_names[i])) && !imap_can_login(s)))
			continue;
		buf_add_c(out, " AUTH=");
		buf_add_c(out, sasl_names[i]);
	}
}
