/* Changing and destroying by Email: JMAP's Email/set (email.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

struct updating {
	uint64_t id;
	const struct email_update *update;
};

static bool
is_among(const uint32_t *list, size_t count, uint32_t mailbox)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == mailbox)
			return true;
	return false;
}

/* Is it in a mailbox that exists, without \Deleted? */
static bool
edit_is_visible(const struct edit *e)
{
	const struct email_edit *w = &e->email;

	for (size_t i = 0; i < w->now_count; i++)
		if (!w->now[i].is_deleted && mailbox_get(e->account, w->now[i].mailbox))
			return true;
	return false;
}

/* Take out of mailboxes; \Deleted memberships that nobody named stay. */
static void
mailboxes_leave(struct edit *e, const struct email_update *u)
{
	struct email_edit *w = &e->email;

	for (size_t i = w->now_count; i-- > 0;) {
		const struct membership *m = w->now + i;
		bool is_kept = u->replace_mailboxes
		    ? m->is_deleted ||
			is_among(u->mailboxes_add, u->mailboxes_add_count, m->mailbox)
		    : !is_among(u->mailboxes_remove, u->mailboxes_remove_count, m->mailbox);

		if (!is_kept)
			email_edit_leave(e, i);
	}
}

static enum fail
mailboxes_join(struct edit *e, const struct email_update *u)
{
	struct email_edit *w = &e->email;
	uint32_t in[EMAIL_MEMBERSHIPS_MAX];
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < u->mailboxes_add_count; i++) {
		size_t count = email_visible_in(w->now, w->now_count, in);

		if (!is_among(in, count, u->mailboxes_add[i]))
			fail = email_edit_join(e, u->mailboxes_add[i], false);
	}
	return fail == FAIL_MISSING ? FAIL_PERM : fail;
}

static enum fail
update_email_run(struct edit *e, void *arg)
{
	const struct updating *in = arg;
	const struct email_update *u = in->update;
	struct email_edit *w = &e->email;
	enum fail fail = email_edit_load(e, in->id);

	if (fail == FAIL_NONE && !edit_is_visible(e))
		fail = FAIL_MISSING;
	if (fail)
		return fail;
	for (size_t i = 0; i < u->mailboxes_remove_count; i++)
		if (!mailbox_get(e->account, u->mailboxes_remove[i]))
			return FAIL_PERM;
	w->keywords = ((w->keywords & ~u->keywords_remove) | u->keywords_add) & ~FLAG_DELETED;
	mailboxes_leave(e, u);
	fail = mailboxes_join(e, u);
	if (fail)
		return fail;
	if (!edit_is_visible(e))
		return FAIL_DENIED;
	if (w->keywords == w->was_keywords && w->now_count == w->was_count &&
	    memcmp(w->now, w->was, w->now_count * sizeof(w->now[0])) == 0)
		return FAIL_NONE;
	return email_save(e);
}

enum fail
email_update(struct account *a, uint64_t id, const struct email_update *update)
{
	struct updating in = { .id = id, .update = update };

	return edit_run(a, NULL, update_email_run, &in);
}

static enum fail
destroy_run(struct edit *e, void *arg)
{
	const struct updating *in = arg;
	enum fail fail = email_edit_load(e, in->id);

	if (fail == FAIL_NONE && !edit_is_visible(e))
		fail = FAIL_MISSING;
	if (fail)
		return fail;
	e->email.now_count = 0;
	return email_save(e);
}

enum fail
email_destroy(struct account *a, uint64_t id)
{
	struct updating in = { .id = id };

	return edit_run(a, NULL, destroy_run, &in);
}
