/*
 * VacationResponse/get and /set (RFC 8621 8): there is one, whose id is "singleton".
 */
#include "mail/vacation.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/patch.h"
#include "message/date.h"

enum property {
	PROPERTY_ID,
	PROPERTY_IS_ENABLED,
	PROPERTY_FROM_DATE,
	PROPERTY_TO_DATE,
	PROPERTY_SUBJECT,
	PROPERTY_TEXT_BODY,
	PROPERTY_HTML_BODY,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("isEnabled"),
	STR_INIT("fromDate"), STR_INIT("toDate"), STR_INIT("subject"), STR_INIT("textBody"),
	STR_INIT("htmlBody") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

static const struct str singleton = STR_INIT("singleton");

/* --- get ---------------------------------------------------------------------------------------------- */

static void
write_text(struct json_writer *w, struct str text)
{
	if (text.p)
		json_string(w, text);
	else
		json_null(w);
}

static void
write_date(struct json_writer *w, bool is_set, int64_t time_s)
{
	if (is_set)
		jmap_write_date(w, time_s, 0);
	else
		json_null(w);
}

static void
write_property(struct json_writer *w, const struct vacation *v, enum property property)
{
	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: json_string(w, singleton); break;
	case PROPERTY_IS_ENABLED: json_bool(w, v->is_enabled); break;
	case PROPERTY_FROM_DATE: write_date(w, v->has_from, v->from_s); break;
	case PROPERTY_TO_DATE: write_date(w, v->has_to, v->to_s); break;
	case PROPERTY_SUBJECT: write_text(w, v->subject); break;
	case PROPERTY_TEXT_BODY: write_text(w, v->text); break;
	case PROPERTY_HTML_BODY: write_text(w, v->html); break;
	case PROPERTY_COUNT: break;
	}
}

/* Is it asked for? Ids that are not it are written into notFound, each once. */
static bool
is_asked(const struct json *ids)
{
	bool is_asked = ids == NULL;

	for (uint32_t i = 0; ids && i < ids->count; i++)
		is_asked |= str_eq(ids->items[i].text, singleton);
	return is_asked;
}

static bool
is_first(const struct json *ids, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (str_eq(ids->items[i].text, ids->items[at].text))
			return false;
	return true;
}

static void
write_missing(struct jmap_call *c, const struct json *ids)
{
	json_name(&c->w, STR("notFound"));
	json_array_begin(&c->w);
	for (uint32_t i = 0; ids && i < ids->count; i++)
		if (!str_eq(ids->items[i].text, singleton) && is_first(ids, i))
			json_string(&c->w, ids->items[i].text);
	json_array_end(&c->w);
}

enum jmap_step
jmap_vacation_get(struct jmap_call *c)
{
	const struct json *ids, *properties;
	struct vacation *v;
	uint32_t asked;
	enum fail fail;

	if (!jmap_arg_texts(c, STR("ids"), &ids) ||
	    !jmap_arg_texts(c, STR("properties"), &properties) ||
	    !jmap_properties(c, properties, property_names, PROPERTY_COUNT,
		(1 << PROPERTY_COUNT) - 1, &asked))
		return JMAP_DONE;
	if (ids && ids->count > JMAP_GET_MAX)
		return jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
	fail = vacation_get(c->account, &c->arena, &v);
	if (fail)
		return jmap_fail_with(c, fail);
	json_object_begin(&c->w);
	jmap_write_account(c);
	jmap_write_state(&c->w, STR("state"), change_state(c->account, CHANGE_VACATION));
	json_name(&c->w, STR("list"));
	json_array_begin(&c->w);
	if (is_asked(ids)) {
		json_object_begin(&c->w);
		for (unsigned p = 0; p < PROPERTY_COUNT; p++)
			if (asked & (uint32_t)1 << p)
				write_property(&c->w, v, (enum property)p);
		json_object_end(&c->w);
	}
	json_array_end(&c->w);
	write_missing(c, ids);
	json_object_end(&c->w);
	return JMAP_DONE;
}

/* --- set: the patch ----------------------------------------------------------------------------------- */

static enum jmap_set_said
take_text(const struct json_member *m, struct str *out, struct jmap_set_error *e)
{
	*out = (struct str){ 0 };
	if (json_is(&m->value, JSON_NULL) || json_get_text(&m->value, out))
		return SET_OK;
	return jmap_set_invalid(e, m->name, "This is no text.");
}

static enum jmap_set_said
take_date(const struct json_member *m, bool *has_out, int64_t *out, struct jmap_set_error *e)
{
	struct str text;
	struct date date;

	*has_out = false;
	*out = 0;
	if (json_is(&m->value, JSON_NULL))
		return SET_OK;
	if (!json_get_text(&m->value, &text) || date_parse_3339(text, &date) != FAIL_NONE ||
	    !str_ends(text, STR("Z")))
		return jmap_set_invalid(e, m->name, "This is no UTCDate.");
	*has_out = true;
	*out = date.unix_s;
	return SET_OK;
}

static enum jmap_set_said
take_property(const struct json_member *m, struct vacation *to, struct jmap_set_error *e)
{
	unsigned property = 0;
	struct str text;

	while (property < PROPERTY_COUNT && !str_eq(property_names[property], m->name))
		property++;
	switch ((enum property)property) {
	case PROPERTY_ID:
		if (json_get_text(&m->value, &text) && str_eq(text, singleton))
			return SET_OK;
		break;
	case PROPERTY_IS_ENABLED:
		if (json_get_bool(&m->value, &to->is_enabled))
			return SET_OK;
		return jmap_set_invalid(e, m->name, "This is no Boolean.");
	case PROPERTY_FROM_DATE: return take_date(m, &to->has_from, &to->from_s, e);
	case PROPERTY_TO_DATE: return take_date(m, &to->has_to, &to->to_s, e);
	case PROPERTY_SUBJECT: return take_text(m, &to->subject, e);
	case PROPERTY_TEXT_BODY: return take_text(m, &to->text, e);
	case PROPERTY_HTML_BODY: return take_text(m, &to->html, e);
	case PROPERTY_COUNT: break;
	}
	return jmap_patch_refuse(m, "The server sets this, or knows no such.", e);
}

/* A subject stands in a header: no line ends in it. */
static bool
is_line(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '\0')
			return false;
	return true;
}

/* SET_FAIL: the call's error was set. */
static enum jmap_set_said
update(struct jmap_call *c, const struct json *patch, struct jmap_set_error *e)
{
	struct vacation *to;
	enum fail fail = vacation_get(c->account, &c->arena, &to);
	enum jmap_set_said said = SET_OK;

	for (uint32_t i = 0; fail == FAIL_NONE && jmap_set_goes_on(said, e) && i < patch->count;
	     i++)
		said = jmap_set_both(said, take_property(&patch->members[i], to, e));
	if (fail == FAIL_NONE && said == SET_OK && !is_line(to->subject))
		said = jmap_set_invalid(e, STR("subject"), "A subject is one line.");
	if (fail == FAIL_NONE && said == SET_OK && vacation_too_long(to)) {
		jmap_set_invalid(e, str_c(vacation_too_long(to)), NULL);
		said = jmap_set_error(e, "tooLarge", "This is too long.");
	}
	if (fail == FAIL_NONE && said == SET_OK && patch->count > 0)
		fail = vacation_set(c->account, to);
	if (fail == FAIL_NONE)
		return said;
	return jmap_set_failed(c);
}

/* --- set: the method ------------------------------------------------------------------------------------ */

/* The argument, an object of objects or (destroy) a list of texts; false when the call's error was set. */
static bool
take_argument(struct jmap_call *c, struct str name, enum json_type type, const struct json **out)
{
	const struct json *v = jmap_arg(c->args, name);
	bool is_good = !v || json_is(v, type);

	for (uint32_t i = 0; v && is_good && i < v->count; i++)
		is_good = type == JSON_OBJECT ? json_is(&v->members[i].value, JSON_OBJECT)
					      : json_is(&v->items[i], JSON_STRING);
	*out = v;
	if (!is_good)
		jmap_invalid(c, "An argument has the wrong type.");
	if (is_good && v && v->count > JMAP_SET_MAX) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInSet.");
		return false;
	}
	return is_good;
}

/* notCreated and notDestroyed: there is one, and it stays (RFC 8620 5.3, singleton). */
static void
write_refused(struct jmap_call *c, struct str name, const struct json *v)
{
	json_name(&c->w, name);
	if (!v || v->count == 0) {
		json_null(&c->w);
		return;
	}
	json_object_begin(&c->w);
	for (uint32_t i = 0; i < v->count; i++) {
		bool is_object = v->type == JSON_OBJECT;
		struct str id = is_object ? v->members[i].name : v->items[i].text;
		struct jmap_set_error e = {
			.type = is_object || str_eq(id, singleton) ? "singleton" : "notFound"
		};

		if (!is_object && !is_first(v, i))
			continue;
		json_name(&c->w, id);
		jmap_set_error_write(&c->w, &e);
	}
	json_object_end(&c->w);
}

/* All of "update"; false when the call's error was set. */
static bool
write_updates(struct jmap_call *c, const struct json *v)
{
	struct jmap_set_error e = { .type = NULL };
	const struct json *patch = json_find(v, singleton);
	enum jmap_set_said said = patch ? update(c, patch, &e) : SET_ERROR;
	uint32_t failed = (v ? v->count : 0) - (said == SET_OK);

	if (said == SET_FAIL)
		return false;
	json_name(&c->w, STR("updated"));
	if (said == SET_OK) {
		json_object_begin(&c->w);
		json_name_null(&c->w, singleton);
		json_object_end(&c->w);
	} else {
		json_null(&c->w);
	}
	json_name(&c->w, STR("notUpdated"));
	if (failed == 0) {
		json_null(&c->w);
		return true;
	}
	json_object_begin(&c->w);
	for (uint32_t i = 0; i < v->count; i++) {
		struct jmap_set_error missing = { .type = "notFound" };
		bool is_it = str_eq(v->members[i].name, singleton);

		if (is_it && said == SET_OK)
			continue;
		json_name(&c->w, v->members[i].name);
		jmap_set_error_write(&c->w, is_it ? &e : &missing);
	}
	json_object_end(&c->w);
	return true;
}

enum jmap_step
jmap_vacation_set(struct jmap_call *c)
{
	const struct json *create, *change, *destroy;

	/* answers go out for the addresses that the identities know */
	if (!jmap_identities_ready(c) || !take_argument(c, STR("create"), JSON_OBJECT, &create) ||
	    !take_argument(c, STR("update"), JSON_OBJECT, &change) ||
	    !take_argument(c, STR("destroy"), JSON_ARRAY, &destroy) ||
	    !jmap_set_state(c, CHANGE_VACATION))
		return JMAP_DONE;
	json_object_begin(&c->w);
	jmap_write_account(c);
	jmap_write_state(&c->w, STR("oldState"), change_state(c->account, CHANGE_VACATION));
	json_name_null(&c->w, STR("created"));
	write_refused(c, STR("notCreated"), create);
	if (!write_updates(c, change))
		return JMAP_DONE;
	json_name_null(&c->w, STR("destroyed"));
	write_refused(c, STR("notDestroyed"), destroy);
	jmap_write_state(&c->w, STR("newState"), change_state(c->account, CHANGE_VACATION));
	json_object_end(&c->w);
	return JMAP_DONE;
}
