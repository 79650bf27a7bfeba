#include "backend/ldap_link.h"

/* system */
#include <sys/time.h>

/* base */
#include "base/log.h"

/* rooms */
#include "crypto/password.h"

#define ENGINE_NAME STR("LDAP")
#define URL_MAX     1000
#define TEXT_MAX    4096
#define WHY_MAX     500
/* The library often has no word for it. */
#define HINT      " (TLS; is the certificate valid, for this name, of an authority in ca-file?)"
#define HINT_NONE " (it offers no StartTLS; does it have ldaps://?)"
#define HINT_BASE " ([directory-ldap] base: is it right, and may bind-dn read there?)"
#define CA_SYSTEM "/etc/ssl/certs/ca-certificates.crt" /* Debian's ca-certificates */

static const struct log link_log = { .room = "directory" };

/* --- reasons ----------------------------------------------------------------------------------- */

/* What the code means, and what the server or the TLS library says besides. */
static void
write_reason(struct buf *why, LDAP *ld, int code)
{
	char *more = NULL;

	buf_add_c(why, ldap_err2string(code));
	if (ld && ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more) == LDAP_OPT_SUCCESS &&
	    more && *more) {
		buf_add_c(why, ": ");
		buf_add(why, str_head(str_trim(str_c(more)), WHY_MAX / 2));
	}
	ldap_memfree(more);
}

static enum fail
complain(LDAP *ld, const char *event, int code, const char *hint)
{
	struct buf why;

	buf_init(&why, WHY_MAX);
	write_reason(&why, ld, code);
	buf_add_c(&why, hint);
	log_warn(&link_log, event, LOG_TEXT("engine", ENGINE_NAME),
	    LOG_TEXT("reason", buf_str(&why)));
	buf_release(&why);
	return FAIL_TEMP;
}

static void
drop(LDAP **ld)
{
	if (*ld)
		ldap_unbind_ext_s(*ld, NULL, NULL);
	*ld = NULL;
}

/* The connection is of no more use, and a new one may be. 52: the server stops. */
static bool
is_lost(int code)
{
	return code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR || code == LDAP_UNAVAILABLE;
}

static struct timeval
time_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* --- connecting -------------------------------------------------------------------------------- */

static bool
set_text(LDAP *ld, int option, struct str value)
{
	struct buf text;
	bool is_set;

	buf_init(&text, TEXT_MAX);
	buf_add(&text, value);
	is_set = ldap_set_option(ld, option, buf_c(&text)) == LDAP_OPT_SUCCESS;
	buf_release(&text);
	return is_set;
}

static bool
set_options(LDAP *ld, const struct ldap_settings *settings)
{
	struct timeval connect = time_of(settings->connect_ms);
	struct timeval timeout = time_of(settings->timeout_ms);
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, server = 0;
	int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	struct str ca_file = str_empty(settings->ca_file) ? STR(CA_SYSTEM) : settings->ca_file;

	return ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &connect) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(ld, LDAP_OPT_TIMEOUT, &timeout) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest) == LDAP_OPT_SUCCESS &&
	    set_text(ld, LDAP_OPT_X_TLS_CACERTFILE, ca_file) &&
	    ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &server) == LDAP_OPT_SUCCESS;
}

static bool
needs_start_tls(const struct ldap_settings *settings, struct str url)
{
	if (!str_starts_nocase(url, STR("ldap://")) || settings->tls == LDAP_TLS_OFF)
		return false;
	return settings->tls == LDAP_TLS_START || !ldap_url_is_local(url);
}

/* A server, with TLS where it must be; NULL: not this one. */
static LDAP *
connect_to(const struct ldap_settings *settings, struct str url, struct buf *why)
{
	struct buf text;
	LDAP *ld = NULL;
	int code;

	buf_init(&text, URL_MAX);
	buf_add(&text, url);
	code = ldap_initialize(&ld, buf_c(&text));
	buf_release(&text);
	if (code == LDAP_SUCCESS && !set_options(ld, settings)) {
		buf_add_c(why, "ca-file: the authorities cannot be read");
		drop(&ld);
		return NULL;
	}
	if (code == LDAP_SUCCESS)
		code = needs_start_tls(settings, url) ? ldap_start_tls_s(ld, NULL, NULL)
						      : ldap_connect(ld);
	if (code == LDAP_SUCCESS)
		return ld;
	buf_add(why, url);
	buf_add_c(why, ": ");
	write_reason(why, ld, code);
	if (needs_start_tls(settings, url) && code == LDAP_PROTOCOL_ERROR)
		buf_add_c(why, HINT_NONE);
	else if (needs_start_tls(settings, url) || str_starts_nocase(url, STR("ldaps:")))
		buf_add_c(why, HINT);
	drop(&ld);
	return NULL;
}

static LDAP *
connect_to_any(const struct ldap_settings *settings, struct buf *why)
{
	struct str rest = settings->urls, url;
	LDAP *ld = NULL;

	while (ld == NULL && str_next_part(&rest, ' ', &url)) {
		if (str_empty(url))
			continue;
		buf_clear(why);
		ld = connect_to(settings, url, why);
	}
	return ld;
}

static int
bind_as(LDAP *ld, const char *dn, struct str secret)
{
	struct berval value = { .bv_val = (char *)(uintptr_t)secret.p, .bv_len = secret.n };

	return ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &value, NULL, NULL, NULL);
}

enum fail
ldap_link_open(struct ldap_link *l, struct buf *why)
{
	const struct ldap_settings *settings = l->settings;
	struct buf dn;
	int code;

	if (!backoff_may_try(&l->backoff)) {
		buf_add_c(why, "it was not reachable a moment ago");
		return FAIL_TEMP;
	}
	l->search = connect_to_any(settings, why);
	if (l->search && !str_empty(settings->bind_dn)) {
		buf_init(&dn, TEXT_MAX);
		buf_add(&dn, settings->bind_dn);
		code = bind_as(l->search, buf_c(&dn), settings->bind_password);
		buf_release(&dn);
		if (code != LDAP_SUCCESS) {
			buf_add_c(why, "bind-dn, bind-password: ");
			write_reason(why, l->search, code);
			drop(&l->search);
		}
	}
	if (l->search == NULL) {
		backoff_failed(&l->backoff, ENGINE_NAME, buf_str(why));
		return FAIL_TEMP;
	}
	backoff_worked(&l->backoff, ENGINE_NAME);
	return FAIL_NONE;
}

void
ldap_link_close(struct ldap_link *l)
{
	drop(&l->search);
	drop(&l->door);
}

/* --- searching --------------------------------------------------------------------------------- */

static int
search(struct ldap_link *l, const struct ldap_request *r, LDAPMessage **out)
{
	struct timeval timeout = time_of(l->settings->timeout_ms);
	struct buf base, filter;
	int code;

	buf_init(&base, TEXT_MAX);
	buf_init(&filter, LDAP_FILTER_MAX);
	buf_add(&base, r->base);
	buf_add(&filter, r->filter);
	if (buf_ok(&base) && buf_ok(&filter))
		code = ldap_search_ext_s(l->search, buf_c(&base),
		    r->is_entry ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE, buf_c(&filter),
		    r->attributes, 0, NULL, NULL, &timeout, r->entries_max, out);
	else
		code = LDAP_NO_SUCH_OBJECT;
	buf_release(&base);
	buf_release(&filter);
	return code;
}

static enum fail
judge(struct ldap_link *l, const struct ldap_request *r, int code)
{
	const char *hint = "";

	switch (code) {
	case LDAP_SUCCESS:
	case LDAP_SIZELIMIT_EXCEEDED: return FAIL_NONE;
	case LDAP_FILTER_ERROR: return FAIL_PERM;
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INVALID_DN_SYNTAX:
		if (r->is_entry)
			return FAIL_MISSING;
		hint = HINT_BASE;
		break;
	default: break;
	}
	return complain(l->search, code == LDAP_TIMEOUT ? "directory.slow" : "directory.ldap", code,
	    hint);
}

enum fail
ldap_link_search(struct ldap_link *l, const struct ldap_request *request, LDAPMessage **out)
{
	struct buf why;
	enum fail fail = FAIL_NONE;
	int code = LDAP_SERVER_DOWN;

	buf_init(&why, WHY_MAX);
	for (int tries = 0; tries < 2 && is_lost(code) && fail == FAIL_NONE; tries++) {
		*out = NULL;
		if (l->search == NULL)
			fail = ldap_link_open(l, &why);
		if (fail != FAIL_NONE)
			break;
		code = search(l, request, out);
		if (is_lost(code)) { /* it was idle for long, or the server began anew */
			ldap_msgfree(*out);
			*out = NULL;
			drop(&l->search);
		}
	}
	buf_release(&why);
	if (fail == FAIL_NONE)
		fail = judge(l, request, code);
	if (fail != FAIL_NONE) {
		ldap_msgfree(*out);
		*out = NULL;
	}
	if (code == LDAP_TIMEOUT)
		drop(&l->search);
	return fail;
}

/* --- passwords --------------------------------------------------------------------------------- */

static enum fail
judge_bind(struct ldap_link *l, int code)
{
	switch (code) {
	case LDAP_SUCCESS: return FAIL_NONE;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:   /* it has no password */
	case LDAP_UNWILLING_TO_PERFORM: /* it is locked (389 Directory Server) */
	case LDAP_INSUFFICIENT_ACCESS:
	case LDAP_CONSTRAINT_VIOLATION:
	case LDAP_NO_SUCH_OBJECT: return FAIL_DENIED;
	default: break;
	}
	complain(l->door, code == LDAP_TIMEOUT ? "directory.slow" : "directory.ldap", code, "");
	return FAIL_TEMP;
}

enum fail
ldap_link_try(struct ldap_link *l, const char *dn, struct str secret)
{
	int code = LDAP_SERVER_DOWN;
	struct buf why;
	enum fail fail;

	/* Either would be no login at all, to which servers say yes: RFC 4513 5.1.1, 5.1.2. */
	if (str_empty(secret) || secret.n > PASSWORD_SECRET_MAX || str_empty(str_c(dn)))
		return FAIL_DENIED;
	buf_init(&why, WHY_MAX);
	for (int tries = 0; tries < 2 && is_lost(code); tries++) {
		if (l->door == NULL)
			l->door = connect_to_any(l->settings, &why);
		if (l->door == NULL)
			break;
		code = bind_as(l->door, dn, secret);
		if (is_lost(code))
			drop(&l->door);
	}
	if (l->door == NULL)
		log_warn(&link_log, "directory.ldap", LOG_TEXT("engine", ENGINE_NAME),
		    LOG_TEXT("reason", buf_str(&why)));
	buf_release(&why);
	fail = l->door ? judge_bind(l, code) : FAIL_TEMP;
	if (fail == FAIL_TEMP)
		drop(&l->door);
	return fail;
}
