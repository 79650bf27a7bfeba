/* Building the trees: steps 2 to 6 as passes, and writing them (threads.h). */
#include "imap/threads_inner.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* --- steps 2 and 3: without the missing ones ------------------------------------------------------------------ */

/* The next message above, or the missing node at the top, or none. What lies between is shortened. */
static uint32_t
above(struct imap_threads *t, uint32_t node)
{
	uint32_t found = t->nodes[node].parent, at = found;

	while (found != THREAD_NONE && imap_thread_is_missing(t, found) &&
	    t->nodes[found].parent != THREAD_NONE)
		found = t->nodes[found].parent;
	while (at != found) {
		uint32_t next = t->nodes[at].parent;

		t->nodes[at].parent = found;
		at = next;
	}
	return found;
}

static void
prune(struct imap_threads *t, uint32_t node)
{
	uint32_t parent = above(t, node);

	t->nodes[node].parent = parent;
	if (parent != THREAD_NONE && !t->nodes[parent].is_placed) {
		t->nodes[parent].is_placed = true; /* here: children counts from 0 again */
		t->nodes[parent].children = 0;
	}
	if (parent != THREAD_NONE)
		t->nodes[parent].children++;
}

/* "Do not promote the children if doing so would make them children of the root, unless there is only
 * one child." */
static void
keep(struct imap_threads *t, uint32_t node)
{
	uint32_t parent = t->nodes[node].parent;

	if (parent == THREAD_NONE)
		return;
	t->nodes[parent].is_placed = false;
	if (imap_thread_is_missing(t, parent) && t->nodes[parent].children == 1)
		t->nodes[node].parent = THREAD_NONE;
}

/* --- steps 4 and 5: by subject --------------------------------------------------------------------------------- */

/* A missing node's subject is that of its first child. */
static void
top(struct imap_threads *t, uint32_t node)
{
	uint32_t parent = t->nodes[node].parent;

	if (parent == THREAD_NONE) {
		t->tops[t->top_count++] = node;
	} else if (imap_thread_is_missing(t, parent) && !t->nodes[parent].is_placed) {
		t->nodes[parent].is_placed = true;
		t->nodes[parent].subject = t->nodes[node].subject;
		t->tops[t->top_count++] = parent;
	}
}

/* 5 (B) */
static void
gather(struct imap_threads *t, uint32_t node)
{
	const struct imap_thread_node *n = &t->nodes[node];
	uint32_t *slot;

	t->nodes[node].is_placed = false;
	if (n->subject == 0)
		return;
	slot = imap_thread_slot(t, &t->subjects, n->subject);
	if (*slot == THREAD_NONE ||
	    (!imap_thread_is_missing(t, *slot) &&
		(n->number == 0 || (t->nodes[*slot].is_reply && !n->is_reply))))
		*slot = node;
}

/* 5 (C): a missing one below another one stands for it. */
static void
merge(struct imap_threads *t, uint32_t node)
{
	uint64_t subject = t->nodes[node].subject;
	uint32_t *slot, other, both;

	if (subject == 0)
		return;
	slot = imap_thread_slot(t, &t->subjects, subject);
	other = *slot;
	if (other == node)
		return;
	if (imap_thread_is_missing(t, other) ||
	    (t->nodes[node].is_reply && !t->nodes[other].is_reply)) {
		t->nodes[node].parent = other;
		return;
	}
	both = imap_thread_node_new(t);
	if (both == THREAD_NONE)
		return;
	t->nodes[both].subject = subject;
	t->nodes[node].parent = t->nodes[other].parent = both;
	*slot = both;
}

/* ORDEREDSUBJECT: below the first one with the same subject, the empty one too. */
static void
by_subject(struct imap_threads *t, uint32_t node)
{
	uint32_t *slot = imap_thread_slot(t, &t->subjects, t->nodes[node].subject);

	if (*slot == THREAD_NONE)
		*slot = node;
	else
		t->nodes[node].parent = *slot;
}

/* --- step 6: in their places ------------------------------------------------------------------------------------ */

static void
append(struct imap_threads *t, uint32_t *first, uint32_t *last, uint32_t node)
{
	if (*first == THREAD_NONE)
		*first = node;
	else
		t->nodes[*last].next = node;
	*last = node;
}

static void
place(struct imap_threads *t, uint32_t node)
{
	uint32_t parent = above(t, node);

	t->nodes[node].parent = parent;
	if (parent == THREAD_NONE) {
		if (t->by != THREAD_REFS)
			append(t, &t->first, &t->last, node);
		return;
	}
	if (imap_thread_is_missing(t, parent) && !t->nodes[parent].is_placed) {
		t->nodes[parent].is_placed = true;
		if (t->by != THREAD_REFS)
			append(t, &t->first, &t->last, parent);
	}
	append(t, &t->nodes[parent].child, &t->nodes[parent].last, node);
}

/* The root of its thread, remembered on the way. */
static uint32_t
root_of(struct imap_threads *t, uint32_t node)
{
	uint32_t root = node, at = node;

	while (t->nodes[root].parent != THREAD_NONE && t->nodes[root].top == THREAD_NONE)
		root = t->nodes[root].parent;
	if (t->nodes[root].top != THREAD_NONE)
		root = t->nodes[root].top;
	while (at != root && t->nodes[at].top == THREAD_NONE) {
		t->nodes[at].top = root;
		at = t->nodes[at].parent;
	}
	return root;
}

/* REFS: from the newest message to the oldest, each thread in front of those that are newer. */
static void
latest(struct imap_threads *t, uint32_t node)
{
	uint32_t root = root_of(t, node);

	if (t->nodes[root].top == root)
		return;
	t->nodes[root].top = root;
	t->nodes[root].next = t->first;
	t->first = root;
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

enum over { OVER_MESSAGES, OVER_TOPS, OVER_NEWEST_FIRST };

struct phase {
	void (*run)(struct imap_threads *t, uint32_t node); /* for each node; NULL: done */
	enum over over;
};

static const struct phase phases[THREAD_BY_COUNT][7] = {
	[THREAD_ORDEREDSUBJECT] = { { by_subject, OVER_MESSAGES }, { place, OVER_MESSAGES } },
	[THREAD_REFERENCES] = { { prune, OVER_MESSAGES }, { keep, OVER_MESSAGES },
	    { top, OVER_MESSAGES }, { gather, OVER_TOPS }, { merge, OVER_TOPS },
	    { place, OVER_MESSAGES } },
	[THREAD_REFS] = { { prune, OVER_MESSAGES }, { keep, OVER_MESSAGES },
	    { place, OVER_MESSAGES }, { latest, OVER_NEWEST_FIRST } },
};

/* From now on messages[] is in the order of their dates. */
static void
sorted(struct imap_threads *t)
{
	uint32_t *by_date = mem_new(size_max(t->sorter.count, 1), sizeof(*by_date));

	for (size_t i = 0; i < t->sorter.count; i++)
		by_date[i] = t->messages[imap_sorter_get(&t->sorter, i)];
	mem_free(t->messages);
	t->messages = by_date;
	t->tops = mem_new(size_max(t->sorter.count, 1), sizeof(*t->tops));
	mem_free(t->ids.slots);
	t->ids = (struct imap_thread_table){ 0 };
}

bool
imap_threads_build(struct imap_threads *t, size_t moves)
{
	size_t count = t->sorter.count;

	if (!t->tops) {
		if (!imap_sorter_step(&t->sorter, moves))
			return false;
		sorted(t);
	}
	for (const struct phase *p; (p = &phases[t->by][t->phase])->run; t->phase++, t->at = 0) {
		size_t end = p->over == OVER_TOPS ? t->top_count : count;

		for (; t->at < end; t->at++) {
			if (moves-- == 0)
				return false;
			if (p->over == OVER_TOPS)
				p->run(t, t->tops[t->at]);
			else
				p->run(t,
				    t->messages[p->over == OVER_MESSAGES ? t->at
									 : count - 1 - t->at]);
		}
	}
	t->writing = t->first;
	return true;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* Was a parenthesis opened for it: is it a thread, or one of several children? */
static bool
is_in_parens(const struct imap_threads *t, uint32_t node)
{
	uint32_t parent = t->nodes[node].parent;

	return parent == THREAD_NONE || t->nodes[parent].child != t->nodes[parent].last;
}

/* All below this node is written: close, and go to what stands next. */
static uint32_t
leave(struct imap_threads *t, struct buf *out, uint32_t node)
{
	for (;;) {
		if (is_in_parens(t, node))
			buf_add_char(out, ')');
		if (t->nodes[node].next != THREAD_NONE || t->nodes[node].parent == THREAD_NONE)
			return t->nodes[node].next;
		node = t->nodes[node].parent;
	}
}

/*
 * thread-list = "(" (thread-members / thread-nested) ")"
 * thread-members = nz-number *(SP nz-number) [SP thread-nested]
 */
bool
imap_threads_write(struct imap_threads *t, struct buf *out, size_t moves)
{
	uint32_t node = t->writing;

	for (; node != THREAD_NONE && moves > 0; moves--) {
		const struct imap_thread_node *n = &t->nodes[node];

		if (is_in_parens(t, node))
			buf_add_char(out, '(');
		if (n->number != 0)
			buf_add_u64(out, n->number);
		if (n->child == THREAD_NONE) {
			node = leave(t, out, node);
			continue;
		}
		if (n->number != 0)
			buf_add_char(out, ' ');
		node = n->child;
	}
	t->writing = node;
	return node == THREAD_NONE;
}
