/* Adding messages: nodes, and the links of step 1 (threads.h). */
#include "imap/threads_inner.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

#define FIRST_CAP 256

void
imap_threads_init(struct imap_threads *t, enum imap_thread_by by)
{
	*t = (struct imap_threads){ .by = by, .first = THREAD_NONE, .last = THREAD_NONE };
	t->writing = THREAD_NONE;
	imap_sorter_init(&t->sorter);
}

void
imap_threads_release(struct imap_threads *t)
{
	mem_free(t->nodes);
	mem_free(t->messages);
	mem_free(t->ids.slots);
	mem_free(t->subjects.slots);
	mem_free(t->tops);
	imap_sorter_release(&t->sorter);
	*t = (struct imap_threads){ .by = t->by };
}

/* --- nodes and tables --------------------------------------------------------------------------------------- */

uint32_t
imap_thread_node_new(struct imap_threads *t)
{
	if (t->node_count == IMAP_THREAD_NODES_MAX) {
		t->is_over = true;
		return THREAD_NONE;
	}
	if (t->node_count == t->node_cap) {
		t->node_cap = size_max(FIRST_CAP, 2 * t->node_cap);
		t->nodes = mem_resize(t->nodes, t->node_cap, sizeof(*t->nodes));
	}
	t->nodes[t->node_count] = (struct imap_thread_node){ .parent = THREAD_NONE,
		.child = THREAD_NONE,
		.last = THREAD_NONE,
		.next = THREAD_NONE,
		.top = THREAD_NONE };
	return (uint32_t)t->node_count++;
}

/* Open addressing; the hashes are keyed, so they spread whatever the ids are. */
static uint32_t *
probe(struct imap_threads *t, struct imap_thread_table *table, uint64_t hash)
{
	size_t at = (size_t)hash & (table->cap - 1);

	while (
	    table->slots[at] != THREAD_NONE && imap_thread_hash(t, table, table->slots[at]) != hash)
		at = (at + 1) & (table->cap - 1);
	return &table->slots[at];
}

static void
table_grow(struct imap_threads *t, struct imap_thread_table *table)
{
	uint32_t *old = table->slots;
	size_t old_cap = table->cap;

	table->cap = size_max(FIRST_CAP, 2 * old_cap);
	table->slots = mem_new(table->cap, sizeof(*table->slots));
	for (size_t i = 0; i < table->cap; i++)
		table->slots[i] = THREAD_NONE;
	for (size_t i = 0; i < old_cap; i++)
		if (old[i] != THREAD_NONE)
			*probe(t, table, imap_thread_hash(t, table, old[i])) = old[i];
	mem_free(old);
}

uint32_t *
imap_thread_slot(struct imap_threads *t, struct imap_thread_table *table, uint64_t hash)
{
	uint32_t *slot;

	if (2 * (table->used + 1) > table->cap)
		table_grow(t, table);
	slot = probe(t, table, hash);
	table->used += *slot == THREAD_NONE;
	return slot;
}

/* --- step 1 ------------------------------------------------------------------------------------------------- */

/* The node of a Message-ID; a missing one when nobody had it yet. */
static uint32_t
node_of(struct imap_threads *t, uint64_t id)
{
	uint32_t *slot = imap_thread_slot(t, &t->ids, id);
	uint32_t node = *slot;

	if (node != THREAD_NONE)
		return node;
	node = imap_thread_node_new(t);
	*slot = node;
	if (node != THREAD_NONE)
		t->nodes[node].id = id;
	return node;
}

/* Would `parent` above `node` make a loop? A node that nobody is below of cannot have it above itself. */
static bool
is_loop(struct imap_threads *t, uint32_t node, uint32_t parent)
{
	if (node != parent && t->nodes[node].children == 0)
		return false;
	while (parent != THREAD_NONE && parent != node && t->steps < IMAP_THREAD_STEPS_MAX) {
		parent = t->nodes[parent].parent;
		t->steps++;
	}
	return parent != THREAD_NONE;
}

static void
link_to(struct imap_threads *t, uint32_t node, uint32_t parent)
{
	if (is_loop(t, node, parent))
		return;
	t->nodes[node].parent = parent;
	t->nodes[parent].children++;
}

/* (A): the references among each other, what has a parent keeps it; (B): the message to the last one. */
static void
link_message(struct imap_threads *t, uint32_t node, const struct imap_thread_message *m)
{
	uint32_t above = THREAD_NONE;

	t->steps = 0;
	for (size_t i = 0; i < m->ref_count; i++) {
		uint32_t ref = node_of(t, m->refs[i]);

		if (ref == THREAD_NONE)
			return;
		if (above != THREAD_NONE && t->nodes[ref].parent == THREAD_NONE)
			link_to(t, ref, above);
		above = ref;
	}
	if (t->nodes[node].parent != THREAD_NONE) {
		t->nodes[t->nodes[node].parent].children--;
		t->nodes[node].parent = THREAD_NONE;
	}
	if (above != THREAD_NONE)
		link_to(t, node, above);
}

/* Its own node: only the first message with an id has that id. */
static uint32_t
node_of_message(struct imap_threads *t, const struct imap_thread_message *m)
{
	uint32_t node = m->id != 0 ? node_of(t, m->id) : imap_thread_node_new(t);

	if (node != THREAD_NONE && !imap_thread_is_missing(t, node))
		node = imap_thread_node_new(t);
	return node;
}

static void
sorter_add(struct imap_threads *t, int64_t date_s)
{
	uint64_t n = (uint64_t)date_s ^ (uint64_t)1 << 63;

	for (int shift = 56; shift >= 0; shift -= 8)
		buf_add_char(&t->sorter.keys, (char)(n >> shift & 0xff));
	imap_sorter_add(&t->sorter);
	t->is_over |= t->sorter.is_over;
}

void
imap_threads_add(struct imap_threads *t, const struct imap_thread_message *m)
{
	uint32_t node;

	if (t->is_over)
		return;
	sorter_add(t, m->date_s);
	node = node_of_message(t, m);
	if (t->is_over)
		return;
	if (t->sorter.count > t->message_cap) {
		t->message_cap = size_max(FIRST_CAP, 2 * t->message_cap);
		t->messages = mem_resize(t->messages, t->message_cap, sizeof(*t->messages));
	}
	t->messages[t->sorter.count - 1] = node;
	t->nodes[node].number = m->number;
	t->nodes[node].subject = m->subject;
	t->nodes[node].is_reply = m->is_reply;
	if (t->by != THREAD_ORDEREDSUBJECT)
		link_message(t, node, m);
}
