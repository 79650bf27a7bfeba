/*
 * The API endpoint: body, envelope, run, response (RFC 8620 3).
 */
#include "jmap/api.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/private.h"
#include "jmap/run.h"

struct api_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
	struct jmap_session_state session_state;
	enum api_state state;
	struct buf body;
	struct arena arena; /* the envelope */
	struct jmap_request request;
	struct jmap_run run;
	bool is_running;
};

void
jmap_refuse(struct http_exchange *x, unsigned status, const char *name, const char *limit,
    const char *detail)
{
	struct json_writer w;
	struct buf body;

	buf_init(&body, 1024);
	w = (struct json_writer){ .out = &body };
	json_object_begin(&w);
	json_name(&w, STR("type"));
	json_string_begin(&w);
	json_string_piece(&w, STR("urn:ietf:params:jmap:error:"));
	json_string_piece(&w, str_c(name));
	json_string_end(&w);
	json_name_int(&w, STR("status"), status);
	json_name_string(&w, STR("detail"), str_c(detail));
	if (limit)
		json_name_string(&w, STR("limit"), str_c(limit));
	json_object_end(&w);
	http_reply_whole(x, status, "application/problem+json", buf_str(&body));
	buf_release(&body);
}

/* "application/json", with or without parameters (RFC 8620 3.6.1 notJSON). */
static bool
is_json_type(const struct http_exchange *x)
{
	struct str type = http_request_header(&x->request, STR("content-type"));

	return str_eq_nocase(str_trim(str_head(type, str_find_char(type, ';'))),
	    STR("application/json"));
}

static enum http_step
api_too_large(struct http_exchange *x)
{
	jmap_refuse(x, 400, "limit", "maxSizeRequest", "The request is too large.");
	return HTTP_DONE;
}

/* RFC 8620 3.6.1 */
static enum http_step
api_refused(struct http_exchange *x, enum jmap_refusal refusal)
{
	switch (refusal) {
	case JMAP_NOT_JSON: jmap_refuse(x, 400, "notJSON", NULL, "The body is no I-JSON."); break;
	case JMAP_NOT_REQUEST:
		jmap_refuse(x, 400, "notRequest", NULL, "The body is no Request object.");
		break;
	case JMAP_UNKNOWN_CAPABILITY:
		jmap_refuse(x, 400, "unknownCapability", NULL,
		    "We do not have what `using` names.");
		break;
	case JMAP_LIMIT_CALLS:
		jmap_refuse(x, 400, "limit", "maxCallsInRequest", "Too many method calls.");
		break;
	case JMAP_LIMIT_SIZE:
	case JMAP_TAKEN: return api_too_large(x);
	}
	return HTTP_DONE;
}

static enum http_step
api_parse(struct api_request *r, struct http_exchange *x)
{
	enum jmap_refusal refusal;

	if (!is_json_type(x))
		return api_refused(x, JMAP_NOT_JSON);
	refusal = jmap_request_parse(buf_str(&r->body), &r->arena, &r->request);
	if (refusal != JMAP_TAKEN)
		return api_refused(x, refusal);
	r->session_state = jmap_session_state(r->jmap, &r->login);
	jmap_run_init(&r->run, r->login.account, &r->request, str_c(r->session_state.text));
	jmap_run_groups(&r->run, buf_str(&r->login.groups));
	r->run.host = (struct jmap_host){ .jmap = r->jmap,
		.loop = r->login.loop,
		.task = x->task,
		.user = &r->login.query.account };
	r->is_running = true;
	r->state = API_RUN;
	return HTTP_YIELD;
}

static enum http_step
api_body(struct api_request *r, struct http_exchange *x)
{
	struct str piece;

	if (x->request.has_length && x->request.length > JMAP_REQUEST_MAX)
		return api_too_large(x);
	for (;;) {
		switch (http_body_next(x, &piece)) {
		case HTTP_BODY_WAIT: return HTTP_WAIT;
		case HTTP_BODY_BROKEN: return HTTP_DONE;
		case HTTP_BODY_END: return api_parse(r, x);
		case HTTP_BODY_PIECE:
			buf_add(&r->body, piece);
			if (!buf_ok(&r->body))
				return api_too_large(x);
			break;
		}
	}
}

static enum http_step
api_run(struct api_request *r, struct http_exchange *x)
{
	if (jmap_run_is_lost(
		&r->run)) { /* another's account; jmap_login_step() sees the user's own */
		http_reply_problem(x, 503, NULL, "The mail store failed; try again.");
		return HTTP_DONE;
	}
	switch (jmap_run_step(&r->run)) {
	case JMAP_YIELD: return HTTP_YIELD;
	case JMAP_WAIT: return HTTP_WAIT;
	case JMAP_DONE: break;
	}
	if (!buf_ok(&r->run.out)) {
		http_reply_problem(x, 500, NULL, "The response would be too large.");
		return HTTP_DONE;
	}
	http_reply_start(x, 200, "application/json");
	http_reply_header(x, "Cache-Control", STR("no-cache, no-store, must-revalidate"));
	http_reply_buf(x, &r->run.out);
	return HTTP_DONE;
}

static enum http_step
api_step(struct http_handler *h, struct http_exchange *x)
{
	struct api_request *r = container_of(h, struct api_request, handler);
	enum http_step step = HTTP_YIELD;

	switch (jmap_login_step(&r->login, r->jmap, x)) {
	case LOGIN_START:
	case LOGIN_WAIT:
	case LOGIN_DELAY: return HTTP_WAIT;
	case LOGIN_REPLIED: return HTTP_DONE;
	case LOGIN_DONE: break;
	}
	if (r->state == API_LOGIN) {
		if (!jmap_login_count(&r->login, x, false))
			return HTTP_DONE;
		r->state = API_BODY;
	}
	if (r->state == API_BODY)
		step = api_body(r, x);
	return r->state == API_RUN ? api_run(r, x) : step;
}

static void
api_release(struct http_handler *h)
{
	struct api_request *r = container_of(h, struct api_request, handler);

	if (r->is_running)
		jmap_run_release(&r->run);
	buf_release(&r->body);
	arena_release(&r->arena);
	jmap_login_release(&r->login);
	mem_free(r);
}

struct http_handler *
jmap_api_open(void *room, struct http_exchange *x)
{
	struct api_request *r = mem_new(1, sizeof(*r));

	(void)x;
	r->handler = (struct http_handler){ api_step, api_release };
	r->jmap = room;
	buf_init(&r->body, JMAP_REQUEST_MAX);
	arena_init(&r->arena, JMAP_TREE_MAX);
	return &r->handler;
}
