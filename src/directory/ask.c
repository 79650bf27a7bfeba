#include "directory/house.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "directory/answer.h"
#include "directory/child.h"

#define KEY_MAX 4096 /* bytes of a question's key */

struct directory_ask *
ask_new(struct directory *d, enum directory_kind kind, struct str key)
{
	struct directory_ask *ask = mem_new(1, sizeof *ask);

	ask->kind = kind;
	ask->id = ++d->next_id;
	ask->epoch = d->epoch;
	ask->deadline_ms = clock_mono_ms() + d->settings->timeout_ms;
	list_init(&ask->waiters);
	buf_init(&ask->key, KEY_MAX);
	buf_init_secret(&ask->line, DIRECTORY_LINE_MAX);
	buf_add(&ask->key, key);
	if (key.n > 0 && buf_ok(&ask->key)) {
		ask->is_shared = true;
		map_insert(&d->by_key, &ask->by_key, buf_str(&ask->key));
	}
	list_append(&d->waiting, &ask->node);
	d->ask_count++;
	return ask;
}

void
ask_join(struct directory_ask *ask, struct directory_query *q)
{
	q->ask = ask;
	list_append(&ask->waiters, &q->node);
}

void
ask_leave(struct directory_query *q)
{
	list_remove(&q->node);
	q->ask = NULL;
	q->directory = NULL;
}

void
ask_free(struct directory *d, struct directory_ask *ask)
{
	if (ask->is_shared)
		map_remove(&d->by_key, &ask->by_key);
	if (ask->deadline_ms != DEADLINE_NONE)
		d->ask_count--;
	list_remove(&ask->node);
	buf_release(&ask->line);
	buf_release(&ask->key);
	mem_free(ask);
}

/* Unknown users get keys like everybody else, only that no password fits. */
static enum fail
fake_scram(struct directory *d, struct directory_query *q)
{
	scram_keys_fake(&q->scram, q->scram.hash, str_of(q->login_mark, sizeof q->login_mark),
	    str_of(d->secret, sizeof d->secret));
	return FAIL_NONE;
}

enum fail
ask_read(struct directory *d, struct directory_query *q, struct str line)
{
	enum hash hash = q->scram.hash;
	enum fail fail = answer_parse(line, q);

	switch (q->kind) {
	case DIRECTORY_LOGIN:
		if (fail == FAIL_NONE && !q->account.is_enabled)
			return FAIL_DENIED;
		return fail == FAIL_NONE || fail == FAIL_TEMP ? fail : FAIL_DENIED;
	case DIRECTORY_SCRAM:
		if (fail == FAIL_NONE && q->scram.hash == hash)
			return FAIL_NONE;
		q->scram.hash = hash;
		return fail == FAIL_TEMP ? FAIL_TEMP : fake_scram(d, q);
	case DIRECTORY_CREDENTIAL: /* only a clear no ends what was opened with it */
		if (fail == FAIL_NONE)
			return q->account.is_enabled ? FAIL_NONE : FAIL_DENIED;
		return fail == FAIL_DENIED || fail == FAIL_MISSING ? FAIL_DENIED : FAIL_TEMP;
	case DIRECTORY_ACCOUNT: return fail == FAIL_NONE || fail == FAIL_TEMP ? fail : FAIL_MISSING;
	case DIRECTORY_DOMAINS:
	case DIRECTORY_PRINCIPALS: return fail == FAIL_NONE ? FAIL_NONE : FAIL_TEMP;
	case DIRECTORY_RESOLVE:
	case DIRECTORY_KIND_COUNT: break;
	}
	return fail == FAIL_LIMIT ? FAIL_TEMP : fail;
}

void
ask_tell(struct directory *d, struct directory_ask *ask, struct str line, enum fail fail)
{
	struct list_node *node;

	while ((node = list_first(&ask->waiters)) != NULL) {
		struct directory_query *q = container_of(node, struct directory_query, node);
		enum fail outcome = line.n > 0 ? ask_read(d, q, line) : fail;

		if (q->kind == DIRECTORY_LOGIN && outcome == FAIL_NONE &&
		    d->settings->login_cache_ms > 0 && ask->epoch == d->epoch)
			cache_put(&d->logins, str_of(q->login_mark, sizeof q->login_mark), line,
			    clock_mono_ms() + d->settings->login_cache_ms);
		ask_leave(q);
		op_finish(&q->op, outcome);
	}
}
