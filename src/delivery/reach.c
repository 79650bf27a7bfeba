/* The file of a message to where those of its targets are kept, before it is stored (delivery.h). */
#include "delivery/delivery.h"

/* base */
#include "base/mem.h"

#define AT_ONCE_MAX 16 /* copies under way of one message: others want to get through, too */

void
delivery_reach_start(struct delivery_reach *r, struct mail *m, struct str account, struct str blob,
    const struct delivery_targets *targets, struct task *owner)
{
	*r = (struct delivery_reach){ .blobs = mail_blobs(m),
		.owner = owner,
		.account = account,
		.blob = blob,
		.targets = targets };
	if (targets->count > 0)
		r->waits = mem_new(targets->count, sizeof *r->waits);
}

static void
start_next(struct delivery_reach *r)
{
	struct str to = r->targets->targets[r->started].account;

	if (!str_eq(to, r->account))
		blob_copy_start(r->blobs, &r->waits[r->started], r->owner, r->account, r->blob, to);
	r->started++;
}

bool
delivery_reach_is_done(struct delivery_reach *r)
{
	for (;;) {
		while (r->done < r->started && !op_pending(&r->waits[r->done].op))
			r->done++;
		if (r->started == r->targets->count || r->started - r->done >= AT_ONCE_MAX)
			return r->done == r->targets->count;
		start_next(r);
	}
}

void
delivery_reach_release(struct delivery_reach *r)
{
	for (size_t i = 0; i < r->started; i++)
		blob_wait_release(&r->waits[i]);
	mem_free(r->waits);
	*r = (struct delivery_reach){ .blobs = NULL };
}
