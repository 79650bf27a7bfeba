/*
 * list.h - an intrusive doubly linked list.
 *
 * A node is embedded in the thing; container_of() leads back. A zeroed node is in no list, and
 * list_remove() of such a node does nothing, so release functions need not ask.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *prev, *next; /* NULL, NULL when in no list */
};

struct list {
	struct list_node head; /* a ring through this node; all NULL means not used yet */
};

static inline void
list_init(struct list *l)
{
	l->head.prev = l->head.next = &l->head;
}

static inline bool
list_empty(const struct list *l)
{
	return l->head.next == NULL || l->head.next == &l->head;
}

static inline bool
list_linked(const struct list_node *node)
{
	return node->next != NULL;
}

/* Append; the node must be in no list. */
static inline void
list_append(struct list *l, struct list_node *node)
{
	if (l->head.next == NULL)
		list_init(l);
	node->prev = l->head.prev;
	node->next = &l->head;
	l->head.prev->next = node;
	l->head.prev = node;
}

static inline void
list_prepend(struct list *l, struct list_node *node)
{
	if (l->head.next == NULL)
		list_init(l);
	node->next = l->head.next;
	node->prev = &l->head;
	l->head.next->prev = node;
	l->head.next = node;
}

static inline void
list_remove(struct list_node *node)
{
	if (node->next == NULL)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = node->next = NULL;
}

/* First node or NULL. */
static inline struct list_node *
list_first(const struct list *l)
{
	return list_empty(l) ? NULL : l->head.next;
}

/* The node after `node`, or NULL. */
static inline struct list_node *
list_next(const struct list *l, const struct list_node *node)
{
	return node->next == &l->head ? NULL : node->next;
}

/* Take the first node out; NULL when empty. */
static inline struct list_node *
list_pop(struct list *l)
{
	struct list_node *node = list_first(l);

	if (node)
		list_remove(node);
	return node;
}

#endif
