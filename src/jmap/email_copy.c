/*
 * Email/copy (RFC 8621 4.7, RFC 8620 5.4): Emails into another account.
 *
 * The message keeps its bytes: its file is linked. What is copied is read when its turn comes, so the others see
 * the "from" account change meanwhile, as 5.4 allows. The originals go in an Email/set of their own behind this call.
 */
#include "jmap/access_email.h"
#include "jmap/creations.h"
#include "jmap/email_new.h"
#include "jmap/email_patch.h"
#include "jmap/methods.h"

struct copying {
	struct jmap_access *from; /* borrow: the run's */
	const struct json *emails;
	uint32_t at;
	struct jmap_creations creations; /* own */
	uint64_t *copied;                /* arena: originals */
	size_t copied_count;
	bool destroys;
	/* of the one at hand, when a file is far away */
	struct jmap_blob blob;           /* own: its map */
	struct blob_wait fetch, linking; /* .. to be read, to be in the other account */
};

static void
leave(struct copying *x)
{
	blob_wait_release(&x->fetch);
	blob_wait_release(&x->linking);
	blob_unmap(&x->blob.map);
}

static void
copy_release(struct jmap_call *c)
{
	struct copying *x = c->state;

	leave(x);
	jmap_creations_release(&x->creations);
}

/* --- arguments ------------------------------------------------------------------------------------- */

/* The account that fromAccountId names; another one than accountId (RFC 8620 5.4). */
static bool
take_from(struct jmap_call *c, struct copying *x)
{
	struct str id;

	if (!json_get_text(json_find(c->args, STR("fromAccountId")), &id)) {
		jmap_invalid(c, "fromAccountId is missing or no text.");
		return false;
	}
	switch (jmap_run_account(c->run, id, &x->from)) {
	case FAIL_NONE: break;
	case FAIL_LIMIT:
		jmap_fail(c, "requestTooLarge", "These are too many accounts for one request.");
		return false;
	case FAIL_TEMP: jmap_fail_with(c, FAIL_TEMP); return false;
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_PERM:
	case FAIL_COUNT: jmap_fail(c, "fromAccountNotFound", NULL); return false;
	}
	if (x->from != c->access)
		return true;
	jmap_invalid(c, "accountId and fromAccountId are the same.");
	return false;
}

static bool
copy_begin(struct jmap_call *c)
{
	struct copying *x = arena_alloc(&c->arena, 1, sizeof(*x));
	struct str state;

	if (!x) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	c->state = x;
	c->release = copy_release;
	if (!take_from(c, x) ||
	    !jmap_arg_bool(c, STR("onSuccessDestroyOriginal"), false, &x->destroys) ||
	    !jmap_arg_text(c, STR("destroyFromIfInState"), &state))
		return false;
	x->emails = jmap_creations_read(c, STR("create"));
	if (!x->emails ||
	    !jmap_set_state_of(c, STR("ifFromInState"), x->from->account, CHANGE_EMAIL) ||
	    !jmap_set_state(c, CHANGE_EMAIL))
		return false;
	x->copied = arena_alloc(&c->arena, x->emails->count + 1, sizeof(*x->copied));
	if (!x->copied) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	json_object_begin(&c->w);
	json_name(&c->w, STR("fromAccountId"));
	jmap_write_id(&c->w, ID_ACCOUNT, x->from->account->id);
	jmap_write_account(c);
	jmap_write_state(&c->w, STR("oldState"), change_state(c->account, CHANGE_EMAIL));
	return true;
}

/* --- one Email ------------------------------------------------------------------------------------- */

/* "id", and what may be set during the copy. */
static enum jmap_set_said
check_names(const struct json *object, struct jmap_set_error *e)
{
	static const struct str names[] = { STR_INIT("id"), STR_INIT("mailboxIds"),
		STR_INIT("keywords"), STR_INIT("receivedAt") };
	enum jmap_set_said said = SET_OK;

	for (uint32_t i = 0; i < object->count; i++) {
		size_t at = 0;

		while (at < sizeof(names) / sizeof(names[0]) &&
		    !str_eq(names[at], object->members[i].name))
			at++;
		if (at == sizeof(names) / sizeof(names[0]))
			said = jmap_set_invalid(e, object->members[i].name,
			    "This cannot be set while an Email is copied.");
	}
	return said;
}

static enum jmap_set_said
failed(struct jmap_call *c)
{
	jmap_fail(c, "serverPartialFail", "The store failed.");
	return SET_FAIL;
}

/* The original, if the user may see it. */
static enum jmap_set_said
find_original(struct jmap_call *c, const struct copying *x, const struct json *object,
    struct email **out, struct jmap_set_error *e)
{
	struct str text;
	uint64_t id;
	enum fail fail;

	if (!json_get_text(json_find(object, STR("id")), &text))
		return jmap_set_invalid(e, STR("id"), "id is missing or no text.");
	text = jmap_created_find(c->run, text);
	if (!text.p || !id_parse(text, ID_EMAIL, &id))
		return jmap_set_error(e, "notFound", NULL);
	fail = email_get(x->from->account, id, &c->arena, out);
	if (fail == FAIL_MISSING || (!fail && !jmap_email_is_shown(x->from, *out)))
		return jmap_set_error(e, "notFound", NULL);
	return fail ? failed(c) : SET_OK;
}

/*
 * May it be added there? Keywords that were not asked for but are the original's are left out where the user may
 * not set them.
 */
static enum jmap_set_said
check_rights(struct jmap_call *c, struct email_new *new, bool is_asked, struct jmap_set_error *e)
{
	const uint64_t masks[] = { UINT64_MAX, ~FLAG_SEEN, FLAG_SEEN, 0 };
	uint64_t flags = new->flags;
	enum jmap_set_said said = SET_ERROR;

	for (size_t i = 0;
	     i < (is_asked ? 1 : sizeof(masks) / sizeof(masks[0])) && said == SET_ERROR; i++) {
		*e = (struct jmap_set_error){ 0 };
		new->flags = flags &masks[i];
		said = jmap_may_add(c, new, e);
	}
	return said;
}

/* What the copy is to be like. */
static enum jmap_set_said
plan(struct jmap_call *c, const struct copying *x, const struct json *object,
    const struct email *original, struct email_new *new, struct jmap_set_error *e)
{
	const struct json *keywords = json_find(object, STR("keywords"));
	const struct json *mailboxes = json_find(object, STR("mailboxIds"));
	bool may_add = jmap_may_somewhere(c->access, MAY_SET_KEYWORDS);
	uint32_t *ids = NULL;
	enum jmap_set_said said = check_names(object, e);

	new->received_s = original->received_s;
	if (said == SET_OK)
		said = jmap_mailbox_ids(c, mailboxes, &ids, &new->mailbox_count, e);
	new->mailboxes = ids;
	if (said == SET_OK)
		said = jmap_received_at(json_find(object, STR("receivedAt")), &new->received_s, e);
	if (said == SET_OK && keywords)
		said = jmap_keywords(c, keywords, &new->flags, e);
	else if (said == SET_OK &&
	    keywords_for(x->from->account, c->account, original->keywords, may_add, &new->flags))
		said = failed(c);
	return said == SET_OK ? check_rights(c, new, keywords != NULL, e) : said;
}

/* Its file; SET_YIELD: it is on its way. */
static enum jmap_set_said
map_original(struct jmap_call *c, struct copying *x, const struct email *original,
    struct jmap_set_error *e)
{
	enum fail fail;

	if (x->blob.map.bytes.p)
		return SET_OK;
	fail = email_map_wait(x->from->account, original->id, &x->fetch, c->run->host.task,
	    &x->blob.map);
	if (jmap_waits(c, &x->fetch))
		return SET_YIELD;
	if (fail)
		return fail == FAIL_MISSING ? jmap_set_error(e, "notFound", "Its file is lost.")
					    : failed(c);
	x->blob.bytes = x->blob.map.bytes;
	return SET_OK;
}

/* From the beginning again after SET_YIELD: what it is to be like is looked at anew. */
static enum jmap_set_said
copy_one(struct jmap_call *c, struct copying *x, const struct json *object,
    struct jmap_email_added *added, uint64_t *original_out, struct jmap_set_error *e)
{
	struct email_new new = { 0 };
	struct email *original = NULL;
	enum jmap_set_said said = find_original(c, x, object, &original, e);

	if (said == SET_OK)
		said = plan(c, x, object, original, &new, e);
	if (said != SET_OK)
		return said;
	*original_out = original->id;
	said = map_original(c, x, original, e);
	x->blob.name = original->blob;
	if (said == SET_OK)
		said =
		    jmap_email_add_from(c, x->from->account, &new, &x->blob, &x->linking, added, e);
	return said;
}

/* --- all ------------------------------------------------------------------------------------------- */

/* Behind the list stands one more original; each is destroyed once. */
static void
note_original(struct copying *x)
{
	size_t at = 0;

	while (x->copied[at] != x->copied[x->copied_count])
		at++;
	x->copied_count += at == x->copied_count;
}

/* SET_FAIL: the call ended; SET_YIELD: it waits; else the next one. */
static enum jmap_set_said
copy_item(struct jmap_call *c, struct copying *x)
{
	const struct json_member *member = &x->emails->members[x->at];
	struct jmap_set_error e = { 0 };
	struct jmap_email_added added;
	enum jmap_set_said said =
	    copy_one(c, x, &member->value, &added, &x->copied[x->copied_count], &e);
	struct id_text id;

	switch (said) {
	case SET_WAIT:
	case SET_YIELD:
	case SET_FAIL: return said;
	case SET_ERROR:
	case SET_LATER: jmap_creations_fail(&x->creations, member->name, &e); break;
	case SET_OK:
		note_original(x);
		id = id_text(ID_EMAIL, added.id);
		jmap_creations_add(c, &x->creations, member->name, id_str(&id));
		jmap_email_added_write(&c->w, &added);
		break;
	}
	leave(x);
	return said;
}

/* The implicit Email/set of RFC 8620 5.4: its arguments, written and read again, live as long as the run. */
static bool
destroy_originals(struct jmap_call *c, const struct copying *x)
{
	const struct json *state = jmap_arg(c->args, STR("destroyFromIfInState")), *args = NULL;
	struct buf text;
	struct json_writer w = { .out = &text };
	struct str kept;

	buf_init(&text, JMAP_REQUEST_MAX);
	json_object_begin(&w);
	json_name(&w, STR("accountId"));
	jmap_write_id(&w, ID_ACCOUNT, x->from->account->id);
	if (state)
		json_name_string(&w, STR("ifInState"), state->text);
	json_name(&w, STR("destroy"));
	json_array_begin(&w);
	for (size_t i = 0; i < x->copied_count; i++)
		jmap_write_id(&w, ID_EMAIL, x->copied[i]);
	json_array_end(&w);
	json_object_end(&w);
	kept = arena_str(&c->run->arena, buf_str(&text));
	buf_release(&text);
	if (!kept.p || json_parse(kept, &c->run->arena, &args) != FAIL_NONE)
		return false;
	jmap_follow(c, STR("Email/set"), args);
	c->follow_access = x->from;
	return true;
}

enum jmap_step
jmap_email_copy(struct jmap_call *c)
{
	enum jmap_set_said said;
	struct copying *x;

	if (!c->state && !copy_begin(c))
		return JMAP_DONE;
	x = c->state;
	for (; x->at < x->emails->count; x->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		said = copy_item(c, x);
		if (said == SET_FAIL || said == SET_YIELD)
			return said == SET_YIELD ? JMAP_YIELD : JMAP_DONE;
	}
	jmap_creations_end(c, &x->creations);
	jmap_write_state(&c->w, STR("newState"), change_state(c->account, CHANGE_EMAIL));
	json_object_end(&c->w);
	if (x->destroys && x->copied_count > 0 && !destroy_originals(c, x))
		return jmap_fail_with(c, FAIL_LIMIT);
	return JMAP_DONE;
}
