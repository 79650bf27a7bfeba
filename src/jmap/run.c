#include "jmap/run.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "blob/blob.h"

void
jmap_run_init(struct jmap_run *r, struct account *account, const struct jmap_request *request,
    struct str session_state)
{
	const struct json *ids = request->created_ids;

	*r = (struct jmap_run){
		.account = account,
		.request = request,
		.session_state = session_state,
	};
	jmap_access_own(&r->own, account, (struct str){ 0 });
	arena_init(&r->arena, JMAP_TREE_MAX);
	buf_init(&r->out, JMAP_RESPONSE_MAX);
	r->w.out = &r->out;
	r->answer_max = (size_t)2 * JMAP_CALLS_MAX; /* each may have an implicit one behind it */
	r->answers = arena_alloc(&r->arena, r->answer_max, sizeof(*r->answers));
	r->answer_at = arena_alloc(&r->arena, r->answer_max, sizeof(*r->answer_at));
	invariant(r->answers && r->answer_at && request->call_count <= JMAP_CALLS_MAX);
	for (uint32_t i = 0; ids && i < ids->count && r->created_count < JMAP_CREATED_MAX; i++)
		jmap_created_add(r, ids->members[i].name, ids->members[i].value.text);
	json_object_begin(&r->w);
	if (request->is_typed)
		json_name_string(&r->w, STR("@type"), STR("Response"));
	if (request->typed_id.p)
		json_name_string(&r->w, STR("requestId"), request->typed_id);
	json_name(&r->w, STR("methodResponses"));
	json_array_begin(&r->w);
}

static void
call_release(struct jmap_run *r)
{
	if (!r->is_in_call)
		return;
	r->is_in_call = false;
	if (r->call.release)
		r->call.release(&r->call);
	arena_release(&r->call.arena);
	r->call = (struct jmap_call){ 0 };
}

static void
resolve_release(struct jmap_run *r)
{
	if (r->is_resolving)
		jmap_resolve_release(&r->resolving);
	r->is_resolving = false;
}

void
jmap_run_release(struct jmap_run *r)
{
	call_release(r);
	resolve_release(r);
	for (size_t i = 0; i < r->other_count; i++)
		jmap_access_release(&r->others[i]);
	jmap_access_release(&r->own);
	map_release(&r->created);
	buf_release(&r->out);
	arena_release(&r->arena);
}

/* --- accounts ----------------------------------------------------------------------------------- */

void
jmap_run_groups(struct jmap_run *r, struct str groups)
{
	r->own.groups = groups;
}

enum fail
jmap_run_account(struct jmap_run *r, struct str id, struct jmap_access **out)
{
	struct jmap_access x;
	enum fail fail = jmap_access_open(&x, r->account, r->own.groups, id);

	*out = x.account == r->account ? &r->own : NULL;
	for (size_t i = 0; i < r->other_count && !*out; i++)
		if (r->others[i].account == x.account)
			*out = &r->others[i];
	if (fail == FAIL_NONE && !*out && r->other_count == JMAP_ACCOUNTS_MAX)
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE && !*out) {
		*out = &r->others[r->other_count++];
		**out = x;
	} else {
		jmap_access_release(&x);
	}
	return fail;
}

bool
jmap_run_is_lost(const struct jmap_run *r)
{
	bool is_lost = r->own.account->is_lost;

	for (size_t i = 0; i < r->other_count; i++)
		is_lost |= r->others[i].account->is_lost;
	return is_lost;
}

/* --- errors ------------------------------------------------------------------------------------- */

enum jmap_step
jmap_fail(struct jmap_call *c, const char *type, const char *text)
{
	c->error = type;
	c->error_text = text;
	return JMAP_DONE;
}

enum jmap_step
jmap_fail_with(struct jmap_call *c, enum fail fail)
{
	switch (fail) {
	case FAIL_LIMIT: return jmap_fail(c, "requestTooLarge", "This needs too much memory.");
	case FAIL_TEMP: return jmap_fail(c, "serverUnavailable", "The store does not answer now.");
	case FAIL_DENIED: return jmap_fail(c, "forbidden", NULL);
	case FAIL_SYNTAX: return jmap_fail(c, "invalidArguments", NULL);
	case FAIL_MISSING:
	case FAIL_PERM:
	case FAIL_NONE:
	case FAIL_COUNT: break;
	}
	return jmap_fail(c, "serverFail", "Something that should be there is missing or damaged.");
}

void
jmap_created_add(struct jmap_run *r, struct str creation_id, struct str id)
{
	struct map_node *node = map_find(&r->created, creation_id);
	struct jmap_created *entry;
	struct str key = arena_str(&r->arena, creation_id), value = arena_str(&r->arena, id);

	if (!key.p || !value.p || r->created_count == JMAP_CREATED_MAX)
		return;
	if (node) { /* the latest wins (RFC 8620 5.3) */
		container_of(node, struct jmap_created, node)->id = value;
		return;
	}
	entry = arena_alloc(&r->arena, 1, sizeof(*entry));
	if (!entry)
		return;
	entry->id = value;
	r->created_count++;
	map_insert(&r->created, &entry->node, key);
}

struct str
jmap_created_find(const struct jmap_run *r, struct str id)
{
	struct map_node *node;

	if (!str_starts(id, STR("#")))
		return id;
	node = map_find(&r->created, str_from(id, 1));
	return node ? container_of(node, struct jmap_created, node)->id : (struct str){ 0 };
}

/* A call's error as its arguments. */
static void
write_error(struct jmap_run *r, const char *type, const char *text)
{
	json_object_begin(&r->w);
	json_name_string(&r->w, STR("type"), str_c(type));
	if (text)
		json_name_string(&r->w, STR("description"), str_c(text));
	json_object_end(&r->w);
}

static void
answer_begin(struct jmap_run *r, struct str name)
{
	json_array_begin(&r->w);
	json_string(&r->w, name);
	r->args_mark = buf_str(&r->out).n + 1; /* behind the comma */
}

static void
answer_end(struct jmap_run *r, struct str name, struct str id)
{
	struct jmap_answer *answer = &r->answers[r->answer_count];
	size_t end = buf_str(&r->out).n;

	r->answer_at[r->answer_count++] = r->args_mark;
	*answer = (struct jmap_answer){ .name = name, .id = id };
	answer->text.n = end - r->args_mark; /* p is set when it is asked for: `out` moves */
	json_string(&r->w, id);
	json_array_end(&r->w);
}

static void
answer_error(struct jmap_run *r, struct str id, const char *type, const char *text)
{
	answer_begin(r, STR("error"));
	write_error(r, type, text);
	answer_end(r, STR("error"), id);
}

/* accountId (RFC 8620 3.6.2): there, of what this method is about, and not read-only. */
static const char *
account_check(struct jmap_run *r, const char **text_out)
{
	struct jmap_call *c = &r->call;
	struct str id;

	if (!json_get_text(json_find(c->args, STR("accountId")), &id)) {
		*text_out = "accountId is missing or no text.";
		return "invalidArguments";
	}
	switch (jmap_run_account(r, id, &c->access)) {
	case FAIL_NONE: break;
	case FAIL_LIMIT:
		*text_out = "These are too many accounts for one request.";
		return "requestTooLarge";
	case FAIL_TEMP: return "serverUnavailable";
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_PERM:
	case FAIL_COUNT: return "accountNotFound";
	}
	c->account = c->access->account;
	if (c->access != &r->own &&
	    !(c->method->capability &
		(c->access->is_owner ? CAPABILITIES_GROUP : CAPABILITIES_SHARED)))
		return "accountNotSupportedByMethod";
	if (c->method->flags & METHOD_WRITE && jmap_access_is_read_only(c->access))
		return "accountReadOnly";
	return NULL;
}

/* The error of references that lead nowhere, or NULL (RFC 8620 3.7). */
static const char *
resolve_error(enum fail fail, const char **text_out)
{
	switch (fail) {
	case FAIL_NONE: return NULL;
	case FAIL_SYNTAX:
		*text_out = "An argument stands there with and without '#'.";
		return "invalidArguments";
	case FAIL_LIMIT: return "requestTooLarge";
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return "invalidResultReference";
}

/* RFC 8620 3.6.2 before a method runs; `fail` is what its references gave. */
static const char *
call_check(struct jmap_run *r, enum fail fail, const char **text_out)
{
	const struct jmap_method *method = jmap_method_find(r->request->calls[r->next].name);
	const char *error;

	if (!method || !(method->capability & r->request->using))
		return "unknownMethod";
	error = resolve_error(fail, text_out);
	if (error)
		return error;
	r->call.method = method;
	return method->flags & METHOD_ACCOUNT ? account_check(r, text_out) : NULL;
}

/* r->call says what: its answer begins. */
static void
call_open(struct jmap_run *r)
{
	arena_init(&r->call.arena, JMAP_CALL_MAX);
	r->is_in_call = true;
	r->mark = buf_str(&r->out).n;
	answer_begin(r, r->call.method->name);
	r->call.w = r->w;
}

bool
jmap_waits(struct jmap_call *c, const struct blob_wait *w)
{
	c->is_waiting |= op_pending(&w->op);
	return op_pending(&w->op);
}

void
jmap_follow(struct jmap_call *c, struct str method, const struct json *args)
{
	c->follow = jmap_method_find(method);
	c->follow_args = args;
}

bool
jmap_follow_email_set(struct jmap_call *c, struct json update, struct json destroy)
{
	struct arena *arena = &c->run->arena;
	struct json *args = arena_alloc(arena, 1, sizeof(*args));
	struct json_member *members = arena_alloc(arena, 3, sizeof(*members));
	struct id_text id = id_text(ID_ACCOUNT, c->account->id);
	struct json account = { .type = JSON_STRING, .text = arena_str(arena, id_str(&id)) };

	if (!args || !members || !account.text.p)
		return false;
	members[0] = (struct json_member){ STR("accountId"), account };
	members[1] = (struct json_member){ STR("update"), update };
	members[2] = (struct json_member){ STR("destroy"), destroy };
	*args = (struct json){ .type = JSON_OBJECT, .count = 3, .members = members };
	jmap_follow(c, STR("Email/set"), args);
	return true;
}

/* The implicit call behind the one that ended. */
static void
call_follow(struct jmap_run *r, struct jmap_call done)
{
	struct jmap_access *access = done.follow_access ? done.follow_access : done.access;

	r->call = (struct jmap_call){
		.run = r,
		.method = done.follow,
		.args = done.follow_args,
		.account = access->account,
		.access = access,
	};
	call_open(r);
}

static void
resolve_start(struct jmap_run *r)
{
	for (size_t i = 0; i < r->answer_count; i++)
		r->answers[i].text.p = buf_str(&r->out).p + r->answer_at[i];
	jmap_resolve_start(&r->resolving, r->request->calls[r->next].args, r->answers,
	    r->answer_count, &r->arena);
	r->is_resolving = true;
	r->call = (struct jmap_call){ .run = r };
}

/* Its references first, as far as the slice goes: false when that is over. Nothing else is written meanwhile. */
static bool
call_begin(struct jmap_run *r, int64_t end_us)
{
	const char *error, *text = NULL;
	enum fail fail;

	if (!r->is_resolving)
		resolve_start(r);
	do
		fail = jmap_resolve_step(&r->resolving, &r->call.args);
	while (fail == FAIL_NONE && !r->call.args && clock_precise_us() < end_us);
	if (fail == FAIL_NONE && !r->call.args)
		return false;
	resolve_release(r);
	error = call_check(r, fail, &text);
	if (error) {
		answer_error(r, r->request->calls[r->next].id, error, text);
		r->next++;
		return true;
	}
	call_open(r);
	return true;
}

static enum jmap_step
call_step(struct jmap_run *r)
{
	const struct jmap_invocation *call = &r->request->calls[r->next];
	bool needs_comma = r->answer_count > 0;
	struct jmap_call done;
	enum jmap_step step;

	r->call.slice_end_us = clock_precise_us() + LOOP_SLICE_US;
	for (size_t i = 0; i < r->other_count; i++)
		jmap_access_forget(&r->others[i]);
	r->call.is_waiting = false;
	r->call.is_unfinished = false;
	step = r->call.method->run(&r->call);
	if (step == JMAP_YIELD && r->call.is_waiting)
		step = JMAP_WAIT;
	if (step != JMAP_DONE && buf_ok(&r->out))
		return step;
	if (!buf_ok(&r->out))
		jmap_fail(&r->call, "requestTooLarge", "The response would be too large.");
	r->w.needs_comma = r->call.w.needs_comma;
	if (r->call.error) {
		buf_rewind(&r->out, r->mark);
		r->w.needs_comma = needs_comma;
		answer_error(r, call->id, r->call.error, r->call.error_text);
	} else {
		answer_end(r, r->call.method->name, call->id);
	}
	done = r->call;
	call_release(r);
	if (done.follow && !done.error)
		call_follow(r, done);
	else
		r->next++;
	return JMAP_DONE;
}

static void
run_end(struct jmap_run *r)
{
	json_array_end(&r->w);
	if (r->request->created_ids) {
		json_name(&r->w, STR("createdIds"));
		json_object_begin(&r->w);
		for (struct map_node *n = map_first(&r->created); n; n = map_next(&r->created, n))
			json_name_string(&r->w, n->key,
			    container_of(n, struct jmap_created, node)->id);
		json_object_end(&r->w);
	}
	json_name_string(&r->w, STR("sessionState"), r->session_state);
	json_object_end(&r->w);
}

enum jmap_step
jmap_run_step(struct jmap_run *r)
{
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;
	enum jmap_step step = JMAP_DONE;

	while (r->next < r->request->call_count) {
		if (!r->is_in_call && !call_begin(r, end_us))
			return JMAP_YIELD;
		if (r->is_in_call)
			step = call_step(r);
		if (step != JMAP_DONE)
			return step;
		if (clock_precise_us() >= end_us && r->next < r->request->call_count)
			return JMAP_YIELD;
	}
	run_end(r);
	return JMAP_DONE;
}
