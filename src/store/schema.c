/* The schema number: a new file gets it, an older one is copied and upgraded, a newer one refused. */
#include "store/store.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "store/inner.h"

#define COPY_PATH_MAX 4096

static void
say(struct buf *errors, struct str path, const char *text, uint32_t a, const char *more, uint32_t b)
{
	if (errors == NULL)
		return;
	buf_add(errors, path);
	buf_add_c(errors, text);
	buf_add_u64(errors, a);
	buf_add_c(errors, more);
	buf_add_u64(errors, b);
	buf_add_char(errors, '\n');
}

static const struct store_upgrade *
find_step(const struct store_schema *schema, uint32_t from)
{
	for (size_t i = 0; i < schema->step_count; i++)
		if (schema->steps[i].from == from)
			return &schema->steps[i];
	return NULL;
}

static bool
has_steps(const struct store_schema *schema, uint32_t from)
{
	while (from < schema->version && find_step(schema, from) != NULL)
		from++;
	return from == schema->version;
}

struct upgrade {
	const struct store_schema *schema;
	uint32_t have;
};

static enum fail
run_steps(struct txn *t, void *arg)
{
	const struct upgrade *u = arg;
	enum fail fail = FAIL_NONE;

	for (uint32_t v = u->have; v < u->schema->version && fail == FAIL_NONE; v++) {
		const struct store_upgrade *one = find_step(u->schema, v);

		fail = one != NULL ? one->run(t) : FAIL_PERM;
	}
	if (fail == FAIL_NONE)
		fail = t->store->ops->set_schema(t->store->engine, u->schema->version);
	return fail;
}

static enum fail
copy_first(struct store *s, struct str path, uint32_t have)
{
	struct buf copy;
	enum fail fail;

	if (str_eq(path, STR(":memory:")))
		return FAIL_NONE;
	buf_init(&copy, COPY_PATH_MAX);
	buf_add(&copy, path);
	buf_add_c(&copy, ".schema-");
	buf_add_u64(&copy, have);
	fail = buf_ok(&copy) ? store_backup(s, buf_str(&copy)) : FAIL_LIMIT;
	if (fail == FAIL_NONE)
		log_info(&store_log, "store.upgrade.copied", LOG_TEXT("copy", buf_str(&copy)));
	buf_release(&copy);
	return fail;
}

enum fail
schema_open(struct store *s, struct str path, const struct store_schema *schema, struct buf *errors)
{
	struct upgrade u = { .schema = schema };
	enum fail fail = s->ops->schema(s->engine, &u.have);

	if (fail != FAIL_NONE || u.have == schema->version)
		return fail;
	if (u.have > schema->version) {
		say(errors, path, ": written by a newer program (schema ", u.have,
		    "), this one reads schema ", schema->version);
		return FAIL_PERM;
	}
	if (u.have == 0)
		u.have = schema->version;
	else
		fail = has_steps(schema, u.have) ? copy_first(s, path, u.have) : FAIL_PERM;
	if (fail == FAIL_NONE)
		fail = store_run(s, run_steps, &u);
	if (fail == FAIL_NONE)
		fail = store_commit(s);
	if (fail != FAIL_NONE)
		say(errors, path, ": cannot be brought from schema ", u.have, " to ",
		    schema->version);
	return fail;
}
