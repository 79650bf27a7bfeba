#include "jmap/sort.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "jmap/criteria.h"
#include "message/address.h"
#include "message/date.h"
#include "message/subject.h"

static const struct str sort_names[] = { STR_INIT("receivedAt"), STR_INIT("size"), STR_INIT("from"),
	STR_INIT("to"), STR_INIT("subject"), STR_INIT("sentAt"), STR_INIT("hasKeyword"),
	STR_INIT("allInThreadHaveKeyword"), STR_INIT("someInThreadHaveKeyword") };
static_assert(ARRAY_LEN(sort_names) == SORT_BY_COUNT, "a name per order");

static bool
unsupported(struct jmap_call *c, const char *text)
{
	jmap_fail(c, "unsupportedSort", text);
	return false;
}

static bool
read_comparator(struct jmap_call *c, const struct json *v, struct comparator *out)
{
	struct str text;
	unsigned by;

	if (!jmap_comparator_read(c, v, &text, &out->is_descending))
		return false;
	for (by = 0; by < SORT_BY_COUNT; by++)
		if (str_eq(sort_names[by], text))
			break;
	if (by == SORT_BY_COUNT)
		return jmap_comparator_unknown(c);
	out->by = (enum sort_by)by;
	if (out->by < SORT_KEYWORD)
		return collation_read(c, v, &out->collation);
	if (!json_get_text(json_find(v, STR("keyword")), &text)) {
		jmap_invalid(c, "A comparator needs a keyword.");
		return false;
	}
	if (keyword_bits(c->account, &text, 1, false, &out->keyword, NULL) == FAIL_TEMP) {
		jmap_fail_with(c, FAIL_TEMP);
		return false;
	}
	return true;
}

bool
sort_read(struct jmap_call *c, const struct json *v, struct sort *out)
{
	uint32_t count = v ? v->count : 0;

	if (v && !json_is(v, JSON_ARRAY)) {
		jmap_invalid(c, "sort is no list.");
		return false;
	}
	if (count > JMAP_SORT_MAX)
		return unsupported(c, "These are too many comparators.");
	out->items = arena_alloc(&c->arena, JMAP_SORT_MAX, sizeof(*out->items));
	if (!out->items) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	for (out->count = 0; out->count < count; out->count++)
		if (!read_comparator(c, &v->items[out->count], &out->items[out->count]))
			return false;
	if (count == 0)
		out->items[out->count++] =
		    (struct comparator){ .by = SORT_RECEIVED, .is_descending = true };
	return true;
}

bool
sort_is_received_only(const struct sort *s)
{
	return s->count == 1 && s->items[0].by == SORT_RECEIVED;
}

bool
sort_minds_threads(const struct sort *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].by == SORT_ALL_IN_THREAD || s->items[i].by == SORT_SOME_IN_THREAD)
			return true;
	return false;
}

bool
sort_is_immutable(const struct sort *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].by == SORT_KEYWORD)
			return false;
	return !sort_minds_threads(s);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* The first mailbox's name, or its address (RFC 8621 4.4.2). */
static struct str
display_name(struct str raw, struct arena *a)
{
	struct address_list list;
	struct str name;

	address_parse(raw, a, &list);
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].kind != ADDRESS_MAILBOX)
			continue;
		name = address_name(&list.items[i], a);
		return str_empty(name) ? address_spec(&list.items[i], a) : name;
	}
	return STR("");
}

static enum fail
field_key(const struct comparator *by, struct candidate *who, struct arena *a, struct sort_key *key)
{
	enum fail fail = candidate_load(who, LEVEL_SUMMARY);
	const struct message *m = who->summary ? who->summary : who->full;
	struct date date;

	if (fail || who->is_cut)
		return fail;
	if (by->by == SORT_SUBJECT)
		return collation_key(by->collation,
		    subject_base(message_field(&m->root, FIELD_SUBJECT), who->a, NULL), a,
		    &key->text);
	if (by->by == SORT_FROM)
		return collation_key(by->collation,
		    display_name(message_field(&m->root, FIELD_FROM), who->a), a, &key->text);
	if (by->by == SORT_TO)
		return collation_key(by->collation,
		    display_name(message_field(&m->root, FIELD_TO), who->a), a, &key->text);
	key->number = date_parse(message_field(&m->root, FIELD_DATE), &date) == FAIL_NONE
	    ? date.unix_s
	    : who->received_s;
	return FAIL_NONE;
}

enum fail
sort_keys(const struct sort *s, struct candidate *who, struct arena *a, struct sort_key *keys)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct comparator *by = &s->items[i];
		struct sort_key *key = &keys[i];
		enum fail fail = FAIL_NONE;
		bool is_true = false;

		*key = (struct sort_key){ 0 };
		switch (by->by) {
		case SORT_RECEIVED: key->number = who->received_s; break;
		case SORT_SIZE:
		case SORT_KEYWORD:
			if (!who->has_entry)
				fail = candidate_load(who, LEVEL_RECORD);
			key->number = by->by == SORT_SIZE ? (int64_t)who->size
							  : (who->keywords & by->keyword) != 0;
			break;
		case SORT_FROM:
		case SORT_TO:
		case SORT_SUBJECT:
		case SORT_SENT: fail = field_key(by, who, a, key); break;
		case SORT_ALL_IN_THREAD:
		case SORT_SOME_IN_THREAD:
			fail = candidate_thread(who,
			    by->by == SORT_ALL_IN_THREAD ? THREAD_ALL : THREAD_SOME, by->keyword,
			    &is_true);
			key->number = is_true;
			break;
		case SORT_BY_COUNT: break;
		}
		if (fail)
			return fail;
	}
	return FAIL_NONE;
}

/* --- sorting ---------------------------------------------------------------------------------- */

static int
compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare(const struct sorting *s, uint32_t a, uint32_t b)
{
	const struct sort *sort = s->sort;
	int order = 0;

	if (!s->keys) {
		order = compare_numbers(s->items[a].received_s, s->items[b].received_s);
		order = sort->items[0].is_descending ? -order : order;
	}
	for (size_t i = 0; s->keys && i < sort->count && order == 0; i++) {
		const struct sort_key *ka = &s->keys[a * sort->count + i];
		const struct sort_key *kb = &s->keys[b * sort->count + i];

		order = compare_numbers(ka->number, kb->number);
		if (order == 0)
			order = str_cmp(ka->text, kb->text);
		order = sort->items[i].is_descending ? -order : order;
	}
	if (order != 0)
		return order;
	return s->items[a].id < s->items[b].id ? -1 : s->items[a].id > s->items[b].id;
}

static bool
is_in_order(const struct sorting *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (compare(s, s->order[i - 1], s->order[i]) > 0)
			return false;
	return true;
}

static void
reverse(struct sorting *s)
{
	for (size_t i = 0, j = s->count; i + 1 < j; i++) {
		uint32_t swap = s->order[--j];

		s->order[j] = s->order[i];
		s->order[i] = swap;
	}
}

static void
merge(struct sorting *s, size_t from, size_t middle, size_t to)
{
	size_t i = from, j = middle;

	for (size_t k = from; k < to; k++) {
		bool takes_left =
		    j == to || (i < middle && compare(s, s->order[i], s->order[j]) <= 0);

		s->spare[k] = takes_left ? s->order[i++] : s->order[j++];
	}
}

bool
sort_pass(struct sorting *s)
{
	uint32_t *swap = s->spare;

	if (s->width == 0) { /* lists come in order of arrival: often nothing or turning suffices */
		if (is_in_order(s))
			return true;
		reverse(s);
		if (is_in_order(s))
			return true;
		s->width = 1;
	}
	if (s->width >= s->count)
		return true;
	for (size_t at = 0; at < s->count; at += 2 * s->width)
		merge(s, at, size_min(at + s->width, s->count),
		    size_min(at + 2 * s->width, s->count));
	s->spare = s->order;
	s->order = swap;
	s->width *= 2;
	return s->width >= s->count;
}
