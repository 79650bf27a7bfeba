/*
 * The session resource (RFC 8620 2), at /.well-known/jmap, /jmap/session, and GET of the API.
 */
#include "jmap/private.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/args.h"
#include "jmap/share.h"
#include "mail/id.h"

#define SESSION_MAX (512 * 1024) /* bytes of the resource */

struct session_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
};

static const struct {
	struct str name, path;
} urls[] = {
	{ STR_INIT("apiUrl"), STR_INIT("/jmap/api") },
	{ STR_INIT("downloadUrl"),
	    STR_INIT("/jmap/download/{accountId}/{blobId}/{name}?accept={type}") },
	{ STR_INIT("uploadUrl"), STR_INIT("/jmap/upload/{accountId}/") },
	{ STR_INIT("eventSourceUrl"),
	    STR_INIT("/jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}") },
};

/* What the account has to do with Principals (RFC 9670 1.5). */
static void
write_principal(struct json_writer *w, struct jmap_access *x)
{
	bool is_own = x->account == x->user;
	struct buf id;

	buf_init(&id, 4 * ACL_NAME_MAX);
	if (!principal_id_write(&id, x->account->name))
		buf_clear(&id);
	if (is_own) {
		json_name(w, STR("urn:ietf:params:jmap:principals"));
		json_object_begin(w);
		json_name(w, STR("currentUserPrincipalId"));
		if (buf_str(&id).n > 0)
			json_string(w, buf_str(&id));
		else
			json_null(w);
		json_object_end(w);
	}
	if (buf_str(&id).n > 0) {
		json_name(w, STR("urn:ietf:params:jmap:principals:owner"));
		json_object_begin(w);
		json_name(w, STR("accountIdForPrincipal"));
		jmap_write_id(w, ID_ACCOUNT, x->user->id);
		json_name_string(w, STR("principalId"), buf_str(&id));
		json_object_end(w);
	}
	buf_release(&id);
}

void
jmap_account_write(const struct jmap *j, struct json_writer *w, struct jmap_access *x)
{
	struct id_text id = id_text(ID_ACCOUNT, x->account->id);

	json_name(w, id_str(&id));
	json_object_begin(w);
	json_name_string(w, STR("name"), x->account->name);
	json_name_bool(w, STR("isPersonal"), x->account == x->user);
	json_name_bool(w, STR("isReadOnly"), jmap_access_is_read_only(x));
	json_name(w, STR("accountCapabilities"));
	json_object_begin(w);
	jmap_account_capabilities_write(j, w, x->account == x->user, x->is_owner);
	write_principal(w, x);
	json_object_end(w);
	json_object_end(w);
}

/*
 * Those of groups, and those that share something; without them when the store fails.
 * Liberal: RFC 9670 1.4 wants only those in which the user subscribed to something, because clients do not look
 * for others by Principals yet.
 */
static void
write_others(struct jmap *j, struct json_writer *w, const struct jmap_login *login)
{
	struct acl_user who = { login->account->name, buf_str(&login->groups) };
	uint64_t ids[JMAP_SHARED_MAX];
	size_t count;

	if (acl_accounts(j->mail, &who, ids, JMAP_SHARED_MAX, &count) != FAIL_NONE)
		return;
	for (size_t i = 0; i < count; i++) {
		struct id_text id = id_text(ID_ACCOUNT, ids[i]);
		struct jmap_access x;

		if (ids[i] == login->account->id)
			continue;
		if (jmap_access_open(&x, login->account, buf_str(&login->groups), id_str(&id)) ==
		    FAIL_NONE)
			jmap_account_write(j, w, &x);
		jmap_access_release(&x);
	}
}

static void
write_accounts(struct jmap *j, struct json_writer *w, const struct jmap_login *login)
{
	struct id_text id = id_text(ID_ACCOUNT, login->account->id);
	struct jmap_access x;

	json_name(w, STR("accounts"));
	json_object_begin(w);
	jmap_access_own(&x, login->account, buf_str(&login->groups));
	jmap_account_write(j, w, &x);
	jmap_access_release(&x);
	write_others(j, w, login);
	json_object_end(w);
	json_name(w, STR("primaryAccounts"));
	json_object_begin(w);
	jmap_primary_accounts_write(w, id_str(&id));
	json_name_string(w, STR("urn:ietf:params:jmap:principals"), id_str(&id));
	json_object_end(w);
}

static void
write_urls(struct json_writer *w, struct str base)
{
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		json_name(w, urls[i].name);
		json_string_begin(w);
		json_string_piece(w, base);
		json_string_piece(w, urls[i].path);
		json_string_end(w);
	}
}

void
jmap_session_reply(struct jmap *j, const struct jmap_login *login, struct http_exchange *x)
{
	struct jmap_session_state state = jmap_session_state(j, login);
	struct json_writer w;
	struct buf body, base;

	buf_init(&base, HTTP_LINE_MAX + 64);
	http_base_url(x, &base);
	j->base = buf_str(&base);
	buf_init(&body, SESSION_MAX);
	w = (struct json_writer){ .out = &body };
	json_object_begin(&w);
	json_name(&w, STR("capabilities"));
	json_object_begin(&w);
	jmap_capabilities_write(j, &w);
	json_object_end(&w);
	write_accounts(j, &w, login);
	json_name_string(&w, STR("username"), login->account->name);
	write_urls(&w, j->base);
	json_name_string(&w, STR("state"), str_c(state.text));
	json_object_end(&w);
	j->base = (struct str){ 0 };
	buf_release(&base);
	http_reply_start(x, 200, "application/json");
	http_reply_header(x, "Cache-Control", STR("no-cache, no-store, must-revalidate"));
	http_reply_buf(x, &body);
}

static enum http_step
session_step(struct http_handler *h, struct http_exchange *x)
{
	struct session_request *s = container_of(h, struct session_request, handler);
	enum http_step step;

	if (!jmap_login_ready(&s->login, s->jmap, x, &step))
		return step;
	jmap_session_reply(s->jmap, &s->login, x);
	return HTTP_DONE;
}

static void
session_release(struct http_handler *h)
{
	struct session_request *s = container_of(h, struct session_request, handler);

	jmap_login_release(&s->login);
	mem_free(s);
}

struct http_handler *
jmap_session_open(void *room, struct http_exchange *x)
{
	struct session_request *s = mem_new(1, sizeof(*s));

	(void)x;
	s->handler = (struct http_handler){ session_step, session_release };
	s->jmap = room;
	return &s->handler;
}
