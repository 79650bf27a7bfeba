/* Work of the store's own in the loop: checkpoints and a new beat when due, probes while it is not well. */
#include "store/store.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "store/inner.h"
#include "store/key.h"
#include "sys/sys.h"

/* Keys of the store itself: space byte 01. */
static const struct str probe_key = STR_INIT("\x01probe");

/* What is not due yet, or could not be done, is done when nothing more came. */
static void
rest_later(struct store *s)
{
	if (s->loop != NULL && s->ops->upkeep_due(s->engine) > 0 && !timer_running(&s->timer))
		timer_start(s->loop, &s->timer, &s->upkeep, clock_mono_ms() + STORE_IDLE_MS);
}

bool
store_probe(struct store *s)
{
	bool was_well = s->is_well;
	bool has_written;
	char beat[8]; /* other bytes each time: what is the same would not be written */
	enum fail fail;

	if (s->level > 0 || s->state == STORE_WRITING)
		return s->is_well;
	sys_random(beat, sizeof beat);
	fail = store_put_alone(s, probe_key, str_of(beat, sizeof beat), &has_written);
	s->is_well = fail == FAIL_NONE && has_written;
	s->commits += s->is_well;
	if (s->is_well)
		rest_later(s);
	if (s->is_well && !was_well)
		log_info(&store_log, "store.well", LOG_NUM("commits", s->commits));
	return s->is_well;
}

void
store_set_passing(struct store *s, struct store_passing *p)
{
	s->passing = p;
}

enum fail
store_keep_passing(struct store *s)
{
	if (s->level > 0 || s->state == STORE_WRITING)
		return FAIL_TEMP;
	store_end_reading(s);
	s->passing->is_kept = true;
	return s->ops->keep(s->engine);
}

/* What only passes through the log does not reach the file, when it is durable elsewhere. */
static void
let_pass(struct store *s)
{
	struct store_passing *p = s->passing;
	struct key from, to;

	if (p == NULL || p->settle(p) != FAIL_NONE || (!s->ops->passed(s->engine) && !p->is_kept))
		return;
	key_init(&from, p->space);
	to = from;
	key_end(&to);
	/* Where this fails they stay, and go the next time. */
	p->is_kept = store_delete_alone(s, key_str(&from), key_str(&to)) != FAIL_NONE;
}

static void
tend(struct store *s)
{
	let_pass(s);
	store_end_reading(s);
	s->ops->upkeep(s->engine);
}

void
store_flush(struct store *s)
{
	if (s->level > 0 || s->state == STORE_WRITING || !s->is_well)
		return;
	store_end_reading(s);
	tend(s);
}

static enum step
step(struct task *t)
{
	struct store *s = container_of(t, struct store, upkeep);

	if (s->state == STORE_WRITING)
		return STEP_YIELD; /* first thing next turn */
	store_end_reading(s);
	s->timer.has_fired = false;
	if (!s->is_well && !store_probe(s))
		timer_start(s->loop, &s->timer, t, clock_mono_ms() + STORE_PROBE_MS);
	else if (s->ops->upkeep_due(s->engine) > 0)
		tend(s);
	if (s->renew_timer.has_fired && s->is_well) {
		s->renew_timer.has_fired = false;
		lineage_renew(s);
	}
	if (s->is_well)
		rest_later(s);
	return STEP_WAIT;
}

void
upkeep_init(struct store *s)
{
	loop_task(s->loop, &s->upkeep, step, NULL);
}

void
upkeep_after_commit(struct store *s)
{
	int due = s->ops->upkeep_due(s->engine);

	if (s->loop == NULL) {
		if (due > 1)
			tend(s);
		return;
	}
	if (!timer_running(&s->renew_timer))
		timer_start(s->loop, &s->renew_timer, &s->upkeep,
		    clock_mono_ms() + LINEAGE_RENEW_MS);
	if (due > 1)
		task_wake(&s->upkeep);
	else
		rest_later(s);
}

void
upkeep_after_failure(struct store *s)
{
	if (s->loop != NULL)
		timer_start(s->loop, &s->timer, &s->upkeep, clock_mono_ms() + STORE_PROBE_MS);
}
