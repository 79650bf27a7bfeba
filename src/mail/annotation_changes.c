#include "mail/annotation_changes.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

struct annotation_changes {
	uint64_t count;                                        /* of all there were */
	struct annotation_change last[ANNOTATION_CHANGES_MAX]; /* by number; names are own */
};

static void
name_free(struct annotation_change *change)
{
	mem_free((void *)(uintptr_t)change->name.p);
}

void
annotation_changed(struct account_private *p, uint32_t mailbox, struct str name)
{
	struct annotation_change *change;
	char *copy = mem_new(name.n, 1);

	for (size_t i = 0; i < name.n; i++)
		copy[i] = char_lower(name.p[i]); /* as annotation_list() gives it */
	if (!p->annotation_changes)
		p->annotation_changes = mem_new(1, sizeof(*p->annotation_changes));
	change =
	    &p->annotation_changes->last[p->annotation_changes->count++ % ANNOTATION_CHANGES_MAX];
	name_free(change);
	*change = (struct annotation_change){ mailbox, str_of(copy, name.n) };
}

void
annotation_changes_free(struct account_private *p)
{
	if (!p->annotation_changes)
		return;
	for (size_t i = 0; i < ANNOTATION_CHANGES_MAX; i++)
		name_free(&p->annotation_changes->last[i]);
	mem_free(p->annotation_changes);
	p->annotation_changes = NULL;
}

uint64_t
annotation_changes_count(const struct account *a)
{
	const struct annotation_changes *changes = account_inner(a)->annotation_changes;

	return changes ? changes->count : 0;
}

bool
annotation_change_find(const struct account *a, uint64_t number, struct annotation_change *out)
{
	const struct annotation_changes *changes = account_inner(a)->annotation_changes;

	if (!changes || number >= changes->count ||
	    changes->count - number > ANNOTATION_CHANGES_MAX)
		return false;
	*out = changes->last[number % ANNOTATION_CHANGES_MAX];
	return true;
}
