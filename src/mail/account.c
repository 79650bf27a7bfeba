#include "mail/mail.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"

/* --- in memory ----------------------------------------------------------------------------------- */

struct account_private *
account_private_new(struct mail *m, struct str name, uint64_t id)
{
	struct account_private *p = mem_new(1, sizeof(*p));
	char *copy = mem_new(name.n, 1);

	memcpy(copy, name.p, name.n);
	p->account.id = id;
	p->account.name = str_of(copy, name.n);
	p->account.mail = m;
	p->account.private = p;
	return p;
}

static void
mailboxes_free(struct mailbox **list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_free((void *)(uintptr_t)list[i]->name.p);
		mem_free(list[i]);
	}
	mem_free(list);
}

void
account_private_free(struct account_private *p)
{
	mailboxes_free(p->account.mailboxes, p->account.mailbox_count);
	mailboxes_free(p->dead, p->dead_count);
	for (size_t i = 0; i < KEYWORD_CUSTOM_MAX; i++)
		mem_free((void *)(uintptr_t)p->keywords[i].p);
	annotation_changes_free(p);
	list_remove(&p->touched);
	list_remove(&p->idle);
	mem_free((void *)(uintptr_t)p->account.name.p);
	mem_free(p);
}

void
account_touch(struct account_private *p)
{
	if (!list_linked(&p->touched))
		list_append(&p->account.mail->touched, &p->touched);
}

enum fail
account_usable(const struct account *a)
{
	return a->is_lost ? FAIL_TEMP : FAIL_NONE;
}

enum fail
account_read(struct account *a, store_fn *fn, void *arg)
{
	enum fail fail = account_usable(a);

	return fail ? fail : store_read(a->mail->store, fn, arg);
}

/* --- opening ------------------------------------------------------------------------------------- */

struct account_search {
	struct mail *mail;
	struct str name;
	uint64_t id;
};

static enum fail
account_id_read(struct txn *t, void *arg)
{
	struct account_search *search = arg;
	struct key k = key_name(search->name);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	return fail ? fail : number_record_read(value, &search->id);
}

static struct account *
account_hold(struct account_private *p)
{
	struct mail *m = p->account.mail;

	if (p->refs++ == 0 && list_linked(&p->idle)) {
		list_remove(&p->idle);
		m->idle_account_count--;
	}
	return &p->account;
}

/* The account in memory, else read it; FAIL_MISSING when there is none. */
static enum fail
account_fetch(struct mail *m, struct str name, struct account **out)
{
	struct account_search search = { .mail = m, .name = name };
	struct map_node *node = map_find(&m->accounts, name);
	struct account_private *p;
	enum fail fail;

	if (node) {
		*out = account_hold(container_of(node, struct account_private, by_name));
		return FAIL_NONE;
	}
	fail = store_read(m->store, account_id_read, &search);
	if (fail)
		return fail;
	p = account_private_new(m, name, search.id);
	fail = account_load(p);
	if (fail == FAIL_NONE)
		fail = epoch_renew(&p->account);
	if (fail) {
		account_private_free(p);
		return fail == FAIL_MISSING ? FAIL_PERM : fail;
	}
	map_insert(&m->accounts, &p->by_name, p->account.name);
	*out = account_hold(p);
	if (p->dead_count)
		account_purge_later(p);
	return FAIL_NONE;
}

enum fail
account_find(struct mail *m, struct str name, struct account **out)
{
	*out = NULL;
	if (name.n == 0 || name.n > ACCOUNT_NAME_MAX)
		return FAIL_SYNTAX;
	return account_fetch(m, name, out);
}

enum fail
account_open(struct mail *m, struct str name, const struct account_limits *limits,
    struct account **out)
{
	uint64_t id;
	enum fail fail = account_find(m, name, out);

	if (fail == FAIL_MISSING) {
		fail = account_create(m, name, &id);
		if (fail == FAIL_NONE)
			fail = account_fetch(m, name, out);
		if (fail == FAIL_NONE) /* not yet durable */
			account_touch(account_inner(*out));
	}
	if (fail == FAIL_NONE && limits)
		account_limit(*out, limits);
	return fail;
}

struct account *
account_ref(struct account *a)
{
	return account_hold(account_inner(a));
}

void
account_close(struct account **pa)
{
	struct account *a = *pa;
	struct account_private *p;
	struct mail *m;

	if (!a)
		return;
	*pa = NULL;
	p = account_inner(a);
	m = a->mail;
	if (--p->refs > 0)
		return;
	if (a->is_lost) {
		account_private_free(p);
		return;
	}
	list_append(&m->idle_accounts, &p->idle);
	m->idle_account_count++;
	while (m->idle_account_count > ACCOUNTS_IDLE_MAX) {
		struct list_node *node = list_first(&m->idle_accounts);

		p = container_of(node, struct account_private, idle);
		if (list_linked(&p->touched)) /* must hear of a failed commit */
			break;
		list_remove(node);
		m->idle_account_count--;
		map_remove(&m->accounts, &p->by_name);
		account_private_free(p);
	}
}

static enum fail
limits_run(struct edit *e, void *arg)
{
	const struct account *a = arg;

	e->counters.quota_bytes = a->limits.quota_bytes;
	e->counters.quota_messages = a->limits.quota_messages;
	return FAIL_NONE;
}

void
account_limit(struct account *a, const struct account_limits *limits)
{
	if (a->limits.quota_bytes == limits->quota_bytes &&
	    a->limits.quota_messages == limits->quota_messages)
		return;
	a->limits = *limits;
	/* kept for those who reach this account without asking the directory; when that fails, the next
	 * login tries it again */
	if (edit_run(a, NULL, limits_run, a) != FAIL_NONE)
		log_warn(&a->mail->log, "mail.limits.lost", LOG_TEXT("account", a->name));
}

enum fail
account_room(const struct account *a, uint64_t bytes)
{
	uint64_t sum;

	if (!u64_add(a->used_bytes, bytes, &sum))
		return FAIL_LIMIT;
	if (a->limits.quota_bytes && sum > a->limits.quota_bytes)
		return FAIL_LIMIT;
	if (a->limits.quota_messages && a->used_messages >= a->limits.quota_messages)
		return FAIL_LIMIT;
	return FAIL_NONE;
}

/* --- walking ------------------------------------------------------------------------------------- */

struct account_walk {
	uint64_t after, want; /* want: this one only, when not 0 */
	struct account_name *out;
};

static enum fail
account_walk_read(struct txn *t, void *arg)
{
	struct account_walk *walk = arg;
	struct key from = key_account(SPACE_ACCOUNT, walk->want ? walk->want : walk->after + 1);
	struct key to = key_account(SPACE_ACCOUNT, UINT64_MAX);
	struct account_counters counters;
	struct key_reader r;
	struct cursor c;
	struct str key, value;
	enum fail fail = FAIL_MISSING, end;

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	if (cursor_next(&c, &key, &value)) {
		key_read(&r, key);
		(void)key_read_char(&r);
		walk->out->id = key_read_u64(&r);
		fail = counters_record_read(value, &counters);
		if (fail == FAIL_NONE && counters.name.n > ACCOUNT_NAME_MAX)
			fail = FAIL_PERM;
		if (fail == FAIL_NONE) {
			walk->out->n = counters.name.n;
			memcpy(walk->out->text, counters.name.p, counters.name.n);
		}
		if (walk->want && walk->out->id != walk->want)
			fail = FAIL_MISSING;
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

enum fail
account_next(struct mail *m, uint64_t after_id, struct account_name *out)
{
	struct account_walk walk = { .after = after_id, .out = out };

	if (after_id == UINT64_MAX)
		return FAIL_MISSING;
	return store_read(m->store, account_walk_read, &walk);
}

enum fail
account_find_id(struct mail *m, uint64_t id, struct account **out)
{
	struct account_name name = { .n = 0 };
	struct account_walk walk = { .want = id, .out = &name };
	enum fail fail;

	*out = NULL;
	if (id == 0)
		return FAIL_MISSING;
	fail = store_read(m->store, account_walk_read, &walk);
	return fail ? fail : account_fetch(m, str_of(name.text, name.n), out);
}
