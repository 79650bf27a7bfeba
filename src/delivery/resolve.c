/* Whom an address reaches (resolve.h). */
#include "delivery/resolve.h"

/* base */
#include "base/mem.h"

static void
finish(struct delivery_resolve *r, enum fail fail)
{
	if (fail != FAIL_NONE)
		delivery_targets_drop(r->targets, r->recipient);
	directory_query_release(&r->account);
	op_finish(&r->op, fail);
}

/* --- the accounts behind it ------------------------------------------------------------------------ */

/* All were looked at. */
static void
conclude(struct delivery_resolve *r)
{
	if (r->is_full)
		finish(r, FAIL_LIMIT);
	else if (r->local_count + r->remote_count == 0)
		finish(r, FAIL_MISSING);
	else
		finish(r, FAIL_NONE);
}

/* Ask for the next account, or end. Addresses elsewhere need no question. */
static void
next_target(struct delivery_resolve *r)
{
	while (r->at < r->query.target_count && r->query.targets[r->at].kind == DIRECTORY_REMOTE) {
		const struct directory_target *t = &r->query.targets[r->at++];

		r->remotes[r->remote_count++] =
		    (struct delivery_remote){ .address = t->name, .list = t->list };
	}
	if (r->at == r->query.target_count)
		conclude(r);
	else
		directory_account_start(r->directory, &r->account, &r->task,
		    r->query.targets[r->at].name);
}

/* FAIL_LIMIT: the account is full. */
static enum fail
look_for_room(struct delivery_resolve *r, struct str name, const struct account_limits *limits)
{
	struct account *open;
	enum fail fail = account_open(r->mail, name, limits, &open);

	if (fail != FAIL_NONE)
		return FAIL_TEMP;
	fail = account_room(open, r->size > 0 ? r->size : 1);
	account_close(&open);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
add_account(struct delivery_resolve *r, const struct directory_account *account)
{
	struct account_limits limits = { .quota_bytes = (uint64_t)account->quota_bytes,
		.quota_messages = (uint64_t)account->quota_messages };
	enum fail fail = r->mail ? look_for_room(r, account->name, &limits) : FAIL_NONE;

	if (fail == FAIL_LIMIT) {
		r->is_full = true;
		return FAIL_NONE;
	}
	if (fail != FAIL_NONE)
		return FAIL_TEMP;
	r->local_count++;
	return delivery_targets_add(r->targets, r->recipient, account->name, &limits);
}

static void
take_account(struct delivery_resolve *r)
{
	enum fail fail = r->account.op.fail;

	if (fail == FAIL_NONE && !r->account.account.is_enabled)
		fail = FAIL_DENIED;
	if (fail == FAIL_NONE)
		fail = add_account(r, &r->account.account);
	else if (fail == FAIL_MISSING || fail == FAIL_DENIED)
		r->is_disabled = true;
	if (fail == FAIL_TEMP || fail == FAIL_LIMIT) {
		r->is_full = false;
		finish(r, fail);
		return;
	}
	r->at++;
	next_target(r);
}

/* --- the op ----------------------------------------------------------------------------------------- */

static void
take_targets(struct delivery_resolve *r)
{
	if (r->query.op.fail != FAIL_NONE) {
		finish(r, r->query.op.fail == FAIL_LIMIT ? FAIL_PERM : r->query.op.fail);
		return;
	}
	r->remotes = mem_new(r->query.target_count, sizeof *r->remotes);
	next_target(r);
}

static void
go_on(struct delivery_resolve *r)
{
	while (op_pending(&r->op) && !op_pending(&r->query.op) && !op_pending(&r->account.op)) {
		if (r->remotes == NULL)
			take_targets(r);
		else
			take_account(r);
	}
}

static enum step
resolve_step(struct task *task)
{
	go_on(container_of(task, struct delivery_resolve, task));
	return STEP_WAIT;
}

void
delivery_resolve_start(struct delivery_resolve *r, struct loop *loop, struct mail *mail,
    struct directory *directory, struct task *owner, struct str recipient, uint64_t size,
    struct delivery_targets *targets)
{
	delivery_resolve_release(r);
	op_begin(&r->op, owner);
	loop_task(loop, &r->task, resolve_step, NULL);
	r->mail = mail;
	r->directory = directory;
	r->targets = targets;
	r->recipient = recipient;
	r->size = size;
	directory_resolve_start(directory, &r->query, &r->task, recipient);
	go_on(r);
}

void
delivery_resolve_cancel(struct delivery_resolve *r)
{
	directory_query_cancel(&r->query);
	directory_query_cancel(&r->account);
	if (op_pending(&r->op))
		delivery_targets_drop(r->targets, r->recipient);
	op_drop(&r->op);
}

void
delivery_resolve_release(struct delivery_resolve *r)
{
	delivery_resolve_cancel(r);
	if (r->task.queue)
		task_cancel(&r->task);
	directory_query_release(&r->query);
	directory_query_release(&r->account);
	mem_free(r->remotes);
	*r = (struct delivery_resolve){ 0 };
}
