#include "jmap/ticket.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"

struct ticket {
	struct map_node node; /* by its value */
	struct list_node age; /* in by_age */
	int64_t until_ms;
	struct str value, name, credential; /* own: behind the struct */
};

static void
ticket_free(struct jmap_tickets *t, struct ticket *one)
{
	size_t n = sizeof(*one) + one->value.n + one->name.n + one->credential.n;

	map_remove(&t->by_value, &one->node);
	list_remove(&one->age);
	mem_wipe(one, n);
	mem_free(one);
}

static struct str
keep(char **at, struct str s)
{
	char *to = *at;

	for (size_t i = 0; i < s.n; i++)
		to[i] = s.p[i];
	*at += s.n;
	return str_of(to, s.n);
}

static struct ticket *
ticket_new(struct str value, struct str name, struct str credential)
{
	struct ticket *one = mem_new(1, sizeof(*one) + value.n + name.n + credential.n);
	char *at = (char *)(one + 1);

	one->value = keep(&at, value);
	one->name = keep(&at, name);
	one->credential = keep(&at, credential);
	return one;
}

static struct ticket *
oldest(const struct jmap_tickets *t)
{
	return list_empty(&t->by_age) ? NULL
				      : container_of(t->by_age.head.next, struct ticket, age);
}

static void
drop_old(struct jmap_tickets *t, int64_t now_ms)
{
	struct ticket *one;

	while ((one = oldest(t)) && one->until_ms <= now_ms)
		ticket_free(t, one);
}

/* Those of the user, and the oldest of them. */
static size_t
count_of(const struct jmap_tickets *t, struct str name, struct ticket **oldest_out)
{
	size_t count = 0;

	*oldest_out = NULL;
	for (struct list_node *n = t->by_age.head.next; n && n != &t->by_age.head; n = n->next) {
		struct ticket *one = container_of(n, struct ticket, age);

		if (str_eq(one->name, name) && count++ == 0)
			*oldest_out = one;
	}
	return count;
}

struct str
jmap_ticket_make(struct jmap_tickets *t, int64_t now_ms, struct str name, struct str credential)
{
	struct ticket *one;
	struct buf value;

	drop_old(t, now_ms);
	if (count_of(t, name, &one) >= TICKETS_OF_ONE_MAX)
		ticket_free(t, one);
	if (t->by_value.count >= TICKETS_MAX)
		return (struct str){ 0 };
	buf_init(&value, TICKET_CHARS);
	random_text(&value, TICKET_CHARS);
	one = ticket_new(buf_str(&value), name, credential);
	buf_release(&value);
	one->until_ms = now_ms + TICKET_MS;
	map_insert(&t->by_value, &one->node, one->value);
	list_append(&t->by_age, &one->age);
	return one->value;
}

static struct ticket *
find(const struct jmap_tickets *t, struct str value)
{
	struct map_node *node = map_find(&t->by_value, value);

	return node ? container_of(node, struct ticket, node) : NULL;
}

bool
jmap_ticket_take(struct jmap_tickets *t, int64_t now_ms, struct str value, struct arena *a,
    struct str *name_out, struct str *credential_out)
{
	struct ticket *one;

	drop_old(t, now_ms);
	one = find(t, value);
	if (!one)
		return false;
	*name_out = arena_str(a, one->name);
	*credential_out = arena_str(a, one->credential);
	ticket_free(t, one);
	return name_out->p && credential_out->p;
}

void
jmap_ticket_revoke(struct jmap_tickets *t, struct str value, struct str name)
{
	struct ticket *one = find(t, value);

	if (one && str_eq(one->name, name))
		ticket_free(t, one);
}

void
jmap_tickets_release(struct jmap_tickets *t)
{
	struct ticket *one;

	while ((one = oldest(t)))
		ticket_free(t, one);
	map_release(&t->by_value);
}
