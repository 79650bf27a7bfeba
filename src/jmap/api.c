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
	enum api_state state;
	struct buf body;
	struct jmap_large large;  /* from READ on */
	struct arena arena;       /* the envelope */
	struct json_maker *maker; /* own; in READ */
	struct jmap_request request;
	struct jmap_run run;
	bool is_running;
};

/* "application/json", with or without parameters (RFC 8620 3.6.1 notJSON). */
static bool
is_json_type(const struct http_exchange *x)
{
	struct str type = http_request_header(&x->request, STR("content-type"));

	return str_eq_nocase(str_trim(str_head(type, str_find_char(type, ';'))),
	    STR("application/json"));
}

static enum http_step
api_refused(struct http_exchange *x, enum jmap_refusal refusal)
{
	struct jmap_problem p = jmap_problem_of(refusal);

	jmap_refuse(x, 400, p.name, p.limit, p.detail);
	return HTTP_DONE;
}

static enum http_step
api_body_end(struct api_request *r, struct http_exchange *x)
{
	if (!is_json_type(x))
		return api_refused(x, JMAP_NOT_JSON);
	r->maker = json_maker_new(buf_str(&r->body), &r->arena);
	r->state = API_READ;
	return HTTP_YIELD;
}

/* A slice of the text becomes a tree; all of it a run. */
static enum http_step
api_read(struct api_request *r, struct http_exchange *x)
{
	const struct json *root;
	enum jmap_refusal refusal;

	if (!jmap_large_enter(&r->large, &r->jmap->large, x->task, r->body.n))
		return HTTP_WAIT;
	refusal = jmap_request_json(r->maker, &root);
	if (refusal == JMAP_TAKEN && !root)
		return HTTP_YIELD;
	json_maker_free(&r->maker);
	if (refusal == JMAP_TAKEN)
		refusal = jmap_request_read(root, &r->arena, &r->request);
	if (refusal != JMAP_TAKEN)
		return api_refused(x, refusal);
	jmap_login_run(&r->login, &r->run, &r->request, x->task);
	r->is_running = true;
	r->state = API_RUN;
	return HTTP_YIELD;
}

static enum http_step
api_body(struct api_request *r, struct http_exchange *x)
{
	struct str piece;

	if (x->request.has_length && x->request.length > JMAP_REQUEST_MAX)
		return api_refused(x, JMAP_LIMIT_SIZE);
	for (;;) {
		switch (http_body_next(x, &piece)) {
		case HTTP_BODY_WAIT: return HTTP_WAIT;
		case HTTP_BODY_BROKEN: return HTTP_DONE;
		case HTTP_BODY_END: return api_body_end(r, x);
		case HTTP_BODY_PIECE:
			buf_add(&r->body, piece);
			if (!buf_ok(&r->body))
				return api_refused(x, JMAP_LIMIT_SIZE);
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

	if (!jmap_login_ready(&r->login, r->jmap, x, &step))
		return step;
	if (r->state == API_LOGIN) {
		if (!jmap_login_count(&r->login, x, false))
			return HTTP_DONE;
		r->state = API_BODY;
	}
	if (r->state == API_BODY)
		step = api_body(r, x);
	if (r->state == API_READ)
		step = api_read(r, x);
	return r->state == API_RUN ? api_run(r, x) : step;
}

static void
api_release(struct http_handler *h)
{
	struct api_request *r = container_of(h, struct api_request, handler);

	if (r->is_running)
		jmap_run_release(&r->run);
	json_maker_free(&r->maker);
	buf_release(&r->body);
	arena_release(&r->arena);
	jmap_large_leave(&r->large);
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
