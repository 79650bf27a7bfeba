/*
 * Foo/changes (RFC 8620 5.2): the same log, several types.
 */
#include "mail/changes.h"

/* rooms */
#include "jmap/args.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/sight.h"
#include "mail/share_notice.h"

#define LOOKS_MAX 500 /* changes of another's account told at once: each is looked up */

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

static enum jmap_step
run_changes(struct jmap_call *c, enum change_type type, enum id_kind kind)
{
	struct changes changes = { 0 };
	struct str since_text;
	uint64_t since, max;
	enum fail fail;

	if (!jmap_arg_text(c, STR("sinceState"), &since_text) ||
	    !jmap_arg_uint(c, STR("maxChanges"), JMAP_CHANGES_MAX, &max))
		return JMAP_DONE;
	if (!since_text.p || max == 0)
		return jmap_invalid(c, "sinceState is missing, or maxChanges is 0.");
	if (!read_state(since_text, &since, &changes))
		return jmap_fail(c, "cannotCalculateChanges", "This state is not ours.");
	changes.max = max < JMAP_CHANGES_MAX ? (size_t)max : JMAP_CHANGES_MAX;
	if (!c->access->is_owner && changes.max > LOOKS_MAX)
		changes.max = LOOKS_MAX;
	changes.items = arena_alloc(&c->arena, changes.max, sizeof(*changes.items));
	if (!changes.items)
		return jmap_fail_with(c, FAIL_LIMIT);
	fail = jmap_changes_seen(c, type, since, &changes);
	if (fail == FAIL_PERM)
		return jmap_fail(c, "cannotCalculateChanges", NULL);
	if (fail)
		return jmap_fail_with(c, fail);
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("oldState"), since_text);
	write_new_state(c, &changes);
	json_name_bool(&c->w, STR("hasMoreChanges"), changes.has_more);
	write_kind(c, STR("created"), &changes, CHANGE_CREATED, kind);
	write_kind(c, STR("updated"), &changes, CHANGE_UPDATED, kind);
	write_kind(c, STR("destroyed"), &changes, CHANGE_DESTROYED, kind);
	if (type == CHANGE_MAILBOX)
		write_updated_properties(c, &changes);
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
	if (!jmap_identities_ready(c))
		return JMAP_DONE;
	return run_changes(c, CHANGE_IDENTITY, ID_IDENTITY);
}

/* Those that became too old go before. */
enum jmap_step
jmap_share_notice_changes(struct jmap_call *c)
{
	enum fail fail = share_notices_expire(c->account);

	return fail ? jmap_fail_with(c, fail)
		    : run_changes(c, CHANGE_SHARE_NOTICE, ID_SHARE_NOTICE);
}

enum jmap_step
jmap_submission_changes(struct jmap_call *c)
{
	return run_changes(c, CHANGE_SUBMISSION, ID_SUBMISSION);
}
