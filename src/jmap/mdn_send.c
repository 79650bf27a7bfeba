/*
 * MDN/send (RFC 9007 2.1): notifications that a message was read, deleted .. (RFC 8098), on the way to who asked.
 *
 *     IDLE --properties, Email, its request, RFC 8098's rules are right--> submission.h's LOOKUP, WRITE --> IDLE
 *
 * They go as submissions do, from the null path, and leave no record. $mdnsent is set in the same transaction, so
 * that no crash and no other session makes a second one (RFC 8098 2.1). The Email/set that onSuccessUpdateEmail asks
 * for runs behind the call.
 *
 * The Identity is the user's own, also for a message in another's account.
 */
#include "jmap/mdn.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "codec/utf8.h"
#include "crypto/random.h"
#include "jmap/access_email.h"
#include "jmap/creations.h"
#include "jmap/email_patch.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/private.h"
#include "mail/identity.h"

#define SENDING_MAX (8 * 1024 * 1024)  /* bytes: one notification, and what is read of a header */
#define PIECE_MAX   (16 * 1024 * 1024) /* bytes of one piece of a message: its header is one */
#define OTHERS_MAX  (16 * 1024) /* bytes of a notification beside the texts and the message in it */

struct sent {
	uint64_t email;
	const struct json *patch;
};

struct sending {
	const struct json *send, *update; /* onSuccessUpdateEmail; or NULL */
	uint32_t at;
	struct identity *identity; /* arena of the call */
	bool is_under_way;
	struct jmap_submitting out; /* own */
	struct jmap_mdn mdn;        /* the one under way */
	struct sent under_way;
	struct jmap_creations answers; /* own */
	struct sent *sent;             /* arena */
	size_t sent_count;
};

static void
send_release(struct jmap_call *c)
{
	struct sending *x = c->state;

	jmap_submitting_reset(&x->out);
	jmap_creations_release(&x->answers);
}

/* --- arguments ------------------------------------------------------------------------------------- */

static bool
is_true(const struct json *v)
{
	bool is_so = false;

	return v && json_get_bool(v, &is_so) && is_so;
}

/* The patch sets $mdnsent. */
static bool
sets_keyword(const struct json *patch)
{
	const struct json *keywords = json_find(patch, STR("keywords"));

	return json_is(patch, JSON_OBJECT) &&
	    (is_true(json_find(patch, STR("keywords/$mdnsent"))) ||
		(json_is(keywords, JSON_OBJECT) && is_true(json_find(keywords, STR("$mdnsent")))));
}

/* The member of onSuccessUpdateEmail for a creation: "#k1", or the Email's id. */
static const struct json *
find_patch(const struct jmap_call *c, const struct sending *x, const struct json_member *creation)
{
	struct str email = { 0 };

	if (json_get_text(json_find(&creation->value, STR("forEmailId")), &email))
		email = jmap_created_find(c->run, email);
	for (uint32_t i = 0; x->update && i < x->update->count; i++) {
		struct str name = x->update->members[i].name;

		if (str_starts(name, STR("#")) && str_eq(str_from(name, 1), creation->name))
			return &x->update->members[i].value;
		if (email.p && str_eq(name, email))
			return &x->update->members[i].value;
	}
	return NULL;
}

/* RFC 9007 2.1: "the server MUST reject an MDN/send that does not result in setting the keyword $mdnsent". */
static bool
take_update(struct jmap_call *c, struct sending *x)
{
	x->update = jmap_arg(c->args, STR("onSuccessUpdateEmail"));
	if (x->update && !json_is(x->update, JSON_OBJECT)) {
		jmap_invalid(c, "onSuccessUpdateEmail is no object.");
		return false;
	}
	for (uint32_t i = 0; i < x->send->count; i++)
		if (!sets_keyword(find_patch(c, x, &x->send->members[i]))) {
			jmap_invalid(c,
			    "onSuccessUpdateEmail does not set $mdnsent for each of these.");
			return false;
		}
	return true;
}

static bool
take_identity(struct jmap_call *c, struct sending *x)
{
	struct str text, id = { 0 };
	uint64_t number;
	enum fail fail = FAIL_MISSING;

	if (json_get_text(json_find(c->args, STR("identityId")), &text))
		id = jmap_created_find(c->run, text);
	if (id.p && id_parse(id, ID_IDENTITY, &number))
		fail = identity_get(c->run->account, number, &c->arena, &x->identity);
	if (fail == FAIL_MISSING)
		jmap_invalid(c, "There is no such Identity.");
	else if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE;
}

static bool
send_begin(struct jmap_call *c)
{
	struct sending *x;

	/* both must be in `using` (RFC 9007 2.1) */
	if (!(c->run->request->using & CAPABILITY_MAIL)) {
		jmap_fail(c, "unknownMethod", "The capability of JMAP Mail is needed, too.");
		return false;
	}
	if (!jmap_identities_ready(c))
		return false;
	x = arena_alloc(&c->arena, 1, sizeof(*x));
	if (x)
		x->sent = arena_alloc(&c->arena, JMAP_SET_MAX, sizeof(*x->sent));
	if (!x || !x->sent) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	c->state = x;
	c->release = send_release;
	x->answers.done_name = STR("sent");
	x->answers.failed_name = STR("notSent");
	x->send = jmap_creations_read(c, STR("send"));
	if (!x->send || !take_identity(c, x) || !take_update(c, x))
		return false;
	json_object_begin(&c->w);
	jmap_write_account(c);
	return true;
}

/* --- one notification: may it be? -------------------------------------------------------------------- */

static bool
was_sent(const struct sending *x, uint64_t email)
{
	for (size_t i = 0; i < x->sent_count; i++)
		if (x->sent[i].email == email)
			return true;
	return false;
}

/* The Email is there, and nobody told of it yet. */
static enum jmap_set_said
look_at_email(struct jmap_call *c, const struct sending *x, uint64_t id, struct jmap_set_error *e)
{
	struct email *email;
	enum fail fail = email_get(c->account, id, &c->arena, &email);

	if (fail == FAIL_MISSING || (!fail && !jmap_email_is_shown(c->access, email)))
		return jmap_set_error(e, "notFound", "There is no such Email.");
	if (fail)
		return jmap_submitting_failed(c);
	if (email->keywords & FLAG(KEYWORD_MDNSENT) || was_sent(x, id))
		return jmap_set_error(e, "mdnAlreadySent", "$mdnsent is there already.");
	return SET_OK;
}

/* What onSuccessUpdateEmail will do may be done. */
static enum jmap_set_said
check_patch(struct jmap_call *c, const struct sent *one, struct jmap_set_error *e)
{
	struct email_update update;
	enum jmap_set_said said = jmap_email_patch(c, one->patch, &update, e);

	return said == SET_OK ? jmap_may_update(c, one->email, &update, e) : said;
}

static enum jmap_set_said
find_email(struct jmap_call *c, struct sending *x, const struct json_member *creation,
    struct jmap_set_error *e)
{
	struct str text = jmap_created_find(c->run, x->mdn.email);
	enum jmap_set_said said;
	enum fail fail;

	if (!text.p || !id_parse(text, ID_EMAIL, &x->under_way.email))
		return jmap_set_error(e, "notFound", "There is no such Email.");
	x->under_way.patch = find_patch(c, x, creation);
	said = look_at_email(c, x, x->under_way.email, e);
	if (said == SET_OK)
		said = check_patch(c, &x->under_way, e);
	if (said != SET_OK)
		return said;
	fail = email_map_wait(c->account, x->under_way.email, &x->out.fetch, c->run->host.task,
	    &x->out.map);
	if (jmap_waits(c, &x->out.fetch))
		return SET_WAIT;
	if (fail == FAIL_MISSING)
		return jmap_set_error(e, "notFound", "Its file is lost.");
	return fail ? jmap_submitting_failed(c) : SET_OK;
}

/* RFC 8098 2.1, 2.2 */
static enum jmap_set_said
check_rules(const struct sending *x, const struct mdn_request *r, struct jmap_set_error *e)
{
	bool is_automatic = str_eq(x->mdn.fields.sending, mdn_sendings[1]);

	if (r->is_mdn)
		return jmap_set_error(e, "forbidden", "It is a notification itself.");
	if (r->is_news)
		return jmap_set_error(e, "forbidden", "It was written to a newsgroup.");
	if (!r->is_optional)
		return jmap_set_error(e, "forbidden", "It requires what is not known here.");
	if (is_automatic && !r->is_to_sender)
		return jmap_set_error(e, "forbidden",
		    "The user must consent: it would go to another address than the sender's.");
	return SET_OK;
}

static enum jmap_set_said
read_request(struct sending *x, struct mdn_request *r, struct jmap_set_error *e)
{
	switch (mdn_request_read(x->out.map.bytes, &x->out.arena, r)) {
	case FAIL_NONE: return check_rules(x, r, e);
	case FAIL_LIMIT: return jmap_set_error(e, "forbidden", "It asks for more than a receipt.");
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_MISSING:
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_COUNT: break;
	}
	return jmap_set_error(e, "notFound",
	    "It has no Disposition-Notification-To, or not a right one.");
}

/* --- one notification: from and to ------------------------------------------------------------------- */

/* The Identity of a whole domain: the user's address among those that the message is to. */
static struct str
find_in_domain(struct sending *x, struct str domain)
{
	struct submission_head head;

	if (jmap_submission_head(x->out.map.bytes, &x->out.arena, &head) != FAIL_NONE)
		return (struct str){ 0 };
	for (size_t i = 0; i < head.rcpt_count; i++)
		if (str_ends_nocase(head.rcpts[i], domain) && jmap_is_mailbox(head.rcpts[i], false))
			return head.rcpts[i];
	return (struct str){ 0 };
}

/* Who reads, and under which address that is told (RFC 8098 3.2.4). */
static enum jmap_set_said
choose_from(const struct jmap_call *c, struct sending *x, struct str *from_out,
    struct jmap_set_error *e)
{
	struct str identity = x->identity->email;
	struct str *final = &x->mdn.final;

	if (final->p && !jmap_may_send_as(c, *final)) {
		jmap_set_invalid(e, STR("finalRecipient"), NULL);
		return jmap_set_error(e, "forbiddenFrom", "This is no address of the user.");
	}
	if (!jmap_may_send_as(c, identity))
		return jmap_set_error(e, "forbiddenFrom",
		    "The Identity has no address of the user.");
	*from_out = identity;
	if (str_starts(identity, STR("*@")))
		*from_out = final->p ? *final : find_in_domain(x, str_from(identity, 1));
	if (!from_out->p)
		return jmap_set_invalid(e, STR("finalRecipient"),
		    "The Identity has many addresses, and the message names none.");
	if (!final->p)
		*final = *from_out;
	return SET_OK;
}

/* From the null path to all who are to be told (RFC 8098 3); nothing is said of what becomes of it. */
static enum jmap_set_said
make_envelope(struct sending *x, const struct mdn_request *r, struct str from,
    struct jmap_set_error *e)
{
	struct jmap_submitting *s = &x->out;
	struct submission *sub = &s->submission;

	s->rcpts = arena_alloc(&s->arena, r->to_count, sizeof(*s->rcpts));
	sub->rcpts = arena_alloc(&s->arena, r->to_count, sizeof(*sub->rcpts));
	if (!s->rcpts || !sub->rcpts)
		return jmap_set_error(e, "tooLarge", NULL);
	sub->rcpt_count = r->to_count;
	s->envelope = (struct envelope){ .body = BODY_8BITMIME, .is_utf8 = !utf8_is_ascii(from) };
	for (size_t i = 0; i < r->to_count; i++) {
		struct envelope_rcpt *to = &s->rcpts[i].deposit.envelope;

		to->address = address_spec(&r->to[i], &s->arena);
		to->notify = NOTIFY_NEVER;
		if (!jmap_is_mailbox(to->address, false))
			return jmap_set_error(e, "notFound",
			    "Its Disposition-Notification-To has something that is no address.");
		sub->rcpts[i].address.email = to->address;
		s->envelope.is_utf8 |= !utf8_is_ascii(to->address);
	}
	return SET_OK;
}

static enum jmap_set_said
make_message(struct jmap_call *c, struct sending *x, const struct mdn_request *r, struct str from,
    struct jmap_set_error *e)
{
	struct jmap_submitting *s = &x->out;
	char *random = arena_alloc(&s->arena, BUILD_RANDOM_BYTES, 1);
	struct mdn_making making = { .from = from,
		.from_name = x->identity->name,
		.request = r,
		.message = s->map.bytes,
		.now_s = clock_wall_s() };
	uint64_t max = (uint64_t)c->run->host.jmap->sending.message_bytes;
	struct build_part *root;

	e->number_name = "maxSize";
	e->number = max;
	if (!random || x->mdn.text.n > max ||
	    (x->mdn.has_original && s->map.bytes.n + OTHERS_MAX > max))
		return jmap_set_error(e, "tooLarge", NULL);
	random_bytes(random, BUILD_RANDOM_BYTES);
	making.random = str_of(random, BUILD_RANDOM_BYTES);
	if (jmap_mdn_make(&making, &x->mdn, &s->arena, &root) != FAIL_NONE)
		return jmap_set_error(e, "tooLarge", "A text is too long for a header field.");
	buf_init(&s->piece, PIECE_MAX);
	build_init(&s->build, root, making.random);
	s->is_made = true;
	e->number_name = NULL;
	return SET_OK;
}

static enum jmap_set_said
start(struct jmap_call *c, struct sending *x, const struct json_member *creation,
    struct jmap_set_error *e)
{
	const struct jmap *j = c->run->host.jmap;
	struct mdn_request *request;
	struct str from;
	enum jmap_set_said said;

	arena_init(&x->out.arena, SENDING_MAX);
	request = arena_alloc(&x->out.arena, 1, sizeof(*request));
	if (!j || !j->house.queue)
		return jmap_set_error(e, "forbidden", "Nothing is sent from here.");
	said = jmap_mdn_read(&creation->value, &x->out.arena, &x->mdn, e);
	if (said == SET_OK)
		said = find_email(c, x, creation, e);
	if (said == SET_WAIT) /* then all of it again */
		arena_release(&x->out.arena);
	if (said == SET_OK)
		said = request ? read_request(x, request, e) : jmap_submitting_failed(c);
	if (said == SET_OK)
		said = choose_from(c, x, &from, e);
	if (said == SET_OK)
		said = make_envelope(x, request, from, e);
	if (said == SET_OK)
		said = make_message(c, x, request, from, e);
	if (said != SET_OK)
		return said;
	jmap_submitting_start(c, &x->out);
	x->is_under_way = true;
	return SET_OK;
}

/* --- one notification: sent -------------------------------------------------------------------------- */

/* What submissions answer (RFC 8621 7.5), in the words of RFC 9007 2.1. */
static void
translate(struct jmap_set_error *e)
{
	struct str type = str_c(e->type);

	if (str_eq(type, STR("forbiddenToSend")))
		e->type = "rateLimit";
	else if (str_eq(type, STR("invalidRecipients")))
		e->type = "notFound";
	else if (str_eq(type, STR("invalidEmail")))
		e->type = "invalidProperties";
}

/* Others may have told of it while this one waited. */
static enum jmap_set_said
go_on(struct jmap_call *c, struct sending *x, struct jmap_set_error *e)
{
	const struct email_update mark = { .keywords_add = FLAG(KEYWORD_MDNSENT) };
	enum jmap_set_said said = look_at_email(c, x, x->under_way.email, e);

	if (said == SET_OK)
		said = jmap_submitting_go_on(c, &x->out, e);
	if (said == SET_ERROR)
		translate(e);
	if (said != SET_OK)
		return said;
	return email_update(c->account, x->under_way.email, &mark) ? jmap_submitting_failed(c)
								   : SET_OK;
}

static enum jmap_set_said
send_one(struct jmap_call *c, struct sending *x)
{
	const struct json_member *creation = &x->send->members[x->at];
	struct jmap_set_error e = { 0 };
	enum jmap_set_said said = x->is_under_way ? SET_OK : start(c, x, creation, &e);

	if (said == SET_OK)
		said = go_on(c, x, &e);
	if (said == SET_WAIT || said == SET_YIELD)
		return said;
	if (said == SET_ERROR)
		jmap_creations_fail(&x->answers, creation->name, &e);
	if (said == SET_OK) {
		x->sent[x->sent_count++] = x->under_way;
		jmap_creations_add(c, &x->answers, creation->name, (struct str){ 0 });
		jmap_mdn_write(&c->w, &x->mdn);
	}
	jmap_submitting_reset(&x->out);
	x->is_under_way = false;
	x->at++;
	return said;
}

/* --- the method ------------------------------------------------------------------------------------ */

/* The implicit Email/set: the patches of what was sent. */
static bool
follow(struct jmap_call *c, const struct sending *x)
{
	struct arena *arena = &c->run->arena;
	struct json *args = arena_alloc(arena, 1, sizeof(*args));
	struct json_member *members = arena_alloc(arena, 2, sizeof(*members));
	struct json_member *patches = arena_alloc(arena, x->sent_count + 1, sizeof(*patches));
	struct id_text id = id_text(ID_ACCOUNT, c->account->id);

	if (x->sent_count == 0)
		return true;
	if (!args || !members || !patches)
		return false;
	members[0] = (struct json_member){ STR("accountId"),
		{ .type = JSON_STRING, .text = arena_str(arena, id_str(&id)) } };
	for (size_t i = 0; i < x->sent_count; i++) {
		id = id_text(ID_EMAIL, x->sent[i].email);
		patches[i] =
		    (struct json_member){ arena_str(arena, id_str(&id)), *x->sent[i].patch };
	}
	members[1] = (struct json_member){ STR("update"),
		{ .type = JSON_OBJECT, .count = (uint32_t)x->sent_count, .members = patches } };
	*args = (struct json){ .type = JSON_OBJECT, .count = 2, .members = members };
	jmap_follow(c, STR("Email/set"), args);
	return true;
}

enum jmap_step
jmap_mdn_send(struct jmap_call *c)
{
	struct sending *x;

	if (!c->state && !send_begin(c))
		return JMAP_DONE;
	x = c->state;
	while (x->at < x->send->count) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		switch (send_one(c, x)) {
		case SET_OK:
		case SET_ERROR:
		case SET_LATER: break;
		case SET_FAIL: return JMAP_DONE;
		case SET_WAIT: return JMAP_WAIT;
		case SET_YIELD: return JMAP_YIELD;
		}
	}
	jmap_creations_end(c, &x->answers);
	json_object_end(&c->w);
	return follow(c, x) ? JMAP_DONE : jmap_fail_with(c, FAIL_LIMIT);
}
