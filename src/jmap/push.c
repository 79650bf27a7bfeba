/*
 * The agent and its accounts: who has subscriptions, and when to look at them.
 */
#include "jmap/push_inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "tls/tls.h"

#define LOOKS_PER_TURN   50         /* accounts found in the store in one slice */
#define STORE_WAIT_MS    (5 * 1000) /* until a store that failed is asked again */
#define LIST_ARENA_BYTES (PUSH_MAX * PUSH_TARGET_BYTES)

/* --- one account ------------------------------------------------------------------------------- */

static void
targets_leave(struct push_account *p)
{
	struct push_target *t;

	while (!list_empty(&p->targets)) {
		t = container_of(list_first(&p->targets), struct push_target, node);
		push_target_free(&t);
	}
	state_listen_stop(&p->listener);
}

static void
account_leave(struct push_account *p)
{
	targets_leave(p);
	account_close(&p->account);
	p->has_groups = false; /* no guard follows them any more */
}

/* --- groups ------------------------------------------------------------------------------------ */

/* True when they are others than before. */
static bool
groups_take(struct push_account *p, const struct directory_account *who)
{
	struct buf groups;
	bool is_other;

	buf_init(&groups, JMAP_GROUPS_MAX);
	if (who)
		directory_groups_write(&groups, who);
	is_other = !str_eq(buf_str(&groups), buf_str(&p->groups));
	buf_release(&p->groups);
	p->groups = groups;
	p->has_groups = true;
	return is_other;
}

void
push_account_renewed(struct push_account *p, const struct directory_account *who)
{
	p->must_listen |= groups_take(p, who);
}

/* False: they are not known yet. */
static bool
groups_step(struct push_account *p, struct str name)
{
	const struct directory_account *who = &p->query.account;

	if (!p->push->house.directory || p->has_groups)
		return true;
	if (!p->is_asking) {
		directory_account_start(p->push->house.directory, &p->query, &p->task, name);
		p->is_asking = true;
	}
	if (op_pending(&p->query.op))
		return false;
	p->is_asking = false;
	if (p->query.op.fail != FAIL_TEMP)
		(void)groups_take(p, p->query.op.fail == FAIL_NONE && who->is_enabled ? who : NULL);
	directory_query_release(&p->query);
	return p->has_groups;
}

/* --- subscriptions ----------------------------------------------------------------------------- */

static struct push_target *
target_of(struct push_account *p, uint64_t id)
{
	for (struct list_node *n = list_first(&p->targets); n; n = list_next(&p->targets, n)) {
		struct push_target *t = container_of(n, struct push_target, node);

		if (t->sub.id == id)
			return t;
	}
	return NULL;
}

/* Those of the list stay or come, all others go. */
static void
follow(struct push_account *p, const struct push_subscription *list, size_t count)
{
	struct list_node *next;

	for (struct list_node *n = list_first(&p->targets); n; n = list_next(&p->targets, n))
		container_of(n, struct push_target, node)->is_seen = false;
	for (size_t i = 0; i < count; i++) {
		struct push_target *t = target_of(p, list[i].id);

		if (t)
			push_target_update(t, &list[i]);
		else
			push_target_new(p, &list[i]);
	}
	for (struct list_node *n = list_first(&p->targets); n; n = next) {
		struct push_target *t = container_of(n, struct push_target, node);

		next = list_next(&p->targets, n);
		if (!t->is_seen)
			push_target_free(&t);
	}
}

/* Follow the account's records; false: the store failed. */
static bool
look(struct push_account *p)
{
	struct push_subscription room[PUSH_MAX];
	struct arena arena;
	size_t count = 0;
	enum fail fail = FAIL_NONE;

	if (!p->account)
		return true; /* there is none any more */
	if (!p->listener.user)
		state_listen(&p->listener, p->push->house.states, p->push->house.client->loop,
		    p->account, buf_str(&p->groups), &p->task);
	arena_init(&arena, LIST_ARENA_BYTES);
	fail = push_list(p->account, &arena, room, &count);
	if (fail == FAIL_NONE)
		follow(p, room, count);
	arena_release(&arena);
	return fail == FAIL_NONE;
}

static void
step_targets(struct push_account *p)
{
	struct list_node *next;

	for (struct list_node *n = list_first(&p->targets); n; n = next) {
		struct push_target *t = container_of(n, struct push_target, node);

		next = list_next(&p->targets, n);
		if (!push_target_step(t))
			push_target_free(&t);
	}
}

/* When the first of them wants something; the account is forgotten when nothing ever does. */
static enum step
account_sleep(struct push_account *p)
{
	int64_t due_ms = INT64_MAX, now_ms = clock_mono_ms();

	for (struct list_node *n = list_first(&p->targets); n; n = list_next(&p->targets, n)) {
		int64_t t_ms = push_target_due(container_of(n, struct push_target, node));

		due_ms = t_ms < due_ms ? t_ms : due_ms;
	}
	if (list_empty(&p->targets)) {
		account_leave(p);
		due_ms = p->made_until_ms;
		if (due_ms <= now_ms) {
			map_remove(&p->push->accounts, &p->node);
			return STEP_CLOSE;
		}
	}
	timer_start(p->push->house.client->loop, &p->timer, &p->task, due_ms);
	return STEP_WAIT;
}

/* Open the account if need be, with the user's groups; false: later. */
static bool
account_ready(struct push_account *p)
{
	enum fail fail = FAIL_NONE;

	if (!p->account && p->is_stale)
		fail = account_find_id(p->push->house.mail, p->id, &p->account);
	if (fail)
		return fail == FAIL_MISSING;
	return !p->account || groups_step(p, p->account->name);
}

static void
account_wait(struct push_account *p)
{
	int64_t due_ms = clock_mono_ms() + STORE_WAIT_MS;

	timer_start(p->push->house.client->loop, &p->timer, &p->task, due_ms);
}

static enum step
account_step(struct task *task)
{
	struct push_account *p = container_of(task, struct push_account, task);

	if (p->listener.is_lost || (p->account && p->account->is_lost)) {
		account_leave(p); /* what its records say now is read again */
		p->is_stale = true;
	}
	if (!account_ready(p) || (p->is_stale && !look(p))) {
		account_wait(p);
		return STEP_WAIT;
	}
	p->is_stale = false;
	step_targets(p);
	if (p->must_listen) { /* with the groups of now */
		targets_leave(p);
		p->must_listen = false;
		p->is_stale = true;
		return STEP_YIELD;
	}
	return account_sleep(p);
}

static void
account_free(struct push_account *p)
{
	account_leave(p);
	timer_stop(p->push->house.client->loop, &p->timer);
	task_cancel(&p->task);
	directory_query_release(&p->query);
	buf_release(&p->groups);
	mem_free(p);
}

static void
account_reap(struct task *task)
{
	account_free(container_of(task, struct push_account, task));
}

static struct push_account *
account_of(struct jmap_push *push, uint64_t id)
{
	struct map_node *node = map_find(&push->accounts, str_of(&id, sizeof(id)));
	struct push_account *p;

	if (node)
		return container_of(node, struct push_account, node);
	p = mem_new(1, sizeof(*p));
	p->id = id;
	p->push = push;
	list_init(&p->targets);
	loop_task(push->house.client->loop, &p->task, account_step, account_reap);
	map_insert(&push->accounts, &p->node, str_of(&p->id, sizeof(p->id)));
	return p;
}

/* --- the agent --------------------------------------------------------------------------------- */

/* In the next turn: what a method wrote is durable then. */
void
jmap_push_look(struct jmap_push *push, uint64_t account)
{
	struct push_account *p = account_of(push, account);

	p->is_stale = true;
	timer_start(push->house.client->loop, &p->timer, &p->task, clock_mono_ms());
}

bool
jmap_push_may_add(struct jmap_push *push, uint64_t account)
{
	struct push_account *p = account_of(push, account);
	int64_t now_ms = clock_mono_ms();

	if (now_ms >= p->made_until_ms) {
		p->made = 0;
		p->made_until_ms = now_ms + PUSH_MADE_MS;
	}
	if (p->made >= PUSH_MADE_MAX)
		return false;
	p->made++;
	task_wake(&p->task); /* to be forgotten in time */
	return true;
}

bool
jmap_push_may_private(const struct jmap_push *push)
{
	return push->house.settings->push_private;
}

bool
jmap_push_key_write(const struct jmap_push *push, struct buf *out)
{
	if (push->has_secret)
		vapid_key_write(push->secret, out);
	return push->has_secret;
}

/* Find the accounts that have subscriptions, a few in each turn. */
static enum step
agent_step(struct task *task)
{
	struct jmap_push *push = container_of(task, struct jmap_push, task);

	for (unsigned i = 0; i < LOOKS_PER_TURN; i++) {
		enum fail fail =
		    push_account_next(push->house.mail, push->looked_to, &push->looked_to);

		if (fail && fail != FAIL_MISSING)
			log_error(&push->log, "jmap.push.unread", LOG_NUM("fail", fail));
		if (fail)
			return STEP_WAIT;
		jmap_push_look(push, push->looked_to);
	}
	return STEP_YIELD;
}

void
jmap_push_open(struct jmap_push **out, const struct jmap_push_house *house)
{
	struct jmap_push *push = mem_new(1, sizeof(*push));

	push->house = *house;
	push->log = (struct log){ .room = "jmap" };
	push->has_secret = push_server_secret(push->house.mail, push->secret) == FAIL_NONE;
	loop_task(push->house.client->loop, &push->task, agent_step, NULL);
	task_wake(&push->task);
	*out = push;
}

void
jmap_push_close(struct jmap_push **agent)
{
	struct jmap_push *push = *agent;
	struct map_node *node;

	if (!push)
		return;
	while ((node = map_first(&push->accounts)) != NULL) {
		map_remove(&push->accounts, node);
		account_free(container_of(node, struct push_account, node));
	}
	map_release(&push->accounts);
	task_cancel(&push->task);
	if (push->trust && push->house.client->trust == push->trust)
		push->house.client->trust = NULL;
	tls_trust_free(&push->trust);
	mem_wipe(push->secret, sizeof(push->secret));
	mem_free(push);
	*agent = NULL;
}
