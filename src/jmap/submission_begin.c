/*
 * A creation of EmailSubmission: what the object says, is it right, whom does it go to (submission.h).
 */
#include "jmap/submission.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "codec/utf8.h"
#include "jmap/identity.h"
#include "jmap/private.h"
#include "mail/email.h"
#include "mail/identity.h"

#define SUBMITTING_MAX (4 * 1024 * 1024) /* bytes: an envelope and the addresses of a header */

static const struct jmap *
jmap_of(const struct jmap_call *c)
{
	return c->run->host.jmap;
}

struct asked { /* the properties of the object */
	const struct json *envelope;
	struct str email, identity;
};

static enum jmap_set_said
take_property(const struct json_member *m, struct asked *out, struct jmap_set_error *e)
{
	struct str *id = NULL;

	if (str_eq(m->name, STR("envelope"))) {
		out->envelope = json_is(&m->value, JSON_NULL) ? NULL : &m->value;
		return SET_OK;
	}
	if (str_eq(m->name, STR("emailId")))
		id = &out->email;
	else if (str_eq(m->name, STR("identityId")))
		id = &out->identity;
	else
		return jmap_set_invalid(e, m->name, "The server sets this, or knows no such.");
	return json_get_text(&m->value, id) ? SET_OK
					    : jmap_set_invalid(e, m->name, "This is no Id.");
}

static enum jmap_set_said
take_properties(const struct json *object, struct asked *out, struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	*out = (struct asked){ .envelope = NULL };
	for (uint32_t i = 0; i < object->count && jmap_set_goes_on(said, e); i++)
		said = jmap_set_both(said, take_property(&object->members[i], out, e));
	return said;
}

static enum jmap_set_said
find_identity(struct jmap_call *c, struct jmap_submitting *s, struct str text,
    struct str *email_out, struct jmap_set_error *e)
{
	struct str id = jmap_created_find(c->run, text);
	struct identity *identity;
	enum fail fail = FAIL_MISSING;

	if (id.p && id_parse(id, ID_IDENTITY, &s->submission.identity_id))
		fail = identity_get(c->account, s->submission.identity_id, &s->arena, &identity);
	if (fail == FAIL_MISSING)
		return jmap_set_invalid(e, STR("identityId"), "There is no such Identity.");
	if (fail)
		return jmap_set_failed(c);
	*email_out = identity->email;
	return SET_OK;
}

static enum jmap_set_said
find_email(struct jmap_call *c, struct jmap_submitting *s, struct str text,
    struct jmap_set_error *e)
{
	struct str id = jmap_created_find(c->run, text);
	struct email *email;
	enum fail fail = FAIL_MISSING;

	if (id.p && id_parse(id, ID_EMAIL, &s->submission.email_id))
		fail = email_get(c->account, s->submission.email_id, &s->arena, &email);
	if (fail == FAIL_NONE && !email_is_visible(email))
		fail = FAIL_MISSING;
	if (fail == FAIL_NONE)
		fail = email_map_wait(c->account, s->submission.email_id, &s->fetch,
		    c->run->host.task, &s->map);
	if (jmap_waits(c, &s->fetch))
		return SET_WAIT;
	if (fail == FAIL_MISSING)
		return jmap_set_invalid(e, STR("emailId"), "There is no such Email.");
	if (fail)
		return jmap_set_failed(c);
	s->submission.thread_id = email->thread_id;
	return SET_OK;
}

/* May the message be sent as it is, whoever gets it? */
static enum jmap_set_said
check_message(struct jmap_call *c, const struct jmap_submitting *s,
    const struct submission_head *head, struct jmap_set_error *e)
{
	const struct jmap_sending *sending = &jmap_of(c)->sending;

	if ((int64_t)s->map.bytes.n > sending->message_bytes) {
		e->number_name = "maxSize";
		e->number = (uint64_t)sending->message_bytes;
		return jmap_set_error(e, "tooLarge", NULL);
	}
	if (!head->has_from) {
		jmap_set_invalid(e, STR("from"), NULL);
		return jmap_set_error(e, "invalidEmail", "There is one From field in a message.");
	}
	return SET_OK;
}

/* Parameters become what the queue knows; an ENVID of ours where the client said none, for reports to name. */
static enum jmap_set_said
take_params(struct jmap_call *c, struct jmap_submitting *s, struct jmap_set_error *e)
{
	const struct jmap_sending *sending = &jmap_of(c)->sending;
	const struct param_limits limits = { clock_wall_s(), sending->hold_ms / 1000,
		sending->message_bytes };
	struct submission *sub = &s->submission;
	char random[sizeof(s->log_id)];
	bool is_good = true;

	s->envelope = (struct envelope){ .sender = sub->from.email, .body = BODY_8BITMIME };
	s->envelope.is_utf8 = !utf8_is_ascii(sub->from.email);
	for (size_t i = 0; i < sub->from.param_count; i++)
		is_good &= jmap_mail_param(&sub->from.params[i], &limits, &s->envelope);
	for (size_t i = 0; i < sub->rcpt_count; i++) {
		const struct submission_address *a = &sub->rcpts[i].address;
		struct envelope_rcpt *to = &s->rcpts[i].deposit.envelope;

		to->address = a->email;
		s->envelope.is_utf8 |= !utf8_is_ascii(a->email);
		for (size_t k = 0; k < a->param_count; k++)
			is_good &= jmap_rcpt_param(&a->params[k], &s->arena, to);
	}
	if (!is_good)
		return jmap_set_invalid(e, STR("envelope"), "A parameter is wrong, or not known.");
	jmap_submitting_text(random, sizeof(random));
	if (str_empty(s->envelope.id))
		s->envelope.id = arena_str(&s->arena, str_of(random, sizeof(random)));
	sub->envelope_id = s->envelope.id;
	sub->send_s = s->envelope.hold_s > limits.now_s ? s->envelope.hold_s : limits.now_s;
	return SET_OK;
}

static enum jmap_set_said
make_envelope(struct jmap_call *c, struct jmap_submitting *s, const struct asked *asked,
    struct str identity, struct jmap_set_error *e)
{
	struct submission_head head;
	enum jmap_set_said said;

	if (jmap_submission_head(s->map.bytes, &s->arena, &head) != FAIL_NONE)
		return jmap_set_error(e, "invalidEmail", "Its header has too many addresses.");
	s->submission.message_id = head.message_id;
	said = check_message(c, s, &head, e);
	if (said == SET_OK && asked->envelope)
		said = jmap_envelope_read(asked->envelope, &s->arena, &s->submission, e);
	else if (said == SET_OK)
		said = jmap_envelope_make(&head, identity, &s->arena, &s->submission, e);
	if (said == SET_OK)
		said = jmap_envelope_check(&s->submission, &c->arena, e);
	if (said != SET_OK)
		return said;
	if (!str_empty(s->submission.from.email) && !jmap_may_send_as(c, s->submission.from.email))
		return jmap_set_error(e, "forbiddenMailFrom", "This is no address of the user.");
	s->rcpts = arena_alloc(&s->arena, s->submission.rcpt_count, sizeof(*s->rcpts));
	return s->rcpts ? take_params(c, s, e) : jmap_set_error(e, "tooLarge", NULL);
}
static enum jmap_set_said
begin(struct jmap_call *c, struct jmap_submitting *s, const struct json *object,
    struct jmap_set_error *e)
{
	const struct jmap *j = jmap_of(c);
	struct str identity;
	struct asked asked;
	enum jmap_set_said said = take_properties(object, &asked, e);

	if (said != SET_OK)
		return said;
	if (!j || !j->house.queue)
		return jmap_set_error(e, "forbiddenToSend", "Nothing is sent from here.");
	arena_init(&s->arena, SUBMITTING_MAX);
	said = find_identity(c, s, asked.identity, &identity, e);
	if (said == SET_OK)
		said = find_email(c, s, asked.email, e);
	if (said == SET_WAIT) /* then all of it again */
		arena_release(&s->arena);
	if (said == SET_OK)
		said = make_envelope(c, s, &asked, identity, e);
	if (said != SET_OK)
		return said;
	jmap_submitting_start(c, s);
	return SET_OK;
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

enum jmap_set_said
jmap_submitting_run(struct jmap_call *c, struct jmap_submitting *s, const struct json *object,
    uint64_t *id_out, struct jmap_set_error *e)
{
	enum jmap_set_said said = SET_OK;

	if (s->state == SUBMITTING_IDLE)
		said = begin(c, s, object, e);
	if (said == SET_OK)
		said = jmap_submitting_go_on(c, s, e);
	if (said == SET_WAIT || said == SET_YIELD)
		return said;
	*id_out = s->submission.id;
	jmap_submitting_reset(s);
	return said;
}
