/*
 * Basic authentication (RFC 7617) or a bearer token (RFC 6750) with every request; the directory's login cache makes
 * it cheap.
 */
#include "jmap/private.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "policy/policy.h"

#define LOGIN_TEXT_MAX 4096 /* bytes of name and password together */

static enum jmap_login_state
refuse(struct http_exchange *x, unsigned status, const char *detail)
{
	http_reply_problem_start(x, status);
	if (status == 401) {
		http_reply_header(x, "WWW-Authenticate", STR("Bearer realm=\"mail\""));
		http_reply_header(x, "WWW-Authenticate",
		    STR("Basic realm=\"mail\", charset=\"UTF-8\""));
	}
	http_reply_problem_body(x, NULL, detail);
	return LOGIN_REPLIED;
}

/* credentials = "Basic" 1*SP base64(name ":" password) */
static bool
take_basic(struct str value, struct buf *text, struct str *name_out, struct str *secret_out)
{
	struct str plain;

	if (!str_skip_nocase(&value, STR("basic ")) ||
	    base64_parse(text, str_trim(value)) != FAIL_NONE)
		return false;
	plain = buf_str(text);
	if (!str_take_until(&plain, ':', name_out) || str_empty(*name_out))
		return false;
	*secret_out = plain;
	return true;
}

/* What the Authorization field holds is put to the directory; false: neither Basic nor Bearer. */
static bool
login_ask(struct jmap_login *login, struct http_exchange *x, struct str value)
{
	struct directory *d = login->jmap->directory;
	struct str name, secret;
	struct buf text;
	bool is_basic;

	if (str_skip_nocase(&value, STR("bearer "))) {
		directory_token_start(d, &login->query, x->task, str_trim(value));
		return true;
	}
	buf_init_secret(&text, LOGIN_TEXT_MAX);
	is_basic = take_basic(value, &text, &name, &secret);
	if (is_basic)
		directory_login_start(d, &login->query, x->task, name, secret);
	buf_release(&text);
	return is_basic;
}

static bool
is_banned(const struct jmap_login *login, const struct http_exchange *x)
{
	struct net_address who = http_client_address(x);

	return policy_is_banned(login->jmap->policy, &who);
}

static enum jmap_login_state
refuse_banned(struct http_exchange *x)
{
	return refuse(x, 403, "Too many wrong passwords came from your address. Wait.");
}

/* The ticket in the URL, for what takes one; a browser may send what it remembers besides. */
static bool
find_ticket(const struct jmap_login *login, struct http_exchange *x, struct str *out)
{
	return login->takes_ticket &&
	    http_query_find(x->request.query, STR("ticket"), &x->request.arena, out);
}

static enum jmap_login_state
ticket_ask(struct jmap_login *login, struct http_exchange *x, struct str ticket)
{
	struct jmap *j = login->jmap;
	struct str name;

	if (!jmap_ticket_take(&j->tickets, clock_mono_ms(), ticket, &x->request.arena, &name,
		&login->credential))
		return refuse(x, 401, "The ticket is used or too old.");
	directory_credential_start(j->directory, &login->query, x->task, name, login->credential);
	return LOGIN_WAIT;
}

static enum jmap_login_state
login_begin(struct jmap_login *login, struct jmap *j, struct http_exchange *x)
{
	struct str value = http_request_header(&x->request, STR("authorization")), ticket;

	login->jmap = j;
	login->loop = x->service->loop;
	if (is_banned(login, x))
		return refuse_banned(x);
	if (!http_may_login(x))
		return refuse(x, 403, "Passwords are taken over TLS only.");
	if (x->request.method == HTTP_POST && http_origin_is_foreign(x))
		return refuse(x, 403, "Pages of other sites may not do this.");
	if (find_ticket(login, x, &ticket))
		return ticket_ask(login, x, ticket);
	if (!value.p)
		return refuse(x, 401, "A name and a password, or a token, are needed.");
	return login_ask(login, x, value) ? LOGIN_WAIT
					  : refuse(x, 401, "Basic or Bearer is needed.");
}

static enum jmap_login_state
open_account(struct jmap_login *login, struct http_exchange *x)
{
	const struct directory_account *who = &login->query.account;
	struct account_limits limits = {
		.quota_bytes = who->quota_bytes > 0 ? (uint64_t)who->quota_bytes : 0,
		.quota_messages = who->quota_messages > 0 ? (uint64_t)who->quota_messages : 0,
	};
	struct net_address client = http_client_address(x);
	enum fail fail = account_open(login->jmap->mail, who->name, &limits, &login->account);

	if (fail)
		return refuse(x, 503, "The mail store does not answer now.");
	buf_init(&login->groups, JMAP_GROUPS_MAX);
	directory_groups_write(&login->groups, who);
	if (login->credential.p) /* as after a login; the request's arena is forgotten soon */
		login->query.credential = arena_str(&login->query.arena, login->credential);
	policy_logged_in(login->jmap->policy, &client);
	x->log->user = arena_str(&x->request.arena, login->account->name);
	return LOGIN_DONE;
}

/* Told late, and counted, but for programs of this machine. */
static enum jmap_login_state
login_denied(struct jmap_login *login, struct http_exchange *x)
{
	struct net_address who = http_client_address(x);
	char text[NET_ADDRESS_TEXT_MAX];

	log_info(x->log, "jmap.login.denied", LOG_TEXT("client", net_address_text(&who, text)));
	(void)policy_offend(login->jmap->policy, &who, OFFENCE_LOGIN);
	if (net_address_is_loopback(&who))
		return refuse(x, 401, "Name, password or token is wrong.");
	timer_start(login->loop, &login->delay, x->task, clock_mono_ms() + JMAP_DELAY_MS);
	return LOGIN_DELAY;
}

static enum jmap_login_state
login_answer(struct jmap_login *login, struct http_exchange *x)
{
	if (op_pending(&login->query.op))
		return LOGIN_WAIT;
	if (is_banned(login, x)) /* meanwhile: who asked many at once learns nothing of the rest */
		return refuse_banned(x);
	switch (login->query.op.fail) {
	case FAIL_NONE: return open_account(login, x);
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_SYNTAX:
	case FAIL_LIMIT: return login_denied(login, x);
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return refuse(x, 503, "The directory does not answer now.");
}

enum jmap_login_state
jmap_login_step(struct jmap_login *login, struct jmap *j, struct http_exchange *x)
{
	if (login->state == LOGIN_START)
		login->state = login_begin(login, j, x);
	if (login->state == LOGIN_WAIT)
		login->state = login_answer(login, x);
	else if (login->state == LOGIN_DELAY && login->delay.has_fired)
		login->state = refuse(x, 401, "Name, password or token is wrong.");
	else if (login->state == LOGIN_DONE && login->account->is_lost) {
		/* A commit failed: nothing this request did may be reported (D1). */
		if (x->reply == HTTP_REPLY_NONE)
			http_reply_problem(x, 503, NULL, "The mail store failed; try again.");
		login->state = LOGIN_REPLIED;
	}
	return login->state;
}

bool
jmap_login_ready(struct jmap_login *login, struct jmap *j, struct http_exchange *x,
    enum http_step *step_out)
{
	switch (jmap_login_step(login, j, x)) {
	case LOGIN_START:
	case LOGIN_WAIT:
	case LOGIN_DELAY: *step_out = HTTP_WAIT; return false;
	case LOGIN_REPLIED: break;
	case LOGIN_DONE: return true;
	}
	*step_out = HTTP_DONE;
	return false;
}

/* --- what a user has under way ---------------------------------------------------------------- */

static struct jmap_user *
user_of(struct jmap *j, struct str name)
{
	struct map_node *node = map_find(&j->users, name);
	struct jmap_user *u;
	char *copy;

	if (node)
		return container_of(node, struct jmap_user, node);
	u = mem_new(1, sizeof(*u) + name.n);
	copy = (char *)(u + 1);
	for (size_t i = 0; i < name.n; i++)
		copy[i] = name.p[i];
	u->name = str_of(copy, name.n);
	map_insert(&j->users, &u->node, u->name);
	return u;
}

static void
user_release(struct jmap *j, struct jmap_user *u)
{
	if (u->requests > 0 || u->uploads > 0)
		return;
	map_remove(&j->users, &u->node);
	mem_free(u);
}

bool
jmap_login_take(struct jmap_login *login, bool is_upload)
{
	struct jmap_user *u = user_of(login->jmap, login->account->name);

	if (is_upload ? u->uploads >= JMAP_UPLOADS_MAX : u->requests >= JMAP_CONCURRENT_MAX)
		return false;
	if (is_upload)
		u->uploads++;
	else
		u->requests++;
	login->user = u;
	login->is_upload = is_upload;
	return true;
}

void
jmap_login_give(struct jmap_login *login)
{
	if (!login->user)
		return;
	if (login->is_upload)
		login->user->uploads--;
	else
		login->user->requests--;
	user_release(login->jmap, login->user);
	login->user = NULL;
}

bool
jmap_login_count(struct jmap_login *login, struct http_exchange *x, bool is_upload)
{
	bool is_taken = jmap_login_take(login, is_upload);

	if (!is_taken)
		jmap_refuse(x, 400, "limit",
		    is_upload ? "maxConcurrentUpload" : "maxConcurrentRequests",
		    "Too many of these are under way.");
	return is_taken;
}

void
jmap_login_guard(struct jmap_login *login, struct jmap_guard *guard, struct http_exchange *x)
{
	jmap_guard_start(&login->jmap->guards, x->service->loop, guard, x->task,
	    login->account->name, login->query.credential);
}

void
jmap_login_renew(struct jmap_login *login, struct directory_query *fresh)
{
	directory_query_release(&login->query);
	login->query = *fresh;
	*fresh = (struct directory_query){ 0 };
	buf_release(&login->groups);
	buf_init(&login->groups, JMAP_GROUPS_MAX);
	directory_groups_write(&login->groups, &login->query.account);
}

void
jmap_login_release(struct jmap_login *login)
{
	if (!login->jmap)
		return;
	jmap_login_give(login);
	timer_stop(login->loop, &login->delay);
	directory_query_release(&login->query);
	buf_release(&login->groups);
	if (login->account)
		account_close(&login->account);
}

void
jmap_login_listen(struct jmap_login *login, struct state_listener *l, struct task *task)
{
	state_listen(l, &login->jmap->states, login->loop, login->account, buf_str(&login->groups),
	    task);
}

void
jmap_login_run(struct jmap_login *login, struct jmap_run *run, const struct jmap_request *request,
    struct task *task)
{
	login->session_state = jmap_session_state(login->jmap, login);
	jmap_run_init(run, login->account, request, str_c(login->session_state.text));
	jmap_run_groups(run, buf_str(&login->groups));
	run->push = login->jmap->push;
	run->host = (struct jmap_host){ .jmap = login->jmap,
		.loop = login->loop,
		.task = task,
		.user = &login->query.account,
		.credential = login->query.credential };
}
