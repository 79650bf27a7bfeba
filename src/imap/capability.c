#include "imap/capability.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "imap/session.h"
#include "net/compress.h"

enum when {
	ALWAYS,
	LOGGED_IN, /* RFC 9051 6.1.1 lets a server offer more behind the login */
	BEFORE_LOGIN,
	CAN_START_TLS,
	WITH_METADATA,  /* whose commands it has */
	CANNOT_LOGIN,   /* with a password in clear */
	NOT_COMPRESSED, /* logged in, and not yet */
	WITH_ACL,       /* whose commands it belongs to */
};

const char *const imap_capability_names[CAP_COUNT] = {
	[CAP_REV1 - 1] = "IMAP4rev1",
	[CAP_REV2 - 1] = "IMAP4rev2",
	[CAP_LITERAL - 1] = "LITERAL+",
	[CAP_SASL_IR - 1] = "SASL-IR",
	[CAP_ID - 1] = "ID",
	[CAP_ENABLE - 1] = "ENABLE",
	[CAP_IDLE - 1] = "IDLE",
	[CAP_STARTTLS - 1] = "STARTTLS",
	[CAP_LOGINDISABLED - 1] = "LOGINDISABLED",
	[CAP_NAMESPACE - 1] = "NAMESPACE",
	[CAP_CHILDREN - 1] = "CHILDREN",
	[CAP_LIST_EXTENDED - 1] = "LIST-EXTENDED",
	[CAP_LIST_STATUS - 1] = "LIST-STATUS",
	[CAP_ACL - 1] = "ACL",
	[CAP_RIGHTS - 1] = "RIGHTS=kxte",
	[CAP_LIST_MYRIGHTS - 1] = "LIST-MYRIGHTS",
	[CAP_LIST_METADATA - 1] = "LIST-METADATA",
	[CAP_METADATA - 1] = "METADATA",
	[CAP_METADATA_SERVER - 1] = "METADATA-SERVER",
	[CAP_QUOTA - 1] = "QUOTA",
	[CAP_QUOTA_STORAGE - 1] = "QUOTA=RES-STORAGE",
	[CAP_QUOTA_MESSAGE - 1] = "QUOTA=RES-MESSAGE",
	[CAP_QUOTASET - 1] = "QUOTASET",
	[CAP_SPECIAL_USE - 1] = "SPECIAL-USE",
	[CAP_CREATE_SPECIAL_USE - 1] = "CREATE-SPECIAL-USE",
	[CAP_STATUS_SIZE - 1] = "STATUS=SIZE",
	[CAP_UNSELECT - 1] = "UNSELECT",
	[CAP_UIDPLUS - 1] = "UIDPLUS",
	[CAP_MOVE - 1] = "MOVE",
	[CAP_ESEARCH - 1] = "ESEARCH",
	[CAP_SEARCHRES - 1] = "SEARCHRES",
	[CAP_SORT - 1] = "SORT",
	[CAP_SORT_DISPLAY - 1] = "SORT=DISPLAY",
	[CAP_ESORT - 1] = "ESORT",
	[CAP_THREAD_ORDEREDSUBJECT - 1] = "THREAD=ORDEREDSUBJECT",
	[CAP_THREAD_REFERENCES - 1] = "THREAD=REFERENCES",
	[CAP_THREAD_REFS - 1] = "THREAD=REFS",
	[CAP_CONTEXT_SEARCH - 1] = "CONTEXT=SEARCH",
	[CAP_CONTEXT_SORT - 1] = "CONTEXT=SORT",
	[CAP_MULTISEARCH - 1] = "MULTISEARCH",
	[CAP_PARTIAL - 1] = "PARTIAL",
	[CAP_WITHIN - 1] = "WITHIN",
	[CAP_FILTERS - 1] = "FILTERS",
	[CAP_SEARCH_FUZZY - 1] = "SEARCH=FUZZY",
	[CAP_I18NLEVEL_1 - 1] = "I18NLEVEL=1",
	[CAP_BINARY - 1] = "BINARY",
	[CAP_OBJECTID - 1] = "OBJECTID",
	[CAP_MULTIAPPEND - 1] = "MULTIAPPEND",
	[CAP_CATENATE - 1] = "CATENATE",
	[CAP_APPENDLIMIT - 1] = "APPENDLIMIT",
	[CAP_REPLACE - 1] = "REPLACE",
	[CAP_UTF8_ACCEPT - 1] = "UTF8=ACCEPT",
	[CAP_COMPRESS - 1] = "COMPRESS=DEFLATE",
	[CAP_CONDSTORE - 1] = "CONDSTORE",
	[CAP_QRESYNC - 1] = "QRESYNC",
	[CAP_UNAUTHENTICATE - 1] = "UNAUTHENTICATE",
	[CAP_NOTIFY - 1] = "NOTIFY",
	[CAP_PREVIEW - 1] = "PREVIEW",
	[CAP_JMAPACCESS - 1] = "JMAPACCESS",
	[CAP_UIDONLY - 1] = "UIDONLY",
	[CAP_SAVEDATE - 1] = "SAVEDATE",
	[CAP_INPROGRESS - 1] = "INPROGRESS",
	[CAP_MESSAGELIMIT - 1] = "MESSAGELIMIT",
};

static const enum when whens[CAP_COUNT] = {
	[CAP_REV1] = ALWAYS,
	[CAP_REV2] = ALWAYS,
	[CAP_LITERAL] = ALWAYS,
	[CAP_SASL_IR] = BEFORE_LOGIN,
	[CAP_ID] = ALWAYS,
	[CAP_ENABLE] = ALWAYS,
	[CAP_IDLE] = ALWAYS,
	[CAP_STARTTLS] = CAN_START_TLS,
	[CAP_LOGINDISABLED] = CANNOT_LOGIN,
	[CAP_NAMESPACE] = LOGGED_IN,
	[CAP_CHILDREN] = LOGGED_IN,
	[CAP_LIST_EXTENDED] = LOGGED_IN,
	[CAP_LIST_STATUS] = LOGGED_IN,
	[CAP_ACL] = LOGGED_IN,
	[CAP_RIGHTS] = WITH_ACL,
	[CAP_LIST_MYRIGHTS] = WITH_ACL,
	[CAP_LIST_METADATA] = LOGGED_IN,
	[CAP_METADATA] = LOGGED_IN,
	[CAP_METADATA_SERVER] = WITH_METADATA,
	[CAP_QUOTA] = LOGGED_IN,
	[CAP_QUOTA_STORAGE] = LOGGED_IN,
	[CAP_QUOTA_MESSAGE] = LOGGED_IN,
	[CAP_QUOTASET] = LOGGED_IN,
	[CAP_SPECIAL_USE] = LOGGED_IN,
	[CAP_CREATE_SPECIAL_USE] = LOGGED_IN,
	[CAP_STATUS_SIZE] = LOGGED_IN,
	[CAP_UNSELECT] = LOGGED_IN,
	[CAP_UIDPLUS] = LOGGED_IN,
	[CAP_MOVE] = LOGGED_IN,
	[CAP_ESEARCH] = LOGGED_IN,
	[CAP_SEARCHRES] = LOGGED_IN,
	[CAP_SORT] = LOGGED_IN,
	[CAP_SORT_DISPLAY] = LOGGED_IN,
	[CAP_ESORT] = LOGGED_IN,
	[CAP_THREAD_ORDEREDSUBJECT] = LOGGED_IN,
	[CAP_THREAD_REFERENCES] = LOGGED_IN,
	[CAP_THREAD_REFS] = LOGGED_IN,
	[CAP_CONTEXT_SEARCH] = LOGGED_IN,
	[CAP_CONTEXT_SORT] = LOGGED_IN,
	[CAP_MULTISEARCH] = LOGGED_IN,
	[CAP_PARTIAL] = LOGGED_IN,
	[CAP_WITHIN] = LOGGED_IN,
	[CAP_FILTERS] = LOGGED_IN,
	[CAP_SEARCH_FUZZY] = LOGGED_IN,
	[CAP_I18NLEVEL_1] = LOGGED_IN,
	[CAP_BINARY] = LOGGED_IN,
	[CAP_OBJECTID] = LOGGED_IN,
	[CAP_MULTIAPPEND] = LOGGED_IN,
	[CAP_CATENATE] = LOGGED_IN,
	[CAP_APPENDLIMIT] = LOGGED_IN,
	[CAP_REPLACE] = LOGGED_IN,
	[CAP_UTF8_ACCEPT] = LOGGED_IN,
	[CAP_COMPRESS] = NOT_COMPRESSED,
	[CAP_CONDSTORE] = LOGGED_IN,
	[CAP_QRESYNC] = LOGGED_IN,
	[CAP_UNAUTHENTICATE] = LOGGED_IN,
	[CAP_NOTIFY] = LOGGED_IN,
	[CAP_PREVIEW] = LOGGED_IN,
	[CAP_JMAPACCESS] = LOGGED_IN,
	[CAP_UIDONLY] = LOGGED_IN,
	[CAP_SAVEDATE] = LOGGED_IN,
	[CAP_INPROGRESS] = LOGGED_IN,
	[CAP_MESSAGELIMIT] = LOGGED_IN,
};

static bool
has(const struct imap_capabilities *set, enum imap_capability c)
{
	return (set->bits[c / 64] >> c % 64 & 1) != 0;
}

void
imap_capabilities_put(struct imap_capabilities *set, enum imap_capability c)
{
	if (c != CAP_BASE)
		set->bits[c / 64] |= (uint64_t)1 << c % 64;
}

void
imap_capabilities_add(struct imap_capabilities *set, struct str names)
{
	struct str word;

	while (str_next_part(&names, ' ', &word))
		for (size_t c = CAP_BASE + 1; c < CAP_COUNT; c++)
			if (str_eq_nocase(word, str_c(imap_capability_names[c - 1])))
				imap_capabilities_put(set, (enum imap_capability)c);
	if (has(set, CAP_CONDSTORE)) /* RFC 7162 3.2.2: it cannot be without */
		imap_capabilities_put(set, CAP_QRESYNC);
	if (has(set, CAP_METADATA)) /* RFC 5466 3.2: filters are set by it */
		imap_capabilities_put(set, CAP_FILTERS);
}

void
imap_capabilities_choose(struct imap_session *s)
{
	const struct imap_service *service = s->service;

	s->off = (struct imap_capabilities){ 0 };
	imap_capabilities_add(&s->off, service->settings->without);
	if (str_empty(service->jmap_url))
		imap_capabilities_add(&s->off, str_c(imap_capability_names[CAP_JMAPACCESS - 1]));
	for (size_t i = 0; s->account && i < service->account_count; i++)
		if (str_eq_nocase(service->accounts[i].name, s->account->name))
			imap_capabilities_add(&s->off, service->accounts[i].settings->without);
}

bool
imap_offers(const struct imap_session *s, enum imap_capability c)
{
	return c == CAP_BASE || !has(&s->off, c);
}

bool
imap_offers_all(const struct imap_session *s, const struct imap_capabilities *set)
{
	for (size_t i = 0; i < ARRAY_LEN(set->bits); i++)
		if (set->bits[i] & s->off.bits[i])
			return false;
	return true;
}

static bool
is_true_now(const struct imap_session *s, enum when when)
{
	bool is_in = (s->have & HAVE_AUTH) != 0;

	switch (when) {
	case ALWAYS: return true;
	case LOGGED_IN: return is_in;
	case BEFORE_LOGIN: return !is_in;
	case CAN_START_TLS: return imap_can_start_tls(s);
	case WITH_ACL: return is_in && imap_offers(s, CAP_ACL);
	case WITH_METADATA: return is_in && imap_offers(s, CAP_METADATA);
	case NOT_COMPRESSED: return is_in && !conn_is_compressed(s->conn);
	case CANNOT_LOGIN: return !is_in && !imap_can_login(s);
	}
	return false;
}

/* What stands behind the name of some. */
static void
value_write(const struct imap_session *s, enum imap_capability c, struct buf *out)
{
	const struct imap_settings *settings = s->service->settings;

	if (c != CAP_APPENDLIMIT && c != CAP_MESSAGELIMIT)
		return;
	buf_add_char(out, '=');
	buf_add_i64(out, c == CAP_APPENDLIMIT ? settings->message_bytes : settings->message_limit);
}

void
imap_capability_write(struct imap_session *s, struct buf *out)
{
	buf_add_c(out, "CAPABILITY");
	for (size_t c = CAP_BASE + 1; c < CAP_COUNT; c++) {
		if (has(&s->off, (enum imap_capability)c) || !is_true_now(s, whens[c]))
			continue;
		buf_add_char(out, ' ');
		buf_add_c(out, imap_capability_names[c - 1]);
		value_write(s, (enum imap_capability)c, out);
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
