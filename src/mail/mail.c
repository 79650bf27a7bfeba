#include "mail/mail.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

/* Is this file named? What the blob room asks about new files and in its check. */
static enum fail
named_read(struct txn *t, void *arg)
{
	struct str *question = arg; /* account, file name */
	struct key k = key_name(question[0]);
	struct str value;
	uint64_t id;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = number_record_read(value, &id);
	if (fail)
		return fail;
	k = key_blob(id, question[1]);
	return txn_get(t, key_str(&k), &value);
}

static enum fail
mail_names(void *arg, struct str account, struct str name)
{
	struct mail *m = arg;
	struct str question[2] = { account, name };

	return store_read(m->store, named_read, question);
}

/* --- the end of the turn ------------------------------------------------------------------------ */

static void
account_lose(struct account_private *p)
{
	struct account *a = account_ref(&p->account);

	a->is_lost = true;
	map_remove(&a->mail->accounts, &p->by_name);
	views_forget(p, 0);
	watches_fire(p, MAIL_LOST);
	account_close(&a); /* frees it when nobody else holds it */
}

void
mail_committed(struct mail *m, enum fail outcome)
{
	struct list_node *node;

	while ((node = list_pop(&m->touched)) != NULL) {
		struct account_private *p = container_of(node, struct account_private, touched);

		if (outcome) {
			account_lose(p);
			continue;
		}
		index_committed(p);
		watches_fire(p, 0);
	}
	sharing_fire(m);
}

static enum fail
mail_turn_committed(struct turn_hook *hook, enum fail so_far)
{
	mail_committed(container_of(hook, struct mail, committed), so_far);
	return FAIL_NONE;
}

/* --- work behind -------------------------------------------------------------------------------- */

static enum step
mail_purge_step(struct task *t)
{
	struct mail *m = container_of(t, struct mail, purge_task);
	struct list_node *node = list_first(&m->purging);
	struct account_private *p;
	struct account *a;
	bool done = false;
	enum fail fail;

	if (!node)
		return STEP_WAIT;
	p = container_of(node, struct account_private, purging);
	fail = mailbox_purge(&p->account, &done);
	if (fail || done) { /* after a failure the next opening of the account goes on */
		list_remove(&p->purging);
		a = &p->account;
		account_close(&a);
	}
	return list_empty(&m->purging) ? STEP_WAIT : STEP_YIELD;
}

void
account_purge_later(struct account_private *p)
{
	struct mail *m = p->account.mail;

	if (!m->loop || list_linked(&p->purging))
		return;
	account_ref(&p->account);
	list_append(&m->purging, &p->purging);
	task_wake(&m->purge_task);
}

static enum step
mail_idle_step(struct task *t)
{
	struct mail *m = container_of(t, struct mail, idle_task);

	views_trim(m, m->idle_view_limit);
	return STEP_WAIT;
}

/* One account in a turn; after the last one, or a failure, from the first in an hour. */
static enum step
mail_sweep_step(struct task *t)
{
	struct mail *m = container_of(t, struct mail, sweep_task);

	if (upload_sweep(m, &m->swept_to) == FAIL_NONE)
		return STEP_YIELD;
	m->swept_to = 0;
	timer_start(m->loop, &m->sweep_timer, t, clock_mono_ms() + UPLOAD_SWEEP_MS);
	return STEP_WAIT;
}

static enum fail
sharing_read(struct txn *t, void *arg)
{
	struct mail *m = arg;
	struct key k;
	int64_t n = 0;
	enum fail fail;

	key_init(&k, SPACE_SHARING);
	fail = txn_count(t, key_str(&k), &n);
	m->sharing = m->sharing_told = (uint64_t)n;
	return fail;
}

/* --- opening ------------------------------------------------------------------------------------- */

enum fail
mail_open(struct mail **out, struct loop *loop, struct store *store, struct blob_store *blobs)
{
	struct mail *m = mem_new(1, sizeof(*m));
	enum fail fail;

	m->loop = loop;
	m->store = store;
	m->log.room = "mail";
	fail = epoch_open(m);
	if (fail == FAIL_NONE)
		fail = store_read(store, sharing_read, m);
	if (fail) {
		mem_free(m);
		return fail;
	}
	m->blobs = blobs;
	m->idle_view_limit = VIEW_CACHE_BYTES;
	arena_init(&m->parse, PARSE_ARENA_BYTES);
	m->committed.run = mail_turn_committed;
	if (loop) {
		loop_hook(loop, TURN_COMMITTED, &m->committed);
		loop_task(loop, &m->purge_task, mail_purge_step, NULL);
		loop_task(loop, &m->idle_task, mail_idle_step, NULL);
		loop_task(loop, &m->sweep_task, mail_sweep_step, NULL);
		task_wake(&m->sweep_task);
	}
	blob_add_namer(blobs, &m->namer, mail_names, m);
	*out = m;
	return FAIL_NONE;
}

void
mail_close(struct mail **pm)
{
	struct mail *m = *pm;
	struct list_node *node;

	if (!m)
		return;
	while ((node = list_pop(&m->purging)) != NULL) {
		struct account *a = &container_of(node, struct account_private, purging)->account;

		account_close(&a);
	}
	while (list_pop(&m->touched) != NULL)
		;
	views_trim(m, 0);
	while ((node = list_pop(&m->idle_accounts)) != NULL) {
		struct account_private *p = container_of(node, struct account_private, idle);

		map_remove(&m->accounts, &p->by_name);
		account_private_free(p);
	}
	invariant(m->accounts.count == 0);
	blob_remove_namer(&m->namer);
	if (m->loop) {
		loop_unhook(&m->committed);
		task_cancel(&m->purge_task);
		task_cancel(&m->idle_task);
		task_cancel(&m->sweep_task);
		timer_stop(m->loop, &m->sweep_timer);
		timer_stop(m->loop, &m->idle_timer);
	}
	map_release(&m->accounts);
	arena_release(&m->parse);
	mem_free(m);
	*pm = NULL;
}

struct blob_store *
mail_blobs(struct mail *m)
{
	return m->blobs;
}

struct store *
mail_store(struct mail *m)
{
	return m->store;
}

void
mail_cache_limit(struct mail *m, size_t bytes)
{
	m->idle_view_limit = bytes;
	views_trim(m, bytes);
}
