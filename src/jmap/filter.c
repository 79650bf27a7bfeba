#include "jmap/filter.h"

/* system */
#include <assert.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mail/mailbox.h"
#include "mail/thread.h"
#include "message/body.h"
#include "message/date.h"
#include "message/header.h"
#include "message/text.h"

enum test {
	TEST_AND,
	TEST_OR,
	TEST_NOT,
	TEST_IN_MAILBOX,
	TEST_IN_OTHER_THAN,
	TEST_BEFORE,
	TEST_AFTER,
	TEST_MIN_SIZE,
	TEST_MAX_SIZE,
	TEST_ALL_IN_THREAD,
	TEST_SOME_IN_THREAD,
	TEST_NONE_IN_THREAD,
	TEST_HAS_KEYWORD,
	TEST_NOT_KEYWORD,
	TEST_HAS_ATTACHMENT,
	TEST_TEXT,
	TEST_FROM,
	TEST_TO,
	TEST_CC,
	TEST_BCC,
	TEST_SUBJECT,
	TEST_BODY,
	TEST_HEADER,
	TEST_COUNT
};

static const struct str test_names[] = { STR_INIT("AND"), STR_INIT("OR"), STR_INIT("NOT"),
	STR_INIT("inMailbox"), STR_INIT("inMailboxOtherThan"), STR_INIT("before"),
	STR_INIT("after"), STR_INIT("minSize"), STR_INIT("maxSize"),
	STR_INIT("allInThreadHaveKeyword"), STR_INIT("someInThreadHaveKeyword"),
	STR_INIT("noneInThreadHaveKeyword"), STR_INIT("hasKeyword"), STR_INIT("notKeyword"),
	STR_INIT("hasAttachment"), STR_INIT("text"), STR_INIT("from"), STR_INIT("to"),
	STR_INIT("cc"), STR_INIT("bcc"), STR_INIT("subject"), STR_INIT("body"),
	STR_INIT("header") };
static_assert(ARRAY_LEN(test_names) == TEST_COUNT, "a name per test");

/* How far a text was looked for in the file of one Email. */
struct progress {
	uint64_t email;
	size_t found; /* words that are there */
	bool is_missing;
};

struct filter {
	enum test test;
	const struct filter **below; /* of operators */
	size_t below_count;
	uint32_t *mailboxes;
	size_t mailbox_count;
	int64_t number;    /* date, size, flag */
	uint64_t keyword;  /* 0: a keyword that no message has */
	struct str *words; /* of a text */
	size_t word_count;
	struct progress *progress; /* arena; of a text */
	struct str name;           /* of a header */
};

struct reading {
	struct jmap_call *call;
	unsigned count;
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
		if (!text.p || !id_parse(text, ID_MAILBOX, &id) || id > UINT32_MAX)
			id = 0;
		f->mailboxes[f->mailbox_count++] = (uint32_t)id;
	}
	return true;
}

/* Words, and phrases in quotes (RFC 8621 4.4.1). */
static bool
read_words(struct reading *r, struct filter *f, struct str text)
{
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
	return true;
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
		return true;
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

uint32_t
filter_mailbox(const struct filter *f)
{
	uint32_t found = 0;

	if (f->test == TEST_IN_MAILBOX)
		return f->mailboxes[0];
	for (size_t i = 0; f->test == TEST_AND && i < f->below_count && !found; i++)
		found = filter_mailbox(f->below[i]);
	return found;
}

bool
filter_is_mailbox_only(const struct filter *f)
{
	if (f->test == TEST_IN_MAILBOX)
		return true;
	return f->test == TEST_AND && f->below_count == 1 && filter_is_mailbox_only(f->below[0]);
}

/* --- narrowing -------------------------------------------------------------------------------- */

static enum search_where
where_of(enum test test)
{
	if (test == TEST_TEXT)
		return SEARCH_IN_ALL;
	return test == TEST_BODY ? SEARCH_IN_BODY : SEARCH_IN_HEADER;
}

/* As deep as filters may nest. False: the arena is full. */
static bool
narrow(const struct filter *f, struct arena *a, struct search_term *parent)
{
	bool is_text = f->test >= TEST_TEXT && f->word_count > 0;
	struct search_term *t = search_term_add(a, parent,
	    f->test == TEST_AND || is_text ? SEARCH_EACH
		: f->test == TEST_OR       ? SEARCH_EITHER
					   : SEARCH_ANYTHING);

	if (!t)
		return false;
	for (size_t i = 0; i < f->below_count && t->kind != SEARCH_ANYTHING; i++)
		if (!narrow(f->below[i], a, t))
			return false;
	for (size_t i = 0; i < f->word_count && is_text; i++) {
		struct search_term *word = search_term_add(a, t, SEARCH_TEXT);

		if (!word)
			return false;
		word->where = where_of(f->test);
		word->text = f->words[i];
	}
	return true;
}

struct search_term *
filter_narrow(const struct filter *f, struct arena *a)
{
	struct search_term *all = search_term_add(a, NULL, SEARCH_EACH);

	return all && narrow(f, a, all) ? all : NULL;
}

/* --- loading ---------------------------------------------------------------------------------- */

enum fail
candidate_load(struct candidate *who, enum level level)
{
	struct message *summary;
	enum fail fail = FAIL_NONE;

	if (level >= LEVEL_RECORD && !who->email) {
		fail = email_get(who->account, who->id, who->a, &who->email);
		if (fail)
			return fail;
		if (!email_is_visible(who->email))
			return FAIL_MISSING;
		who->size = who->email->size;
		who->keywords = who->email->keywords;
	}
	if (level == LEVEL_SUMMARY && !who->summary && !who->is_full) {
		fail = email_summary(who->account, who->id, who->a, &summary);
		if (fail == FAIL_NONE)
			who->summary = summary;
		else if (fail == FAIL_PERM)
			level = LEVEL_FILE;
		else
			return fail;
	}
	if (level >= LEVEL_FILE && !who->is_full) {
		fail = email_map(who->account, who->id, &who->map);
		if (fail)
			return fail;
		message_parse(&who->full, who->map.bytes, who->a);
		who->is_full = true;
	}
	return FAIL_NONE;
}

enum fail
candidate_thread(struct candidate *who, enum filter_thread what, uint64_t bit, bool *out)
{
	uint64_t *ids;
	size_t count, having = 0;
	enum fail fail = thread_emails(who->account, who->thread_id, who->a, &ids, &count);

	if (fail)
		return fail;
	for (size_t i = 0; i < count; i++) {
		struct email *e;

		fail = email_get(who->account, ids[i], who->a, &e);
		if (fail)
			return fail;
		having += (e->keywords & bit) != 0;
	}
	*out = what == THREAD_ALL ? having == count
	    : what == THREAD_SOME ? having > 0
				  : having == 0;
	return FAIL_NONE;
}

/* --- judging ---------------------------------------------------------------------------------- */

static enum truth
truth_of(bool is_true)
{
	return is_true ? TRUTH_YES : TRUTH_NO;
}

static bool
is_in(const struct candidate *who, const struct filter *f)
{
	if (who->mailbox && who->mailbox == f->mailboxes[0])
		return true;
	for (size_t i = 0; i < who->email->member_count; i++) {
		const struct membership *m = &who->email->members[i];

		if (!m->is_deleted && m->mailbox == f->mailboxes[0])
			return true;
	}
	return false;
}

static bool
is_in_other(const struct candidate *who, const struct filter *f)
{
	for (size_t i = 0; i < who->email->member_count; i++) {
		const struct membership *m = &who->email->members[i];
		bool is_listed = m->is_deleted;

		for (size_t j = 0; j < f->mailbox_count; j++)
			is_listed = is_listed || f->mailboxes[j] == m->mailbox;
		if (!is_listed)
			return true;
	}
	return false;
}

static bool
field_has(const struct message *m, enum field field, struct str word, struct arena *a)
{
	struct str raw = message_field(&m->root, field);

	return raw.p && text_contains(header_text(raw, a), word);
}

static const struct message *
message_of(const struct candidate *who)
{
	return who->summary ? who->summary : &who->full;
}

static bool
field_has_all(struct candidate *who, const struct filter *f, enum field field)
{
	for (size_t i = 0; i < f->word_count; i++)
		if (!field_has(message_of(who), field, f->words[i], who->a))
			return false;
	return true;
}

static bool
has_in_heads(struct candidate *who, struct str word)
{
	static const enum field fields[] = { FIELD_SUBJECT, FIELD_FROM, FIELD_TO, FIELD_CC,
		FIELD_BCC };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (field_has(message_of(who), fields[i], word, who->a))
			return true;
	return false;
}

/* Is word `i` in the file? Words are asked for in order; those before are known to be there. */
static enum truth
look_for(const struct filter *f, struct candidate *who, size_t i, enum text_where where)
{
	struct progress *p = f->progress;

	if (p->email != who->id)
		*p = (struct progress){ .email = who->id };
	if (p->is_missing || i < p->found)
		return truth_of(i < p->found);
	if (who->has_looked && who->slice_end_us > 0 && clock_precise_us() >= who->slice_end_us) {
		who->is_cut = true;
		return TRUTH_UNKNOWN;
	}
	who->has_looked = true;
	p->is_missing = !message_contains(&who->full, f->words[i], where, f->name);
	p->found = p->is_missing ? p->found : i + 1;
	return truth_of(!p->is_missing);
}

/* text: each word in From, To, Cc, Bcc, Subject, or the body. */
static enum truth
judge_text(const struct filter *f, struct candidate *who)
{
	enum truth all = TRUTH_YES;

	for (size_t i = 0; i < f->word_count; i++) {
		enum truth one = TRUTH_UNKNOWN;

		if (has_in_heads(who, f->words[i]))
			continue;
		if (who->is_full)
			one = look_for(f, who, i, TEXT_BODY);
		if (one == TRUTH_NO || who->is_cut)
			return one;
		if (one == TRUTH_UNKNOWN)
			all = one;
	}
	return all;
}

static enum truth
judge_file(const struct filter *f, struct candidate *who)
{
	enum text_where where = f->test == TEST_BODY ? TEXT_BODY : TEXT_HEADER;

	if (f->word_count == 0)
		return truth_of(
		    where == TEXT_BODY || message_contains(&who->full, STR(""), where, f->name));
	for (size_t i = 0; i < f->word_count; i++) {
		enum truth one = look_for(f, who, i, where);

		if (one != TRUTH_YES)
			return one;
	}
	return TRUTH_YES;
}

static bool
has_attachment(const struct candidate *who)
{
	return who->summary ? who->summary->has_attachment : message_has_attachment(&who->full);
}

/* What a condition needs loaded before it can be judged for certain. */
static const enum level test_levels[] = {
	[TEST_IN_MAILBOX] = LEVEL_RECORD,
	[TEST_IN_OTHER_THAN] = LEVEL_RECORD,
	[TEST_BEFORE] = LEVEL_ENTRY,
	[TEST_AFTER] = LEVEL_ENTRY,
	[TEST_MIN_SIZE] = LEVEL_RECORD,
	[TEST_MAX_SIZE] = LEVEL_RECORD,
	[TEST_ALL_IN_THREAD] = LEVEL_RECORD,
	[TEST_SOME_IN_THREAD] = LEVEL_RECORD,
	[TEST_NONE_IN_THREAD] = LEVEL_RECORD,
	[TEST_HAS_KEYWORD] = LEVEL_RECORD,
	[TEST_NOT_KEYWORD] = LEVEL_RECORD,
	[TEST_HAS_ATTACHMENT] = LEVEL_SUMMARY,
	[TEST_TEXT] = LEVEL_SUMMARY,
	[TEST_FROM] = LEVEL_SUMMARY,
	[TEST_TO] = LEVEL_SUMMARY,
	[TEST_CC] = LEVEL_SUMMARY,
	[TEST_BCC] = LEVEL_SUMMARY,
	[TEST_SUBJECT] = LEVEL_SUMMARY,
	[TEST_BODY] = LEVEL_FILE,
	[TEST_HEADER] = LEVEL_FILE,
};
static_assert(ARRAY_LEN(test_levels) == TEST_COUNT, "a level per test");

static enum fail
judge_thread(const struct filter *f, struct candidate *who, enum truth *out)
{
	bool is_true;
	enum fail fail = candidate_thread(who,
	    f->test == TEST_ALL_IN_THREAD        ? THREAD_ALL
		: f->test == TEST_SOME_IN_THREAD ? THREAD_SOME
						 : THREAD_NONE,
	    f->keyword, &is_true);

	*out = fail ? TRUTH_NO : truth_of(is_true);
	return fail;
}

/* A condition whose level is loaded. */
static enum fail
judge_condition(const struct filter *f, struct candidate *who, enum truth *out)
{
	switch (f->test) {
	case TEST_IN_MAILBOX: *out = truth_of(is_in(who, f)); break;
	case TEST_IN_OTHER_THAN: *out = truth_of(is_in_other(who, f)); break;
	case TEST_BEFORE: *out = truth_of(who->received_s < f->number); break;
	case TEST_AFTER: *out = truth_of(who->received_s >= f->number); break;
	case TEST_MIN_SIZE: *out = truth_of(who->size >= f->number); break;
	case TEST_MAX_SIZE: *out = truth_of(who->size < f->number); break;
	case TEST_ALL_IN_THREAD:
	case TEST_SOME_IN_THREAD:
	case TEST_NONE_IN_THREAD: return judge_thread(f, who, out);
	case TEST_HAS_KEYWORD: *out = truth_of((who->keywords & f->keyword) != 0); break;
	case TEST_NOT_KEYWORD: *out = truth_of((who->keywords & f->keyword) == 0); break;
	case TEST_HAS_ATTACHMENT: *out = truth_of(has_attachment(who) == (f->number != 0)); break;
	case TEST_TEXT: *out = judge_text(f, who); break;
	case TEST_FROM: *out = truth_of(field_has_all(who, f, FIELD_FROM)); break;
	case TEST_TO: *out = truth_of(field_has_all(who, f, FIELD_TO)); break;
	case TEST_CC: *out = truth_of(field_has_all(who, f, FIELD_CC)); break;
	case TEST_BCC: *out = truth_of(field_has_all(who, f, FIELD_BCC)); break;
	case TEST_SUBJECT: *out = truth_of(field_has_all(who, f, FIELD_SUBJECT)); break;
	case TEST_BODY:
	case TEST_HEADER: *out = judge_file(f, who); break;
	case TEST_AND:
	case TEST_OR:
	case TEST_NOT:
	case TEST_COUNT: break;
	}
	return FAIL_NONE;
}

/* What the list of candidates knows already spares the record. */
static bool
knows(const struct filter *f, const struct candidate *who)
{
	bool is_entry_test = (f->test >= TEST_MIN_SIZE && f->test <= TEST_MAX_SIZE) ||
	    f->test == TEST_HAS_KEYWORD || f->test == TEST_NOT_KEYWORD;

	if (f->test == TEST_IN_MAILBOX)
		return who->mailbox && who->mailbox == f->mailboxes[0];
	return who->has_entry && is_entry_test;
}

static enum fail
judge(const struct filter *f, struct candidate *who, enum level level, enum truth *out)
{
	/* AND is decided by a NO, OR and NOT (none of them) by a YES. */
	enum truth deciding = f->test == TEST_AND ? TRUTH_NO : TRUTH_YES;
	bool has_unknown = false;

	if (f->test > TEST_NOT) {
		*out = TRUTH_UNKNOWN;
		if (test_levels[f->test] > level && !knows(f, who))
			return FAIL_NONE;
		return judge_condition(f, who, out);
	}
	for (size_t i = 0; i < f->below_count; i++) {
		enum truth one;
		enum fail fail = judge(f->below[i], who, level, &one);

		if (fail || who->is_cut)
			return fail;
		has_unknown = has_unknown || one == TRUTH_UNKNOWN;
		if (one == deciding) {
			*out = f->test == TEST_OR ? TRUTH_YES : TRUTH_NO;
			return FAIL_NONE;
		}
	}
	*out = has_unknown ? TRUTH_UNKNOWN : truth_of(f->test != TEST_OR);
	return FAIL_NONE;
}

enum fail
filter_judge(const struct filter *f, struct candidate *who, bool *out)
{
	enum truth truth = TRUTH_UNKNOWN;

	for (unsigned level = 0; level < LEVEL_COUNT && truth == TRUTH_UNKNOWN && !who->is_cut;
	     level++) {
		enum fail fail = candidate_load(who, (enum level)level);

		if (!fail)
			fail = judge(f, who, (enum level)level, &truth);
		if (fail)
			return fail;
	}
	*out = truth == TRUTH_YES;
	return FAIL_NONE;
}
