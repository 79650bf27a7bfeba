#include "mail/share_tell.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

#define TELL_TURNS   8 /* accounts of one step: each may be a record that is written */
#define CHANGE_BYTES (4 * STORE_VALUE_MAX) /* two lists, and names */
#define GROUPS_MAX   (64 * 1024)           /* bytes of the names of one user's groups */

struct telling {
	struct list_node node;
	struct account *account; /* own: counted */
	struct arena arena;      /* own: its texts */
	struct share_notice notice;
	struct str was, now; /* lists as they are stored */
	unsigned asked;      /* accounts */
};

struct share_teller {
	struct mail *mail;           /* borrow */
	struct directory *directory; /* borrow */
	struct task task;
	struct list changes; /* the first is under way */
	size_t count;
	struct directory_query query;
	bool is_asking;
	struct buf name; /* own: the account at hand, or the last one */
};

/* --- changes ------------------------------------------------------------------------------------- */

static void
telling_free(struct share_teller *t, struct telling *change)
{
	list_remove(&change->node);
	t->count--;
	account_close(&change->account);
	arena_release(&change->arena);
	mem_free(change);
}

static bool
telling_texts(struct telling *change, struct str was, struct str now)
{
	struct share_notice *n = &change->notice;

	n->by = arena_str(&change->arena, n->by);
	n->name = arena_str(&change->arena, n->name);
	change->was = arena_str(&change->arena, was);
	change->now = arena_str(&change->arena, now);
	return n->by.p && n->name.p && change->was.p && change->now.p;
}

void
share_tell(struct account *a, const struct share_notice *about, struct str was)
{
	struct share_teller *t = a->mail->teller;
	struct telling *change;
	struct buf now;

	if (!t)
		return;
	buf_init(&now, STORE_VALUE_MAX);
	change = mem_new(1, sizeof(*change));
	change->account = account_ref(a);
	change->notice = *about;
	arena_init(&change->arena, CHANGE_BYTES);
	list_append(&t->changes, &change->node);
	t->count++;
	if (t->count <= SHARE_TELLS_MAX && acl_record(a, about->mailbox, &now) == FAIL_NONE &&
	    telling_texts(change, was, buf_str(&now))) {
		task_wake(&t->task);
	} else {
		log_warn(&a->mail->log, "mail.share.untold", LOG_TEXT("account", a->name));
		telling_free(t, change);
	}
	buf_release(&now);
}

/* --- accounts ------------------------------------------------------------------------------------ */

/* The name behind t->name, or an empty one at the end. */
static enum fail
name_read(struct txn *txn, void *arg)
{
	struct share_teller *t = arg;
	struct key from = key_name(buf_str(&t->name)), to = key_name(STR(""));
	size_t prefix = to.n;
	struct str key, value, name = { 0 };
	struct cursor c;

	to = key_after(to);
	txn_scan(txn, &c, key_str(&from), key_str(&to), false);
	while (!name.p && cursor_next(&c, &key, &value))
		if (!str_eq(str_from(key, prefix), buf_str(&t->name)))
			name = str_from(key, prefix);
	buf_clear(&t->name);
	buf_add(&t->name, name);
	return cursor_end(&c);
}

/* Go on to the next account that may be told; false: there is none. */
static bool
next_name(struct share_teller *t, struct telling *change)
{
	while (change->asked++ < SHARE_TOLD_MAX && !change->account->is_lost) {
		struct str name;

		if (store_read(t->mail->store, name_read, t) != FAIL_NONE)
			break;
		name = buf_str(&t->name);
		if (name.n == 0)
			break;
		if (!str_eq(name, change->notice.by) && !str_eq(name, change->account->name))
			return true;
	}
	return false;
}

/* What the account's owner could do by the old list, and can by the new one. */
static void
tell_one(struct share_teller *t, struct telling *change)
{
	struct share_notice notice = change->notice;
	struct acl_user who = { .name = buf_str(&t->name) };
	struct buf groups;

	buf_init(&groups, GROUPS_MAX);
	directory_groups_write(&groups, &t->query.account);
	who.groups = buf_str(&groups);
	notice.was = acl_rights_of(change->was, &who);
	notice.now = acl_rights_of(change->now, &who);
	if (notice.was != notice.now && !acl_owns(change->account, &who) &&
	    share_notice_leave(t->mail, who.name, &notice) != FAIL_NONE)
		log_warn(&t->mail->log, "mail.share.untold", LOG_TEXT("account", who.name));
	buf_release(&groups);
}

/* One account of the first change further; false: there is no change left. */
static bool
go_on(struct share_teller *t)
{
	struct list_node *first = list_first(&t->changes);
	struct telling *change = first ? container_of(first, struct telling, node) : NULL;

	if (!change)
		return false;
	if (t->is_asking) {
		t->is_asking = false;
		if (t->query.op.fail == FAIL_NONE)
			tell_one(t, change);
		directory_query_release(&t->query);
	} else if (next_name(t, change)) {
		directory_account_start(t->directory, &t->query, &t->task, buf_str(&t->name));
		t->is_asking = true;
	} else {
		telling_free(t, change);
		buf_clear(&t->name);
	}
	return true;
}

static enum step
tell_step(struct task *task)
{
	struct share_teller *t = container_of(task, struct share_teller, task);

	for (unsigned i = 0; i < 2 * TELL_TURNS; i++)
		if ((t->is_asking && op_pending(&t->query.op)) || !go_on(t))
			return STEP_WAIT;
	return STEP_YIELD;
}

/* --- beginning and end --------------------------------------------------------------------------- */

void
share_tell_start(struct mail *m, struct directory *directory)
{
	struct share_teller *t = mem_new(1, sizeof(*t));

	t->mail = m;
	t->directory = directory;
	list_init(&t->changes);
	buf_init(&t->name, ACCOUNT_NAME_MAX);
	loop_task(m->loop, &t->task, tell_step, NULL);
	m->teller = t;
}

void
share_tell_stop(struct mail *m)
{
	struct share_teller *t = m->teller;
	struct list_node *n;

	m->teller = NULL;
	if (!t)
		return;
	directory_query_release(&t->query);
	task_cancel(&t->task);
	while ((n = list_first(&t->changes)) != NULL)
		telling_free(t, container_of(n, struct telling, node));
	buf_release(&t->name);
	mem_free(t);
}
