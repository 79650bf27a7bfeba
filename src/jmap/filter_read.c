/*
 * A filter is read: FilterOperators and FilterConditions become a tree (RFC 8620 5.5, RFC 8621 4.4.1).
 */
#include "jmap/filter_inner.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "message/date.h"
#include "message/text.h"

static const struct str test_names[] = { STR_INIT("AND"), STR_INIT("OR"), STR_INIT("NOT"),
	STR_INIT("inMailbox"), STR_INIT("inMailboxOtherThan"), STR_INIT("before"),
	STR_INIT("after"), STR_INIT("minSize"), STR_INIT("maxSize"),
	STR_INIT("allInThreadHaveKeyword"), STR_INIT("someInThreadHaveKeyword"),
	STR_INIT("noneInThreadHaveKeyword"), STR_INIT("hasKeyword"), STR_INIT("notKeyword"),
	STR_INIT("hasAttachment"), STR_INIT("text"), STR_INIT("from"), STR_INIT("to"),
	STR_INIT("cc"), STR_INIT("bcc"), STR_INIT("subject"), STR_INIT("body"),
	STR_INIT("header") };
static_assert(ARRAY_LEN(test_names) == TEST_COUNT, "a name per test");

struct reading {
	struct jmap_call *call;
	size_t count, bytes; /* JMAP_FILTER_MAX, JMAP_WORDS_MAX */
};

static bool
too_many(struct reading *r)
{
	jmap_fail(r->call, "unsupportedFilter", "The filter has too many conditions or words.");
	return false;
}

static struct filter *
filter_new(struct reading *r, enum test test)
{
	struct filter *f = NULL;

	if (++r->count <= JMAP_FILTER_MAX)
		f = arena_alloc(&r->call->arena, 1, sizeof(*f));
	if (!f) {
		too_many(r);
		return NULL;
	}
	f->test = test;
	return f;
}

static bool
bad(struct reading *r, const char *text)
{
	jmap_invalid(r->call, text);
	return false;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* One or more mailbox ids; unknown ones match nothing. */
static bool
read_mailboxes(struct reading *r, struct filter *f, const struct json *items, size_t count)
{
	f->mailboxes = arena_alloc(&r->call->arena, count + 1, sizeof(*f->mailboxes));
	if (!f->mailboxes)
		return bad(r, "The filter is too large.");
	for (size_t i = 0; i < count; i++) {
		struct str text;
		uint64_t id;

		if (!json_get_text(&items[i], &text))
			return bad(r, "A mailbox id is no text.");
		text = jmap_created_find(r->call->run, text);
		if (!text.p || !id_parse(text, ID_MAILBOX, &id) || id > UINT32_MAX ||
		    !jmap_may(r->call->access, (uint32_t)id, MAY_READ_ITEMS))
			id = 0;
		f->mailboxes[f->mailbox_count++] = (uint32_t)id;
	}
	return true;
}

/* As i;unicode-casemap compares them. */
static bool
fold_words(struct reading *r, struct filter *f)
{
	bool fits;

	f->folded = arena_alloc(&r->call->arena, f->word_count + 1, sizeof(*f->folded));
	fits = f->folded != NULL;
	for (size_t i = 0; fits && i < f->word_count; i++) {
		f->folded[i] = text_folded(f->words[i], &r->call->arena);
		fits = f->folded[i].p != NULL;
	}
	return fits || bad(r, "The filter is too large.");
}

/* Words, and phrases in quotes (RFC 8621 4.4.1). */
static bool
read_words(struct reading *r, struct filter *f, struct str text)
{
	r->bytes += text.n;
	if (r->bytes > JMAP_WORDS_MAX)
		return too_many(r);
	f->words = arena_alloc(&r->call->arena, text.n / 2 + 1, sizeof(*f->words));
	f->progress = arena_alloc(&r->call->arena, 1, sizeof(*f->progress));
	if (!f->words || !f->progress)
		return bad(r, "The filter is too large.");
	for (text = str_trim(text); text.n > 0; text = str_trim(text)) {
		char quote = text.p[0];
		size_t n = 0;
		bool is_quoted = (quote == '"' || quote == '\'') &&
		    str_find_char(str_from(text, 1), quote) != STR_NONE;

		if (is_quoted)
			text = str_from(text, 1);
		while (n < text.n && (is_quoted ? text.p[n] != quote : !char_is_space(text.p[n])))
			n++;
		if (n > 0 && ++r->count > JMAP_FILTER_MAX)
			return too_many(r);
		if (n > 0)
			f->words[f->word_count++] = str_head(text, n);
		text = str_from(text, n + is_quoted);
	}
	f->proofs = arena_alloc(&r->call->arena, f->word_count + 1, sizeof(*f->proofs));
	return f->proofs ? fold_words(r, f) : bad(r, "The filter is too large.");
}

/* ["Name"] or ["Name", "text"] */
static bool
read_header(struct reading *r, struct filter *f, const struct json *v)
{
	struct str text;

	if (!json_is(v, JSON_ARRAY) || v->count < 1 || v->count > 2 ||
	    !json_get_text(&v->items[0], &f->name))
		return bad(r, "header is a list of one or two texts.");
	if (v->count == 1)
		return read_words(r, f,
		    STR("")); /* none, but an empty one stands there for the file */
	if (!json_get_text(&v->items[1], &text))
		return bad(r, "header is a list of one or two texts.");
	return read_words(r, f, text);
}

static bool
read_keyword(struct reading *r, struct filter *f, const struct json *v)
{
	struct str text;
	enum fail fail;

	if (!json_get_text(v, &text))
		return bad(r, "A keyword is no text.");
	fail = keyword_bits(r->call->account, &text, 1, false, &f->keyword, NULL);
	if (fail == FAIL_TEMP) {
		jmap_fail_with(r->call, fail);
		return false;
	}
	return true; /* what is no keyword is on no message */
}

static bool
read_number(struct reading *r, struct filter *f, const struct json *v)
{
	struct date date;
	struct str text;
	bool is_true;

	switch ((unsigned)f->test) {
	case TEST_BEFORE:
	case TEST_AFTER:
		if (!json_get_text(v, &text) || date_parse_3339(text, &date) != FAIL_NONE)
			return bad(r, "A date is no UTCDate.");
		f->number = date.unix_s;
		return true;
	case TEST_HAS_ATTACHMENT:
		if (!json_get_bool(v, &is_true))
			return bad(r, "hasAttachment is a Boolean.");
		f->number = is_true;
		return true;
	default:
		if (!json_get_int(v, &f->number) || f->number < 0)
			return bad(r, "A size is no UnsignedInt.");
		return true;
	}
}

static bool
read_value(struct reading *r, struct filter *f, const struct json *v)
{
	struct str text;

	switch (f->test) {
	case TEST_IN_MAILBOX: return read_mailboxes(r, f, v, 1);
	case TEST_IN_OTHER_THAN:
		if (!json_is(v, JSON_ARRAY))
			return bad(r, "inMailboxOtherThan is a list.");
		r->count += v->count;
		if (r->count > JMAP_FILTER_MAX)
			return too_many(r);
		return read_mailboxes(r, f, v->items, v->count);
	case TEST_BEFORE:
	case TEST_AFTER:
	case TEST_MIN_SIZE:
	case TEST_MAX_SIZE:
	case TEST_HAS_ATTACHMENT: return read_number(r, f, v);
	case TEST_ALL_IN_THREAD:
	case TEST_SOME_IN_THREAD:
	case TEST_NONE_IN_THREAD:
	case TEST_HAS_KEYWORD:
	case TEST_NOT_KEYWORD: return read_keyword(r, f, v);
	case TEST_TEXT:
	case TEST_FROM:
	case TEST_TO:
	case TEST_CC:
	case TEST_BCC:
	case TEST_SUBJECT:
	case TEST_BODY:
		if (!json_get_text(v, &text))
			return bad(r, "A text to look for is no text.");
		return read_words(r, f, text);
	case TEST_HEADER: return read_header(r, f, v);
	case TEST_AND:
	case TEST_OR:
	case TEST_NOT:
	case TEST_COUNT: break;
	}
	return false;
}

static struct filter *filter_read_any(struct reading *r, const struct json *v);

/* FilterOperator {operator, conditions}; its depth is bounded by JSON_DEPTH_MAX. */
static struct filter *
read_operator(struct reading *r, const struct json *v)
{
	const struct json *conditions = json_find(v, STR("conditions"));
	struct str name;
	struct filter *f;
	unsigned test;

	if (!json_get_text(json_find(v, STR("operator")), &name) ||
	    !json_is(conditions, JSON_ARRAY)) {
		bad(r, "A FilterOperator needs operator and conditions.");
		return NULL;
	}
	for (test = 0; test <= TEST_NOT; test++)
		if (str_eq(test_names[test], name))
			break;
	if (test > TEST_NOT) {
		bad(r, "An operator is AND, OR or NOT.");
		return NULL;
	}
	f = filter_new(r, (enum test)test);
	if (!f)
		return NULL;
	f->below = arena_alloc(&r->call->arena, conditions->count + 1, sizeof(*f->below));
	for (uint32_t i = 0; f->below && i < conditions->count; i++) {
		f->below[i] = filter_read_any(r, &conditions->items[i]);
		if (!f->below[i])
			return NULL;
		f->below_count++;
	}
	return f->below ? f : NULL;
}

/* FilterCondition: all of its members must hold. */
static struct filter *
read_condition(struct reading *r, const struct json *v)
{
	struct filter *all = filter_new(r, TEST_AND);

	if (!all)
		return NULL;
	all->below = arena_alloc(&r->call->arena, v->count + 1, sizeof(*all->below));
	for (uint32_t i = 0; all->below && i < v->count; i++) {
		const struct json_member *member = &v->members[i];
		struct filter *f;
		unsigned test = TEST_NOT + 1;

		while (test < TEST_COUNT && !str_eq(test_names[test], member->name))
			test++;
		if (test == TEST_COUNT) {
			jmap_fail(r->call, "unsupportedFilter", "There is no such condition.");
			return NULL;
		}
		f = filter_new(r, (enum test)test);
		if (!f || !read_value(r, f, &member->value))
			return NULL;
		all->below[all->below_count++] = f;
	}
	return all->below ? all : NULL;
}

static struct filter *
filter_read_any(struct reading *r, const struct json *v)
{
	if (!json_is(v, JSON_OBJECT)) {
		bad(r, "A filter is no object.");
		return NULL;
	}
	return json_find(v, STR("operator")) ? read_operator(r, v) : read_condition(r, v);
}

struct filter *
filter_read(struct jmap_call *c, const struct json *v)
{
	struct reading r = { .call = c };
	struct filter *f = v ? filter_read_any(&r, v) : filter_new(&r, TEST_AND);

	if (!f && !c->error)
		jmap_fail_with(c, FAIL_LIMIT);
	return f;
}
