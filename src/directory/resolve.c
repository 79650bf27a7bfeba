#include "directory/lookup.h"

/* base */
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "directory/address.h"

#define WORK_BYTES_MAX (16 * 1024 * 1024)

/* A name met on the way: each address is followed once, each target named once. */
struct met {
	struct map_node node;
};

struct walk {
	struct lookup *lookup;
	struct json_writer *w;
	struct arena arena; /* own */
	struct map followed, named;
	size_t target_count;
};

struct step {
	struct str detail; /* the tag that came along */
	struct str list;   /* the list passed */
	unsigned depth;
};

/* False when the name is in the map already, or memory is used up. */
static bool
meet(struct walk *walk, struct map *map, struct str name)
{
	struct met *met;
	struct str copy;

	if (map_find(map, name) != NULL)
		return false;
	met = arena_alloc(&walk->arena, 1, sizeof *met);
	copy = arena_str(&walk->arena, name);
	if (met == NULL || copy.p == NULL)
		return false;
	map_insert(map, &met->node, copy);
	return true;
}

static void
write_target(struct walk *walk, bool is_local, struct str name, const struct step *step)
{
	struct json_writer *w = walk->w;

	if (walk->target_count >= LOOKUP_TARGETS_MAX || !meet(walk, &walk->named, name))
		return;
	walk->target_count++;
	json_object_begin(w);
	json_name_string(w, is_local ? STR("account") : STR("remote"), name);
	if (is_local && step->detail.n > 0)
		json_name_string(w, STR("detail"), step->detail);
	if (step->list.n > 0)
		json_name_string(w, STR("list"), step->list);
	json_object_end(w);
}

static enum fail follow(struct walk *walk, struct str address, struct step step);

/* An account, under the name that it is kept under. FAIL_MISSING */
static enum fail
write_account(struct walk *walk, struct str name, const struct step *step)
{
	struct buf account;
	enum fail fail;

	buf_init(&account, ADDRESS_MAX);
	fail = lookup_name(walk->lookup, name, &account);
	if (fail == FAIL_NONE)
		write_target(walk, true, buf_str(&account), step);
	buf_release(&account);
	return fail;
}

/* A row as follow() takes it, without the blanks that fill up columns of a fixed width; false: it is no address. */
static bool
write_row(struct buf *out, struct str row)
{
	size_t before = out->n;

	if (address_write(out, str_trim(row), false) == FAIL_NONE)
		return true;
	buf_rewind(out, before);
	return false;
}

/* All rows are names to follow; they are read first: one question at a time. */
static enum fail
follow_rows(struct walk *walk, enum source_question question, struct str key, struct step step,
    bool *had_rows)
{
	struct source *s = walk->lookup->source;
	struct buf names;
	struct str rest, name;
	enum fail fail;

	buf_init(&names, WORK_BYTES_MAX);
	*had_rows = false;
	source_begin(s, question, key);
	while (source_next(s)) {
		*had_rows = true;
		if (write_row(&names, source_text(s, 0)))
			buf_add_char(&names, '\n');
	}
	fail = source_end(s);
	rest = buf_str(&names);
	step.depth++;
	while (fail == FAIL_NONE && str_take_until(&rest, '\n', &name)) {
		if (str_eq(name, key))
			fail = write_account(walk, name,
			    &step); /* an alias to itself: "and keep a copy" */
		else
			fail = follow(walk, name, step);
		if (fail == FAIL_MISSING || fail == FAIL_SYNTAX)
			fail = FAIL_NONE; /* a member that leads nowhere harms only itself */
	}
	buf_release(&names);
	return fail;
}

/* What exactly this spelling stands for: aliases, an account, a list. */
static enum fail
follow_exact(struct walk *walk, struct str address, const struct step *step)
{
	struct step inside = *step;
	bool had_rows;
	enum fail fail = follow_rows(walk, SOURCE_TARGETS, address, *step, &had_rows);

	if (fail != FAIL_NONE || had_rows)
		return fail;
	fail = write_account(walk, address, step);
	if (fail != FAIL_MISSING)
		return fail;
	fail = source_has(walk->lookup->source, SOURCE_LIST, address);
	if (fail != FAIL_NONE)
		return fail;
	inside.list = arena_str(&walk->arena, address);
	inside.detail = STR("");
	return follow_rows(walk, SOURCE_MEMBERS, address, inside, &had_rows);
}

/* user+tag@domain as user@domain. */
static enum fail
follow_without_tag(struct walk *walk, struct str local, struct str domain, const struct step *step)
{
	struct step inside = *step;
	struct str user, tag;
	struct buf address;
	enum fail fail;

	if (!address_tag(local, walk->lookup->settings->separator, &user, &tag))
		return FAIL_MISSING;
	buf_init(&address, ADDRESS_MAX);
	buf_add(&address, user);
	buf_add_char(&address, '@');
	buf_add(&address, domain);
	inside.detail = tag;
	fail = follow_exact(walk, buf_str(&address), &inside);
	buf_release(&address);
	return fail;
}

/* @domain, which takes what nothing else took. */
static enum fail
follow_catch_all(struct walk *walk, struct str domain, const struct step *step)
{
	struct buf address;
	bool had_rows;
	enum fail fail;

	buf_init(&address, ADDRESS_MAX);
	buf_add_char(&address, '@');
	buf_add(&address, domain);
	fail = follow_rows(walk, SOURCE_TARGETS, buf_str(&address), *step, &had_rows);
	buf_release(&address);
	return fail == FAIL_NONE && !had_rows ? FAIL_MISSING : fail;
}

/* One address in its normal spelling. FAIL_DENIED only for the first: its domain is not ours. */
static enum fail
follow(struct walk *walk, struct str address, struct step step)
{
	struct str local, domain;
	enum fail fail;

	if (step.depth > LOOKUP_DEPTH_MAX)
		return FAIL_MISSING;
	if (!meet(walk, &walk->followed, address))
		return FAIL_NONE;
	fail = address_split(address, false, &local, &domain);
	if (fail != FAIL_NONE || address.n > ADDRESS_MAX)
		return FAIL_SYNTAX;
	fail = source_has(walk->lookup->source, SOURCE_DOMAIN, domain);
	if (fail == FAIL_MISSING && step.depth == 0)
		return FAIL_DENIED;
	if (fail == FAIL_MISSING) {
		write_target(walk, false, address, &step);
		return FAIL_NONE;
	}
	if (fail == FAIL_NONE)
		fail = follow_exact(walk, address, &step);
	if (fail == FAIL_MISSING)
		fail = follow_without_tag(walk, local, domain, &step);
	if (fail == FAIL_MISSING)
		fail = follow_catch_all(walk, domain, &step);
	return fail;
}

/* --- the postmaster of this host ------------------------------------------------------------------- */

/* Reports come from mailer-daemon at this host and name its postmaster: both can be written to. */
static bool
is_host_master(const struct walk *walk, struct str address)
{
	const struct directory_settings *set = walk->lookup->settings;
	struct str local, domain;

	return set->own_host.n > 0 && address_split(address, false, &local, &domain) == FAIL_NONE &&
	    str_eq_nocase(domain, set->own_host) &&
	    (str_eq(local, STR("postmaster")) || str_eq(local, STR("mailer-daemon")));
}

static enum fail
follow_default_master(struct walk *walk)
{
	struct buf address;
	enum fail fail;

	if (str_empty(walk->lookup->settings->default_domain))
		return FAIL_MISSING;
	buf_init(&address, ADDRESS_MAX);
	buf_add(&address, STR("postmaster@"));
	fail = idna_write_ascii(&address, walk->lookup->settings->default_domain);
	if (fail == FAIL_NONE)
		fail = follow(walk, buf_str(&address), (struct step){ .depth = 0 });
	buf_release(&address);
	return fail;
}

static enum fail
follow_any_master(struct walk *walk)
{
	struct source *s = walk->lookup->source;
	struct buf address;
	bool is_found;
	enum fail fail;

	buf_init(&address, ADDRESS_MAX);
	source_begin(s, SOURCE_POSTMASTER, STR(""));
	is_found = source_next(s) && write_row(&address, source_text(s, 0));
	fail = source_end(s);
	if (fail == FAIL_NONE && !is_found)
		fail = FAIL_MISSING;
	if (fail == FAIL_NONE)
		fail = follow(walk, buf_str(&address), (struct step){ .depth = 0 });
	buf_release(&address);
	return fail;
}

/* Where `fail` came of the address itself. */
static enum fail
follow_host_master(struct walk *walk, enum fail fail)
{
	enum fail next = follow_default_master(walk);

	if (next == FAIL_MISSING || next == FAIL_DENIED || next == FAIL_SYNTAX)
		next = follow_any_master(walk);
	return next == FAIL_MISSING ? fail : next;
}

enum fail
lookup_resolve(struct lookup *l, struct str address, struct json_writer *w)
{
	struct walk walk = { .lookup = l, .w = w };
	enum fail fail;

	arena_init(&walk.arena, WORK_BYTES_MAX);
	json_name(w, STR("targets"));
	json_array_begin(w);
	fail = follow(&walk, address, (struct step){ .depth = 0 });
	if ((fail == FAIL_DENIED || fail == FAIL_MISSING) && is_host_master(&walk, address))
		fail = follow_host_master(&walk, fail);
	json_array_end(w);
	if (fail == FAIL_NONE && walk.target_count == 0)
		fail = FAIL_PERM; /* aliases in a circle, or to what is gone */
	map_release(&walk.followed);
	map_release(&walk.named);
	arena_release(&walk.arena);
	return fail;
}
