/*
 * The envelope of a submission: as the client says, or as it follows from the message (RFC 8621 7).
 */
#include "jmap/submission.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "envelope/path.h"
#include "message/address.h"
#include "message/header.h"

/* --- the message ------------------------------------------------------------------------------------ */

struct collecting {
	struct arena *arena;
	struct submission_head *out;
	struct str *rcpts;
	struct str from, sender;
	size_t from_count, from_fields, sender_count, sender_fields;
};

static void
add_rcpt(struct collecting *in, struct str spec)
{
	for (size_t i = 0; i < in->out->rcpt_count; i++)
		if (path_is_same(in->rcpts[i], spec))
			return;
	if (in->out->rcpt_count == SUBMISSION_RCPTS_MAX)
		in->out->has_more_rcpts = true;
	else
		in->rcpts[in->out->rcpt_count++] = spec;
}

/* The addresses of one field: recipients, or the first one and how many there are. */
static bool
take_field(struct collecting *in, struct str value, struct str *first, size_t *count)
{
	struct address_list list;

	address_parse(value, in->arena, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct str spec;

		if (list.items[i].kind != ADDRESS_MAILBOX)
			continue;
		if (!first && in->out->has_more_rcpts)
			break; /* too many are too many: each would be compared with all before it */
		spec = address_spec(&list.items[i], in->arena);
		if (!spec.p)
			return false;
		if (!first)
			add_rcpt(in, spec);
		else if ((*count)++ == 0)
			*first = spec;
	}
	return !list.is_cut;
}

static bool
is_rcpt_field(struct str name)
{
	return str_eq_nocase(name, STR("To")) || str_eq_nocase(name, STR("Cc")) ||
	    str_eq_nocase(name, STR("Bcc"));
}

static bool
collect(struct collecting *in, struct str head)
{
	struct header field;
	bool is_whole = true;

	while (header_next(&head, &field)) {
		if (str_eq_nocase(field.name, STR("From"))) {
			in->from_fields++;
			is_whole &= take_field(in, field.value, &in->from, &in->from_count);
		} else if (str_eq_nocase(field.name, STR("Sender"))) {
			in->sender_fields++;
			is_whole &= take_field(in, field.value, &in->sender, &in->sender_count);
		} else if (is_rcpt_field(field.name)) {
			is_whole &= take_field(in, field.value, NULL, NULL);
		} else if (str_eq_nocase(field.name, STR("Message-ID"))) {
			struct str id = header_unfold(field.value, in->arena);

			if (str_skip_char(&id, '<') && id.n > 0 && id.p[id.n - 1] == '>')
				in->out->message_id = str_head(id, id.n - 1);
		}
	}
	return is_whole;
}

enum fail
jmap_submission_head(struct str bytes, struct arena *a, struct submission_head *out)
{
	struct collecting in = { .arena = a, .out = out };
	bool has_sender, is_whole;

	*out = (struct submission_head){ .rcpt_count = 0 };
	in.rcpts = arena_alloc(a, SUBMISSION_RCPTS_MAX, sizeof(*in.rcpts));
	if (!in.rcpts)
		return FAIL_LIMIT;
	is_whole = collect(&in, str_head(bytes, header_size(bytes)));
	has_sender = in.sender_fields > 0;
	out->rcpts = in.rcpts;
	out->has_from = in.from_fields == 1 && in.from_count > 0;
	out->from = has_sender ? in.sender : in.from;
	out->unclear = has_sender ? STR("sender") : STR("from");
	out->is_from_unclear = (has_sender ? in.sender_count : in.from_count) != 1 ||
	    in.sender_fields > 1 || in.from_fields > 1;
	return is_whole ? FAIL_NONE : FAIL_LIMIT;
}

/* --- what the client says ------------------------------------------------------------------------------ */

/* parameters: Object|null, each value String|null */
static bool
read_params(const struct json *v, struct arena *a, struct submission_address *out)
{
	struct submission_param *params;

	if (json_is(v, JSON_NULL))
		return true;
	if (!json_is(v, JSON_OBJECT) || v->count > SUBMISSION_PARAMS_MAX)
		return false;
	params = arena_alloc(a, (size_t)v->count + 1, sizeof(*params));
	if (!params)
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		params[i].name = v->members[i].name;
		if (!json_is(&v->members[i].value, JSON_NULL) &&
		    !json_get_text(&v->members[i].value, &params[i].value))
			return false;
	}
	out->has_params = true;
	out->params = params;
	out->param_count = v->count;
	return true;
}

/* Address: {"email": String, "parameters": Object|null} */
static bool
read_address(const struct json *v, struct arena *a, struct submission_address *out)
{
	bool has_email = false;

	*out = (struct submission_address){ .has_params = false };
	if (!json_is(v, JSON_OBJECT))
		return false;
	for (uint32_t i = 0; i < v->count; i++) {
		const struct json_member *m = &v->members[i];

		if (str_eq(m->name, STR("email")))
			has_email = json_get_text(&m->value, &out->email);
		else if (!str_eq(m->name, STR("parameters")) || !read_params(&m->value, a, out))
			return false;
	}
	return has_email;
}

enum jmap_set_said
jmap_envelope_read(const struct json *v, struct arena *a, struct submission *out,
    struct jmap_set_error *e)
{
	const struct json *from = json_find(v, STR("mailFrom")), *to = json_find(v, STR("rcptTo"));

	if (!json_is(v, JSON_OBJECT) || v->count != 2 || !json_is(to, JSON_ARRAY) ||
	    !read_address(from, a, &out->from))
		return jmap_set_invalid(e, STR("envelope"), "This is no Envelope.");
	if (to->count > SUBMISSION_RCPTS_MAX) {
		e->number_name = "maxRecipients";
		e->number = SUBMISSION_RCPTS_MAX;
		return jmap_set_error(e, "tooManyRecipients", NULL);
	}
	out->rcpts = arena_alloc(a, (size_t)to->count + 1, sizeof(*out->rcpts));
	if (!out->rcpts)
		return jmap_set_invalid(e, STR("envelope"), "This is too large.");
	out->rcpt_count = to->count;
	for (uint32_t i = 0; i < to->count; i++)
		if (!read_address(&to->items[i], a, &out->rcpts[i].address))
			return jmap_set_invalid(e, STR("envelope"), "A recipient is no Address.");
	return SET_OK;
}

/* --- what follows from the message --------------------------------------------------------------------- */

/* By the Identity: its address, or any of its domain ("*@example.org"). */
static bool
is_allowed(struct str from, struct str identity_email)
{
	size_t at = str_rfind_char(from, '@');

	if (str_starts(identity_email, STR("*@")))
		return at != STR_NONE && at > 0 &&
		    str_eq_nocase(str_from(from, at), str_from(identity_email, 1));
	return str_eq_nocase(from, identity_email);
}

enum jmap_set_said
jmap_envelope_make(const struct submission_head *head, struct str identity_email, struct arena *a,
    struct submission *out, struct jmap_set_error *e)
{
	if (head->is_from_unclear) {
		jmap_set_invalid(e, head->unclear, NULL);
		return jmap_set_error(e, "invalidEmail", "Who sends it is not clear.");
	}
	if (head->has_more_rcpts) {
		e->number_name = "maxRecipients";
		e->number = SUBMISSION_RCPTS_MAX;
		return jmap_set_error(e, "tooManyRecipients", NULL);
	}
	out->from.email = is_allowed(head->from, identity_email) ? head->from : identity_email;
	if (str_starts(out->from.email, STR("*@")))
		return jmap_set_error(e, "forbiddenMailFrom",
		    "The sender is in another domain than the Identity.");
	out->rcpts = arena_alloc(a, head->rcpt_count + 1, sizeof(*out->rcpts));
	if (!out->rcpts)
		return jmap_set_error(e, "tooLarge", NULL);
	out->rcpt_count = head->rcpt_count;
	for (size_t i = 0; i < head->rcpt_count; i++)
		out->rcpts[i].address.email = head->rcpts[i];
	return SET_OK;
}

/* --- both ------------------------------------------------------------------------------------------------ */

bool
jmap_is_mailbox(struct str email, bool may_be_null)
{
	struct path path;
	struct buf text;
	struct str cur;
	bool is_good;

	if (str_empty(email))
		return may_be_null;
	buf_init(&text, SMTP_PATH_MAX + 2);
	buf_add_char(&text, '<');
	buf_add(&text, email);
	buf_add_char(&text, '>');
	cur = buf_str(&text);
	is_good = buf_ok(&text) && path_parse(&cur, &path) == FAIL_NONE && cur.n == 0 &&
	    str_eq(path.address, email) && !str_empty(path.domain);
	buf_release(&text);
	return is_good;
}

enum jmap_set_said
jmap_envelope_check(const struct submission *s, struct arena *a, struct jmap_set_error *e)
{
	struct str *bad = arena_alloc(a, s->rcpt_count + 1, sizeof(*bad));

	if (!bad || submission_envelope_bytes(s) > SUBMISSION_ENVELOPE_MAX)
		return jmap_set_invalid(e, STR("envelope"), "This is too large.");
	if (!jmap_is_mailbox(s->from.email, true))
		return jmap_set_invalid(e, STR("envelope"), "The sender is no address.");
	if (s->rcpt_count == 0)
		return jmap_set_error(e, "noRecipients", NULL);
	for (size_t i = 0; i < s->rcpt_count; i++)
		if (!jmap_is_mailbox(s->rcpts[i].address.email, false))
			bad[e->list_count++] = arena_str(a, s->rcpts[i].address.email);
	if (e->list_count == 0)
		return SET_OK;
	e->list_name = "invalidRecipients";
	e->list = bad;
	return jmap_set_error(e, "invalidRecipients", "These are no addresses.");
}
