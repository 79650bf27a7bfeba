/*
 * A filter is asked: what it says of all Emails at once, what the index can say, and judging one by one.
 */
#include "jmap/filter_inner.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "message/body.h"
#include "message/header.h"
#include "message/text.h"

/* --- facts ------------------------------------------------------------------------------------ */

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

static bool
is_thread_test(enum test test)
{
	return test >= TEST_ALL_IN_THREAD && test <= TEST_NONE_IN_THREAD;
}

bool
filter_is_immutable(const struct filter *f)
{
	bool is_mutable = f->test == TEST_IN_MAILBOX || f->test == TEST_IN_OTHER_THAN ||
	    f->test == TEST_HAS_KEYWORD || f->test == TEST_NOT_KEYWORD || is_thread_test(f->test);

	for (size_t i = 0; i < f->below_count && !is_mutable; i++)
		is_mutable = !filter_is_immutable(f->below[i]);
	return !is_mutable;
}

bool
filter_minds_threads(const struct filter *f)
{
	bool minds = is_thread_test(f->test);

	for (size_t i = 0; i < f->below_count && !minds; i++)
		minds = filter_minds_threads(f->below[i]);
	return minds;
}

size_t
filter_words(const struct filter *f, enum filter_place place, struct str *out, size_t max)
{
	bool is_looked_for = f->test == TEST_TEXT ||
	    (place == FILTER_IN_SUBJECT ? f->test == TEST_SUBJECT ||
			(f->test == TEST_HEADER && str_eq_nocase(f->name, STR("subject")))
					: f->test == TEST_BODY);
	size_t count = 0;

	for (size_t i = 0; f->test != TEST_NOT && i < f->below_count; i++)
		count += filter_words(f->below[i], place, out + count, max - count);
	for (size_t i = 0; is_looked_for && i < f->word_count && count < max; i++)
		out[count++] = f->words[i];
	return count;
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
		word->proof = &f->proofs[i];
	}
	return true;
}

struct search_term *
filter_narrow(const struct filter *f, struct arena *a)
{
	struct search_term *all = search_term_add(a, NULL, SEARCH_EACH);

	return all && narrow(f, a, all) ? all : NULL;
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
		bool is_listed =
		    m->is_deleted || !jmap_may(who->access, m->mailbox, MAY_READ_ITEMS);

		for (size_t j = 0; j < f->mailbox_count; j++)
			is_listed = is_listed || f->mailboxes[j] == m->mailbox;
		if (!is_listed)
			return true;
	}
	return false;
}

static const struct message *
message_of(const struct candidate *who)
{
	return who->summary ? who->summary : who->full;
}

/* A field in the form that is compared, made once for all words that are looked for in it; p is NULL: there is none. */
static struct str
folded_field(struct candidate *who, enum field field)
{
	struct str raw = message_field(&message_of(who)->root, field);

	if (raw.p && !who->folded[field].p)
		who->folded[field] = text_folded(header_text(raw, who->a), who->a);
	return who->folded[field];
}

static bool
field_has(struct candidate *who, enum field field, struct str word)
{
	struct str text = folded_field(who, field);

	return text.p && str_find(text, word) != STR_NONE;
}

static bool
field_has_all(struct candidate *who, const struct filter *f, enum field field)
{
	for (size_t i = 0; i < f->word_count; i++)
		if (!field_has(who, field, f->folded[i]))
			return false;
	return true;
}

static bool
has_in_heads(struct candidate *who, struct str word)
{
	static const enum field fields[] = { FIELD_SUBJECT, FIELD_FROM, FIELD_TO, FIELD_CC,
		FIELD_BCC };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (field_has(who, fields[i], word))
			return true;
	return false;
}

/* Is word `i` surely in the body, without a look at it? */
static bool
is_proved(const struct filter *f, const struct candidate *who, size_t i)
{
	return who->index && search_query_proves(who->index, f->proofs[i], SEARCH_IN_BODY, who->id);
}

/* Is word `i` in the file? Words are asked for in order; those before are known to be there. */
static enum truth
look_for(const struct filter *f, struct candidate *who, size_t i, enum text_where where)
{
	struct progress *p = f->progress;
	bool is_found;

	if (p->email != who->id)
		*p = (struct progress){ .email = who->id };
	if (p->is_missing || i < p->found)
		return truth_of(i < p->found);
	if (!candidate_find(who, &f->words[i], where, f->name, &is_found))
		return TRUTH_UNKNOWN;
	p->is_missing = !is_found;
	p->found = is_found ? i + 1 : p->found;
	return truth_of(is_found);
}

/* text: each word in From, To, Cc, Bcc, Subject, or the body. */
static enum truth
judge_text(const struct filter *f, struct candidate *who)
{
	enum truth all = TRUTH_YES;

	for (size_t i = 0; i < f->word_count; i++) {
		enum truth one = TRUTH_UNKNOWN;

		if (is_proved(f, who, i) || has_in_heads(who, f->folded[i]))
			continue;
		if (who->full)
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
		return where == TEXT_BODY ? TRUTH_YES : look_for(f, who, 0, where);
	for (size_t i = 0; i < f->word_count; i++) {
		enum truth one = TRUTH_YES;

		if (where == TEXT_HEADER || !is_proved(f, who, i))
			one = look_for(f, who, i, where);
		if (one != TRUTH_YES)
			return one;
	}
	return TRUTH_YES;
}

static bool
has_attachment(const struct candidate *who)
{
	return who->summary ? who->summary->has_attachment : message_has_attachment(who->full);
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

/* What the list of candidates or the index knows already spares the record, or the file. */
static bool
knows(const struct filter *f, const struct candidate *who)
{
	size_t proved = 0;
	bool is_entry_test = (f->test >= TEST_MIN_SIZE && f->test <= TEST_MAX_SIZE) ||
	    f->test == TEST_HAS_KEYWORD || f->test == TEST_NOT_KEYWORD;

	if (f->test == TEST_IN_MAILBOX)
		return who->mailbox && who->mailbox == f->mailboxes[0];
	if (f->test == TEST_TEXT || f->test == TEST_BODY) {
		while (proved < f->word_count && is_proved(f, who, proved))
			proved++;
		return proved > 0 && proved == f->word_count;
	}
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

		if (!fail && !who->is_cut)
			fail = judge(f, who, (enum level)level, &truth);
		if (fail)
			return fail;
	}
	*out = truth == TRUTH_YES;
	return FAIL_NONE;
}
