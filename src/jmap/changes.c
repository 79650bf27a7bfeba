/*
 * Foo/changes (RFC 8620 5.2): the same log, several types.
 */
#include "mail/changes.h"

/* rooms */
#include "jmap/args.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "mail/share_notice.h"
#include "mail/thread.h"

#define LOOK_BYTES (64 * 1024 * 1024) /* the largest thread, and one Email after the other of it */

static enum fail
look(struct jmap_call *c, enum change_type type, uint64_t id, bool *out)
{
	struct arena arena;
	uint64_t *ids;
	size_t count = 0;
	enum fail fail = FAIL_MISSING;

	if (type == CHANGE_MAILBOX) {
		*out = jmap_mailbox_is_shown(c->access, (uint32_t)id);
		return FAIL_NONE;
	}
	arena_init(&arena, LOOK_BYTES);
	if (type == CHANGE_EMAIL)
		fail = jmap_email_look(c->access, id, &arena);
	else
		fail = thread_emails(c->account, id, &arena, &ids, &count);
	for (size_t i = 0; type == CHANGE_THREAD && i < count; i++) {
		fail = jmap_email_look(c->access, ids[i], &arena);
		if (fail != FAIL_MISSING)
			break;
	}
	arena_release(&arena);
	*out = fail == FAIL_NONE;
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

struct changing {
	struct str since_text;
	struct changes changes;
	size_t at, kept; /* in another's account: looked at, and told */
};

/*
 * In another's account: what changed and is not shown is gone for this user, or was never there (a client passes
 * over the id of what it does not have). A destroyed thing is told by its id alone. False: the slice is over, or the
 * call's error was set.
 */
static bool
keep_shown(struct jmap_call *c, enum change_type type, struct changing *g)
{
	while (g->at < g->changes.count) {
		struct change change = g->changes.items[g->at++];
		bool is_shown = true;
		enum fail fail = FAIL_NONE;

		if (change.kind != CHANGE_DESTROYED)
			fail = look(c, type, change.id, &is_shown);
		if (fail) {
			jmap_fail_with(c, fail);
			return false;
		}
		if (!is_shown && change.kind == CHANGE_CREATED)
			continue;
		if (!is_shown)
			change.kind = CHANGE_DESTROYED;
		g->changes.items[g->kept++] = change;
		if (g->at < g->changes.count && jmap_slice_over(c))
			return false;
	}
	g->changes.count = g->at = g->kept;
	return true;
}

static void
write_kind(struct jmap_call *c, struct str name, const struct changes *changes,
    enum change_kind change, enum id_kind kind)
{
	json_name(&c->w, name);
	json_array_begin(&c->w);
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].kind == change)
			jmap_write_id(&c->w, kind, changes->items[i].id);
	json_array_end(&c->w);
}

/* RFC 8621 2.2: tell when only counts moved, so that clients fetch no more than those. */
static void
write_updated_properties(struct jmap_call *c, const struct changes *changes)
{
	static const struct str counts[] = { STR_INIT("totalEmails"), STR_INIT("unreadEmails"),
		STR_INIT("totalThreads"), STR_INIT("unreadThreads") };

	json_name(&c->w, STR("updatedProperties"));
	if (!changes->is_counts_only) {
		json_null(&c->w);
		return;
	}
	json_array_begin(&c->w);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_string(&c->w, counts[i]);
	json_array_end(&c->w);
}

/* A state of this method is "s123", or "s123-100" while there is more: there mail's `base` goes along. */
static bool
read_state(struct str text, uint64_t *state_out, struct changes *changes)
{
	struct str state = text;

	changes->has_base = str_take_until(&text, '-', &state);
	if (!id_parse(state, ID_STATE, state_out))
		return false;
	return !changes->has_base ||
	    (str_u64(&text, *state_out, &changes->base) && str_empty(text));
}

static void
write_new_state(struct jmap_call *c, const struct changes *changes)
{
	struct buf text;

	buf_init(&text, 2 * ID_TEXT_MAX);
	id_write(&text, ID_STATE, changes->state);
	if (changes->has_base) {
		buf_add_char(&text, '-');
		buf_add_u64(&text, changes->base);
	}
	json_name_string(&c->w, STR("newState"), buf_str(&text));
	buf_release(&text);
}

/* What changed; NULL: the call's error was set. */
static struct changing *
changes_begin(struct jmap_call *c, enum change_type type)
{
	struct changing *g = arena_alloc(&c->arena, 1, sizeof(*g));
	uint64_t since, max;
	enum fail fail = FAIL_LIMIT;

	if (!g || !jmap_arg_text(c, STR("sinceState"), &g->since_text) ||
	    !jmap_arg_uint(c, STR("maxChanges"), JMAP_CHANGES_MAX, &max)) {
		if (!g)
			jmap_fail_with(c, FAIL_LIMIT);
		return NULL;
	}
	if (!g->since_text.p || max == 0) {
		jmap_invalid(c, "sinceState is missing, or maxChanges is 0.");
		return NULL;
	}
	if (!read_state(g->since_text, &since, &g->changes)) {
		jmap_fail(c, "cannotCalculateChanges", "This state is not ours.");
		return NULL;
	}
	g->changes.max = max < JMAP_CHANGES_MAX ? (size_t)max : JMAP_CHANGES_MAX;
	g->changes.items = arena_alloc(&c->arena, g->changes.max, sizeof(*g->changes.items));
	if (g->changes.items)
		fail = jmap_changes_are_known(c->access, since)
		    ? changes_since(c->account, type, since, &g->changes)
		    : FAIL_PERM;
	if (fail == FAIL_PERM)
		jmap_fail(c, "cannotCalculateChanges", NULL);
	else if (fail)
		jmap_fail_with(c, fail);
	return fail ? NULL : g;
}

static enum jmap_step
run_changes(struct jmap_call *c, enum change_type type, enum id_kind kind)
{
	struct changing *g = c->state ? c->state : changes_begin(c, type);

	if (!g)
		return JMAP_DONE;
	c->state = g;
	if (!c->access->is_owner && !keep_shown(c, type, g))
		return c->error ? JMAP_DONE : JMAP_YIELD;
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("oldState"), g->since_text);
	write_new_state(c, &g->changes);
	json_name_bool(&c->w, STR("hasMoreChanges"), g->changes.has_more);
	write_kind(c, STR("created"), &g->changes, CHANGE_CREATED, kind);
	write_kind(c, STR("updated"), &g->changes, CHANGE_UPDATED, kind);
	write_kind(c, STR("destroyed"), &g->changes, CHANGE_DESTROYED, kind);
	if (type == CHANGE_MAILBOX)
		write_updated_properties(c, &g->changes);
	json_object_end(&c->w);
	return JMAP_DONE;
}

enum jmap_step
jmap_email_changes(struct jmap_call *c)
{
	return run_changes(c, CHANGE_EMAIL, ID_EMAIL);
}

enum jmap_step
jmap_mailbox_changes(struct jmap_call *c)
{
	return run_changes(c, CHANGE_MAILBOX, ID_MAILBOX);
}

enum jmap_step
jmap_thread_changes(struct jmap_call *c)
{
	return run_changes(c, CHANGE_THREAD, ID_THREAD);
}

enum jmap_step
jmap_identity_changes(struct jmap_call *c)
{
	if (!c->state && !jmap_identities_ready(c))
		return JMAP_DONE;
	return run_changes(c, CHANGE_IDENTITY, ID_IDENTITY);
}

/* Those that became too old go before. */
enum jmap_step
jmap_share_notice_changes(struct jmap_call *c)
{
	struct share_notice *all;
	size_t count;
	enum fail fail = share_notices(c->account, &c->arena, &all, &count);

	return fail ? jmap_fail_with(c, fail)
		    : run_changes(c, CHANGE_SHARE_NOTICE, ID_SHARE_NOTICE);
}

enum jmap_step
jmap_submission_changes(struct jmap_call *c)
{
	return run_changes(c, CHANGE_SUBMISSION, ID_SUBMISSION);
}
