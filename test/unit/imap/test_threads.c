/*
 * test_threads.c - trees of replies: the cases of RFC 5256 as rows, and random mailboxes compared with
 * the RFC's six steps written down literally.
 */
#include "imap/threads.h"

/* system */
#include <stdlib.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"
#include "base/test.h"

/* rooms */
#include "message/subject.h"

/* Messages are "id refs.. @date subject" each; "-" is no id. They are numbered from 1. */
static const struct {
	const char *name;
	enum imap_thread_by by;
	const char *messages, *want;
} rows[] = {
	{ "none", THREAD_REFERENCES, "", "" },
	{ "one", THREAD_REFERENCES, "a @1 x", "(1)" },
	{ "two apart", THREAD_REFERENCES, "a @1 x|b @2 y", "(1)(2)" },
	{ "by date", THREAD_REFERENCES, "a @2 x|b @1 y", "(2)(1)" },
	{ "same date", THREAD_REFERENCES, "a @1 x|b @1 y", "(1)(2)" },
	{ "reply", THREAD_REFERENCES, "a @1 x|b a @2 Re: x", "(1 2)" },
	{ "reply comes first", THREAD_REFERENCES, "b a @2 Re: x|a @1 x", "(2 1)" },
	{ "reply is older", THREAD_REFERENCES, "a @2 x|b a @1 Re: x", "(1 2)" },
	{ "chain", THREAD_REFERENCES, "a @1 x|b a @2 x|c a b @3 x|d a b c @4 x", "(1 2 3 4)" },
	{ "branches", THREAD_REFERENCES, "a @1 x|b a @2 x|c a b @4 x|d a b @3 x", "(1 2 (4)(3))" },
	{ "nested branches", THREAD_REFERENCES,
	    "a @1 x|b a @2 x|c b @3 x|d b @4 x|e d @5 x|f d @6 x|g a @7 x",
	    "(1 (2 (3)(4 (5)(6)))(7))" },
	{ "missing one between", THREAD_REFERENCES, "a @1 x|c a b @2 x", "(1 2)" },
	{ "missing one at the top", THREAD_REFERENCES, "b a @1 x|c a @2 y", "((1)(2))" },
	{ "missing one above one", THREAD_REFERENCES, "b a @1 x", "(1)" },
	{ "missing ones above each other", THREAD_REFERENCES, "d a b c @1 x|e a b c @2 y",
	    "((1)(2))" },
	{ "missing ones that branch", THREAD_REFERENCES, "d a b @1 x|e a c @2 y|f a c @3 z",
	    "((1)(2)(3))" },
	{ "missing top sorted by its first", THREAD_REFERENCES, "b a @5 x|c a @2 y|d @3 z|e @1 w",
	    "(4)((2)(1))(3)" },
	{ "no ids", THREAD_REFERENCES, "- @1 x|- @2 y", "(1)(2)" },
	{ "same id twice", THREAD_REFERENCES, "a @1 x|a @2 y|b a @3 z", "(1 3)(2)" },
	{ "own id among the references", THREAD_REFERENCES, "a @1 x|b a b @2 y", "(1)(2)" },
	{ "loop of two", THREAD_REFERENCES, "a b @1 x|b a @2 y", "(2 1)" },
	{ "loop of three", THREAD_REFERENCES, "a c @1 x|b a @2 y|c b @3 z", "(3 1 2)" },
	{ "the first parent stays", THREAD_REFERENCES, "a @1 x|c a b @2 x|d z b @3 y|b a @4 z",
	    "(1 4 (2)(3))" },
	{ "no references, no parent", THREAD_REFERENCES, "a @1 x|c a b @2 x|d b a @3 y|b @4 z",
	    "(1 3)(4 2)" },
	{ "own references count more", THREAD_REFERENCES, "d a b c @1 x|b @2 y|a @3 z|c b @4 w",
	    "(2 4 1)(3)" },
	{ "same reference twice", THREAD_REFERENCES, "a @1 x|b a a @2 y", "(1 2)" },
	/* step 5 */
	{ "same subject", THREAD_REFERENCES, "a @1 x|b @2 x", "((1)(2))" },
	{ "subject of a reply", THREAD_REFERENCES, "a @1 x|b @2 Re: x", "(1 2)" },
	{ "reply is older by subject", THREAD_REFERENCES, "a @2 x|b @1 Re: x", "(1 2)" },
	{ "two replies to nothing", THREAD_REFERENCES, "a @1 Re: x|b @2 Fwd: x", "((1)(2))" },
	{ "three of one subject", THREAD_REFERENCES, "a @1 x|b @2 x|c @3 x", "((1)(2)(3))" },
	{ "two originals and a reply", THREAD_REFERENCES, "a @1 x|b @2 Re: x|c @3 x",
	    "((1 2)(3))" },
	{ "reply behind two originals", THREAD_REFERENCES, "a @1 x|b @2 x|c @3 Re: x",
	    "((1)(2)(3))" },
	{ "case of subjects", THREAD_REFERENCES, "a @1 \xc3\xa4X|b @2 Re: \xc3\x84x", "(1 2)" },
	{ "empty subjects", THREAD_REFERENCES, "a @1|b @2 Re:|c @3 (fwd)", "(1)(2)(3)" },
	{ "missing one and a message", THREAD_REFERENCES, "b a @1 x|c a @2 y|d @3 x",
	    "((1)(2)(3))" },
	{ "message and a missing one", THREAD_REFERENCES, "d @1 x|b a @2 x|c a @3 y",
	    "((1)(2)(3))" },
	{ "two missing ones", THREAD_REFERENCES, "b a @1 x|c a @2 y|e d @3 x|f d @4 z",
	    "((1)(2)(3)(4))" },
	{ "children stay below", THREAD_REFERENCES, "a @1 x|b a @2 y|c @3 Re: x|d c @4 z",
	    "(1 (2)(3 4))" },
	{ "wrapped forward", THREAD_REFERENCES, "a @1 x|b @2 [fwd: x]", "(1 2)" },
	/* the others */
	{ "refs without subjects", THREAD_REFS, "a @1 x|b @2 x|c @3 Re: x", "(1)(2)(3)" },
	{ "refs by the latest", THREAD_REFS, "a @1 x|b @2 y|c a @3 z|d @4 w", "(2)(1 3)(4)" },
	{ "refs, latest is deep", THREAD_REFS, "a @1 x|b a @2 y|c @3 z|d a b @4 w", "(3)(1 2 4)" },
	{ "refs below a missing one", THREAD_REFS, "b a @1 x|c a @5 y|d @3 z", "(3)((1)(2))" },
	{ "refs, a loop", THREAD_REFS, "a b @1 x|b a @2 y", "(2 1)" },
	{ "ordered subject", THREAD_ORDEREDSUBJECT, "a @3 x|b @1 y|c @2 Re: x|d b @4 x",
	    "(2)(3 (1)(4))" },
	{ "ordered subject, two", THREAD_ORDEREDSUBJECT, "a @1 x|b @2 Re: X", "(1 2)" },
	{ "ordered subject, empty", THREAD_ORDEREDSUBJECT, "a @1|b @2 Re:", "(1 2)" },
	{ "ordered subject, none", THREAD_ORDEREDSUBJECT, "", "" },
};

static struct arena arena;

/* --- from text ------------------------------------------------------------------------------------------ */

static uint64_t
hash(struct str s)
{
	uint64_t h = 0;

	for (size_t i = 0; i < s.n; i++)
		h = h * 257 + (unsigned char)char_lower(s.p[i]);
	return h;
}

static void
message_read(struct str text, struct imap_thread_message *out)
{
	struct str word, base;

	*out = (struct imap_thread_message){ 0 };
	CHECK(str_next_part(&text, ' ', &word));
	out->id = str_eq(word, STR("-")) ? 0 : hash(word);
	while (str_next_part(&text, ' ', &word) && word.p[0] != '@')
		out->refs[out->ref_count++] = hash(word);
	word = str_from(word, 1);
	uint64_t date = 0;
	CHECK(str_u64(&word, 1000000, &date));
	out->date_s = (int64_t)date;
	base = subject_base(text, &arena, &out->is_reply);
	/* enough of case folding for the rows */
	out->subject = str_starts(base, STR("\xc3\x84")) ? hash(STR("\xc3\xa4x")) : hash(base);
}

static void
build(struct imap_threads *t, size_t moves, struct buf *out)
{
	while (!imap_threads_build(t, moves))
		continue;
	CHECK(!t->is_over);
	while (!imap_threads_write(t, out, moves))
		continue;
}

static void
test_rows(size_t moves)
{
	struct imap_thread_message m;
	struct imap_threads t;
	struct buf out;

	buf_init(&out, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str cur = str_c(rows[i].messages), text;

		TEST_ROW(rows[i].name);
		buf_clear(&out);
		imap_threads_init(&t, rows[i].by);
		for (uint32_t number = 1; cur.n > 0 && str_next_part(&cur, '|', &text); number++) {
			message_read(text, &m);
			m.number = number;
			imap_threads_add(&t, &m);
		}
		build(&t, moves, &out);
		CHECK_STR(buf_str(&out), str_c(rows[i].want));
		imap_threads_release(&t);
	}
	buf_release(&out);
}

/* --- the RFC's steps, literally ---------------------------------------------------------------------------- */

#define MODEL_MAX 200

struct model_node {
	uint64_t id, subject;
	uint32_t number;
	int64_t date;
	bool is_reply;
	int parent; /* -1: none */
	int kids[MODEL_MAX], kid_count;
};

static struct model_node model[MODEL_MAX];
static int model_count;
static int root[MODEL_MAX], root_count;

static int
model_new(void)
{
	CHECK(model_count < MODEL_MAX);
	model[model_count] = (struct model_node){ .parent = -1 };
	return model_count++;
}

static int
model_of(uint64_t id)
{
	int node;

	for (node = 0; node < model_count; node++)
		if (model[node].id == id)
			return node;
	node = model_new();
	model[node].id = id;
	return node;
}

static bool
model_is_below(int node, int of)
{
	for (; node >= 0; node = model[node].parent)
		if (node == of)
			return true;
	return false;
}

static void
model_add(const struct imap_thread_message *m)
{
	int node = m->id ? model_of(m->id) : model_new(), before = -1;

	if (model[node].number)
		node = model_new();
	model[node].number = m->number;
	model[node].date = m->date_s;
	model[node].subject = m->subject;
	model[node].is_reply = m->is_reply;
	for (size_t i = 0; i < m->ref_count; i++) {
		int ref = model_of(m->refs[i]);

		if (before >= 0 && model[ref].parent < 0 && !model_is_below(before, ref))
			model[ref].parent = before;
		before = ref;
	}
	model[node].parent = -1;
	if (before >= 0 && !model_is_below(before, node))
		model[node].parent = before;
}

/* Step 3 on a list of siblings; what stays is in place. */
static void
model_prune(int *list, int *count, bool is_root)
{
	int kept[MODEL_MAX] = { 0 }, n = 0;

	for (int i = 0; i < *count; i++) {
		struct model_node *k = &model[list[i]];

		model_prune(k->kids, &k->kid_count, false);
		if (k->number || (is_root && k->kid_count > 1))
			kept[n++] = list[i];
		else
			for (int j = 0; j < k->kid_count; j++)
				kept[n++] = k->kids[j];
	}
	memcpy(list, kept, (size_t)n * sizeof(*list));
	*count = n;
}

static const struct model_node *
model_first(int node)
{
	return model[node].number ? &model[node] : &model[model[node].kids[0]];
}

static int
model_compare(const void *a, const void *b)
{
	const struct model_node *x = model_first(*(const int *)a),
				*y = model_first(*(const int *)b);

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Steps 4 and 6: children first. */
static void
model_sort(int *list, int count)
{
	for (int i = 0; i < count; i++)
		model_sort(model[list[i]].kids, model[list[i]].kid_count);
	qsort(list, (size_t)count, sizeof(*list), model_compare);
}

static void
model_remove_from_root(int node)
{
	int n = 0;

	for (int i = 0; i < root_count; i++)
		if (root[i] != node)
			root[n++] = root[i];
	root_count = n;
}

static void
model_adopt(int parent, int node)
{
	model[parent].kids[model[parent].kid_count++] = node;
	model_remove_from_root(node);
}

/* Step 5 (C) for one message whose subject another one in the table has. */
static void
model_merge(int *in_table, int node)
{
	struct model_node *table = &model[*in_table], *n = &model[node];
	int both;

	if (!table->number && !n->number) {
		for (int i = 0; i < n->kid_count; i++)
			table->kids[table->kid_count++] = n->kids[i];
		model_remove_from_root(node);
	} else if (!table->number || (n->is_reply && !table->is_reply)) {
		model_adopt(*in_table, node);
	} else {
		both = model_new();
		root[root_count++] = both;
		model_adopt(both, *in_table);
		model_adopt(both, node);
		*in_table = both;
	}
}

static void
model_subjects(void)
{
	uint64_t subjects[MODEL_MAX];
	int nodes[MODEL_MAX], list[MODEL_MAX], count = 0, n = root_count, at;

	memcpy(list, root, sizeof(list));
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < n; i++) {
			uint64_t subject = model_first(list[i])->subject;
			const struct model_node *k = &model[list[i]];

			if (!subject)
				continue;
			for (at = 0; at < count && subjects[at] != subject; at++)
				continue;
			if (pass == 1 && nodes[at] != list[i])
				model_merge(&nodes[at], list[i]);
			if (pass == 1)
				continue;
			if (at == count) {
				subjects[count] = subject;
				nodes[count++] = list[i];
			} else if (model[nodes[at]].number &&
			    (!k->number || (model[nodes[at]].is_reply && !k->is_reply))) {
				nodes[at] = list[i];
			}
		}
}

static void
model_write(struct buf *out, int node)
{
	const struct model_node *k = &model[node];

	if (k->number)
		buf_add_u64(out, k->number);
	if (k->number && k->kid_count > 0)
		buf_add_char(out, ' ');
	if (k->kid_count == 1) {
		model_write(out, k->kids[0]);
		return;
	}
	for (int i = 0; i < k->kid_count; i++) {
		buf_add_char(out, '(');
		model_write(out, k->kids[i]);
		buf_add_char(out, ')');
	}
}

static void
model_thread(struct buf *out)
{
	root_count = 0;
	for (int i = 0; i < model_count; i++)
		if (model[i].parent >= 0)
			model[model[i].parent].kids[model[model[i].parent].kid_count++] = i;
		else
			root[root_count++] = i;
	model_prune(root, &root_count, true);
	model_sort(root, root_count);
	model_subjects();
	model_sort(root, root_count);
	for (int i = 0; i < root_count; i++) {
		buf_add_char(out, '(');
		model_write(out, root[i]);
		buf_add_char(out, ')');
	}
}

/* --- random mailboxes ----------------------------------------------------------------------------------------- */

static uint32_t seed;

static uint32_t
draw(uint32_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static void
draw_message(struct imap_thread_message *m, uint32_t number, uint32_t ids)
{
	*m = (struct imap_thread_message){ .number = number };
	m->id = draw(8) > 0 ? draw(ids) + 1 : 0;
	m->date_s = draw(20);
	m->subject = draw(5);
	m->is_reply = draw(2) > 0;
	m->ref_count = draw(4);
	for (size_t i = 0; i < m->ref_count; i++)
		m->refs[i] = draw(ids) + 1;
}

static void
test_random(uint32_t with)
{
	uint32_t count, ids;
	struct imap_thread_message m;
	struct imap_threads t;
	struct buf got, want;

	seed = with;
	count = draw(20) + 1;
	ids = draw(30) + 1;
	buf_init(&got, 100000);
	buf_init(&want, 100000);
	imap_threads_init(&t, THREAD_REFERENCES);
	model_count = 0;
	for (uint32_t i = 1; i <= count; i++) {
		draw_message(&m, i, ids);
		imap_threads_add(&t, &m);
		model_add(&m);
	}
	build(&t, 1 + draw(30), &got);
	model_thread(&want);
	CHECK_STR(buf_str(&got), buf_str(&want));
	imap_threads_release(&t);
	buf_release(&got);
	buf_release(&want);
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

/* A chain as deep as there may be messages, the newest first: linear, and no stack is used up. */
static void
test_deep(void)
{
	struct imap_thread_message m = { .ref_count = 1 };
	struct imap_threads t;
	struct buf out;

	TEST_ROW("deep");
	buf_init(&out, 100 << 20);
	imap_threads_init(&t, THREAD_REFS);
	for (uint32_t i = 1; i <= IMAP_SORTER_THINGS_MAX - 1; i++) {
		m.number = i;
		m.id = IMAP_SORTER_THINGS_MAX - i;
		m.refs[0] = m.id + 1;
		imap_threads_add(&t, &m);
	}
	build(&t, 1000, &out);
	CHECK(str_starts(buf_str(&out), STR("(1 2 3 4 5 ")));
	CHECK(str_ends(buf_str(&out), STR(" 249999)")));
	imap_threads_release(&t);
	buf_release(&out);
}

/* Looking for loops ends somewhere: what hangs so deep is not linked. */
static void
test_steps(void)
{
	uint32_t depth = IMAP_THREAD_STEPS_MAX + 10;
	struct imap_thread_message m = { .ref_count = 1 };
	struct imap_threads t;
	struct buf out;

	TEST_ROW("steps");
	buf_init(&out, 100 << 20);
	imap_threads_init(&t, THREAD_REFS);
	for (uint32_t i = 1; i <= depth; i++) {
		m.number = i + 1;
		m.id = i + 1;
		m.refs[0] = i;
		m.date_s = i;
		imap_threads_add(&t, &m);
	}
	m = (struct imap_thread_message){ .number = 900002,
		.id = 900002,
		.ref_count = 1,
		.date_s = 900002,
		.refs = { 900001 } };
	imap_threads_add(&t, &m);
	m = (struct imap_thread_message){ .number = 900003,
		.id = 900003,
		.ref_count = 2,
		.date_s = 900003,
		.refs = { depth + 1, 900001 } };
	imap_threads_add(&t, &m);
	build(&t, 1000, &out);
	CHECK(str_starts(buf_str(&out), STR("(2 3 4 5 ")));
	CHECK(str_ends(buf_str(&out), STR(")((900002)(900003))")));
	imap_threads_release(&t);
	buf_release(&out);
}

static void
test_too_many(void)
{
	struct imap_thread_message m = { .number = 1, .ref_count = IMAP_THREAD_REFS_MAX };
	struct imap_threads t;

	TEST_ROW("too many");
	imap_threads_init(&t, THREAD_REFS);
	for (uint64_t i = 0; !t.is_over && i < IMAP_THREAD_NODES_MAX; i++) {
		for (size_t k = 0; k < IMAP_THREAD_REFS_MAX; k++)
			m.refs[k] = i * 1000 + k + 1;
		imap_threads_add(&t, &m);
	}
	CHECK(t.is_over);
	CHECK(t.node_count <= IMAP_THREAD_NODES_MAX);
	imap_threads_release(&t);
}

int
main(void)
{
	arena_init(&arena, 1 << 20);
	test_rows(1);
	test_rows(1000);
	TEST_ROW("random");
	for (uint32_t i = 0; i < 3000; i++)
		test_random(i);
	test_deep();
	test_steps();
	test_too_many();
	arena_release(&arena);
	return test_end();
}
