#include "jmap/state_watch.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/limits.h"
#include "mail/id.h"

/* Of an account that comes or goes: nothing was delivered. */
#define TYPES_MOVED \
	state_types_by(MAIL_CHANGED_EMAILS | MAIL_CHANGED_MAILBOXES | MAIL_CHANGED_THREADS)

/* --- numbers made of what is seen: FNV-1a, the same after every start ---------------------------- */

#define FNV_START 0xcbf29ce484222325u

static uint64_t
mix(uint64_t hash, uint64_t n)
{
	for (unsigned i = 0; i < 8; i++)
		hash = (hash ^ (n >> 8 * i & 255)) * 0x100000001b3u;
	return hash;
}

/* What this user sees in it: its messages are read, or its properties only. */
static void
see_mailbox(struct state_account *a, const struct mailbox *m)
{
	unsigned rights = jmap_access_rights(&a->access, m->id);
	bool is_read = (rights & MAY_READ_ITEMS) == MAY_READ_ITEMS;

	if (!jmap_mailbox_is_shown(&a->access, m->id))
		return;
	a->mailboxes = mix(mix(a->mailboxes, m->id), rights);
	a->mailboxes = mix(a->mailboxes, is_read ? m->modseq : m->properties_modseq);
	if (is_read)
		a->emails = mix(mix(a->emails, m->id), m->highest_modseq);
}

/* Look at all of it; false: nothing is shown any more. */
static bool
see(struct state_account *a)
{
	const struct account *account = a->access.account;

	a->emails = a->mailboxes = FNV_START;
	if (a->access.is_owner) {
		a->emails = mix(a->emails, change_state(account, CHANGE_EMAIL));
		a->mailboxes = mix(a->mailboxes, change_state(account, CHANGE_MAILBOX));
		return true;
	}
	for (size_t i = 0; i < account->mailbox_count; i++)
		see_mailbox(a, account->mailboxes[i]);
	return a->mailboxes != FNV_START;
}

uint64_t
state_others(const struct state_user *u)
{
	uint64_t hash = FNV_START;

	for (size_t i = 1; i < u->account_count; i++) {
		const struct state_account *a = u->accounts[i];

		if (a->access.account)
			hash = mix(mix(mix(hash, a->id), a->emails), a->mailboxes);
	}
	return hash == FNV_START ? 0 : hash;
}

/* --- one account ------------------------------------------------------------------------------- */

static void
note(struct state_user *u, struct state_account *a, unsigned types)
{
	if (types)
		u->tick++;
	for (size_t i = 0; i < STATE_TYPE_COUNT; i++)
		if (types & 1u << i)
			a->moved[i] = u->tick;
}

/* May the store be asked now? Counts it. */
static bool
may_look(struct state_user *u)
{
	struct state_house *house = u->house;

	if (house->turn != u->loop->turns)
		house->looks = 0;
	house->turn = u->loop->turns;
	return house->looks++ < STATE_LOOKS;
}

static void
account_watch(struct state_user *u, struct state_account *a)
{
	mail_watch_start(&a->watch, a->access.account, 0, &u->task);
	a->acl_modseq = acl_modseq(a->access.account);
}

/* The user sees nothing of it any more. */
static void
account_gone(struct state_user *u, struct state_account *a)
{
	if (!a->access.account)
		return;
	a->gone_state = acl_modseq(a->access.account);
	mail_watch_stop(&a->watch);
	jmap_access_release(&a->access);
	note(u, a, TYPES_MOVED);
}

static void
account_free(struct state_account *a)
{
	mail_watch_stop(&a->watch);
	jmap_access_release(&a->access);
	mem_free(a);
}

/* What moved in another's account, for who sees a part of it; false: later, the store was asked enough. */
static bool
look_at_part(struct state_user *u, struct state_account *a)
{
	uint64_t emails = a->emails, mailboxes = a->mailboxes;
	uint64_t lists = acl_modseq(a->access.account);
	unsigned types = 0;

	if (lists != a->acl_modseq || a->bits & MAIL_CHANGED_LIST) {
		if (!may_look(u))
			return false;
		jmap_access_forget(&a->access);
	} else {
		jmap_access_keep(&a->access);
	}
	if (!see(a)) {
		account_gone(u, a);
		return true;
	}
	if (a->emails != emails)
		types |= state_types_by(
		    a->bits & (MAIL_CHANGED_EMAILS | MAIL_CHANGED_THREADS | MAIL_ARRIVED));
	if (a->mailboxes != mailboxes)
		types |= state_types_by(MAIL_CHANGED_MAILBOXES);
	a->acl_modseq = lists;
	a->bits = 0;
	note(u, a, types);
	return true;
}

/* Take what the watch has; false: later. */
static bool
account_look(struct state_user *u, struct state_account *a)
{
	unsigned mine = a == u->accounts[0] ? STATE_TYPES_ALL : state_types_shared();

	a->bits |= mail_watch_take(&a->watch);
	if (!a->access.account || !a->bits)
		return true;
	if (a->bits & MAIL_LOST) { /* it is opened again, and told from nothing on */
		u->is_stale = true;
		return true;
	}
	if (!a->access.is_owner)
		return look_at_part(u, a);
	note(u, a, state_types_by(a->bits) & mine);
	if (a != u->accounts[0])
		(void)see(a);
	a->bits = 0;
	return true;
}

/* --- which accounts there are ------------------------------------------------------------------ */

static struct state_account *
account_of(const struct state_user *u, uint64_t id)
{
	for (size_t i = 0; i < u->account_count; i++)
		if (u->accounts[i]->id == id)
			return u->accounts[i];
	return NULL;
}

/* Among the others by id. */
static void
account_insert(struct state_user *u, struct state_account *a)
{
	size_t at = u->account_count;

	u->accounts = mem_resize(u->accounts, u->account_count + 1, sizeof(struct state_account *));
	for (; at > 1 && u->accounts[at - 1]->id > a->id; at--)
		u->accounts[at] = u->accounts[at - 1];
	u->accounts[at] = a;
	u->account_count++;
}

static void
account_remove(struct state_user *u, struct state_account *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->account_count; i++)
		if (u->accounts[i] != a)
			u->accounts[kept++] = u->accounts[i];
	u->account_count = kept;
	account_free(a);
}

/* One that came; it is not told at the start, when nobody listened before. */
static void
account_add(struct state_user *u, uint64_t id, bool is_start)
{
	struct id_text text = id_text(ID_ACCOUNT, id);
	struct state_account *a = mem_new(1, sizeof(*a));

	a->id = id;
	if (jmap_access_open(&a->access, u->account, u->groups, id_str(&text)) != FAIL_NONE) {
		account_free(a);
		return;
	}
	(void)see(a);
	account_watch(u, a);
	account_insert(u, a);
	if (!is_start)
		note(u, a, TYPES_MOVED);
}

/* Those that are lost, or were gone at this tick and told, are forgotten. */
static void
forget_gone(struct state_user *u, uint64_t told)
{
	size_t kept = 1;

	for (size_t i = 1; i < u->account_count; i++) {
		struct state_account *a = u->accounts[i];

		if (a->access.account ? !a->access.account->is_lost : a->moved[0] > told)
			u->accounts[kept++] = a;
		else
			account_free(a);
	}
	u->account_count = kept;
}

static bool
is_among(const uint64_t *ids, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* When the store fails the accounts stay as they are until sharing changes again. */
static void
find_accounts(struct state_user *u, uint64_t told, bool is_start)
{
	struct acl_user who = { .name = u->account->name, .groups = u->groups };
	uint64_t ids[JMAP_SHARED_MAX];
	size_t count;

	u->is_stale = false;
	forget_gone(u, told);
	if (acl_accounts(u->account->mail, &who, ids, JMAP_SHARED_MAX, &count) != FAIL_NONE)
		return;
	for (size_t i = 0; i < count; i++) {
		struct state_account *a = account_of(u, ids[i]);

		if (a && a->access.account)
			continue;
		if (a) /* it went and comes back */
			account_remove(u, a);
		account_add(u, ids[i], is_start);
	}
	for (size_t i = 1; i < u->account_count; i++)
		if (!is_among(ids, count, u->accounts[i]->id))
			account_gone(u, u->accounts[i]);
}

/* --- users ------------------------------------------------------------------------------------- */

static void
wake_all(struct state_user *u, bool is_lost)
{
	for (struct list_node *n = list_first(&u->listeners); n; n = list_next(&u->listeners, n)) {
		struct state_listener *l = container_of(n, struct state_listener, node);

		l->is_lost |= is_lost;
		task_wake(l->task);
	}
}

static enum step
user_step(struct task *task)
{
	struct state_user *u = container_of(task, struct state_user, task);
	uint64_t before = u->tick;
	bool is_done = true;

	if (u->account->is_lost) {
		wake_all(u, true);
		return STEP_WAIT;
	}
	u->is_stale |= mail_watch_take(&u->sharing) != 0;
	for (size_t i = 0; i < u->account_count; i++)
		is_done &= account_look(u, u->accounts[i]);
	if (u->is_stale && !may_look(u))
		is_done = false;
	else if (u->is_stale)
		find_accounts(u, before, false);
	if (u->tick != before)
		wake_all(u, false);
	return is_done ? STEP_WAIT : STEP_YIELD;
}

static void
user_free(struct state_user *u)
{
	map_remove(&u->house->users, &u->node);
	if (u->house->users.count == 0)
		map_release(&u->house->users);
	for (size_t i = 0; i < u->account_count; i++)
		account_free(u->accounts[i]);
	mem_free(u->accounts);
	mail_watch_stop(&u->sharing);
	task_cancel(&u->task);
	account_close(&u->account);
	mem_free(u);
}

/* Account and groups: who joined another one meanwhile, and logs in again, sees something else. */
static void
key_write(struct buf *out, const struct account *account, struct str groups)
{
	buf_init(out, ACCOUNT_NAME_MAX + 1 + groups.n);
	buf_add(out, account->name);
	buf_add_char(out, '\0');
	buf_add(out, groups);
}

static struct state_user *
user_new(struct state_house *house, struct loop *loop, struct account *account, struct str key)
{
	struct state_user *u = mem_new(1, sizeof(*u) + key.n);
	struct state_account *own = mem_new(1, sizeof(*own));
	char *copy = (char *)(u + 1);

	invariant(key.p != NULL); /* at least the account's name */
	memcpy(copy, key.p, key.n);
	u->house = house;
	u->loop = loop;
	u->account = account_ref(account);
	u->groups = str_from(str_of(copy, key.n), account->name.n + 1);
	u->tick = 1; /* 0 is none */
	loop_task(loop, &u->task, user_step, NULL);
	own->id = account->id;
	jmap_access_own(&own->access, account, u->groups);
	account_watch(u, own);
	u->accounts = mem_new(1, sizeof(struct state_account *));
	u->accounts[u->account_count++] = own;
	mail_watch_sharing(&u->sharing, account->mail, &u->task);
	map_insert(&house->users, &u->node, str_of(copy, key.n));
	find_accounts(u, u->tick, true);
	return u;
}

void
state_listen(struct state_listener *l, struct state_house *house, struct loop *loop,
    struct account *account, struct str groups, struct task *task)
{
	struct map_node *node;
	struct buf key;

	state_listen_stop(l);
	key_write(&key, account, groups);
	node = map_find(&house->users, buf_str(&key));
	*l = (struct state_listener){ .task = task, .is_lost = account->is_lost };
	l->user = node ? container_of(node, struct state_user, node)
		       : user_new(house, loop, account, buf_str(&key));
	l->is_lost |= l->user->account->is_lost;
	list_append(&l->user->listeners, &l->node);
	buf_release(&key);
}

void
state_listen_stop(struct state_listener *l)
{
	struct state_user *u = l->user;

	if (!u)
		return;
	list_remove(&l->node);
	*l = (struct state_listener){ .user = NULL };
	if (list_empty(&u->listeners))
		user_free(u);
}
