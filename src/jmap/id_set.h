/*
 * id_set.h - a set of ids, none of which is 0. It grows; give it back with id_set_release().
 */
#ifndef JMAP_ID_SET_H
#define JMAP_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_set {          /* zeroed at first */
	uint64_t *slots; /* own */
	size_t size, count;
};

/* True when it was not there yet. */
bool id_set_add(struct id_set *s, uint64_t id);
void id_set_release(struct id_set *s);

#endif
