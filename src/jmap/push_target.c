/*
 * One subscription: what is to be said, when, and what the push service answered.
 */
#include "jmap/push_inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mail/id.h"

static unsigned
types_of(const struct push_subscription *s)
{
	struct str rest = s->types, name;
	unsigned set = 0;

	if (!s->has_types)
		return STATE_TYPES_ALL;
	while (str_take_until(&rest, '\n', &name))
		set |= state_type(name);
	return set;
}

/* RFC 8620 7.2: URL and keys of one that is gone are erased. */
static void
wipe(struct push_target *t)
{
	const struct str texts[] = { t->sub.url, t->sub.p256dh, t->sub.auth, t->sub.code };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].n > 0)
			mem_wipe((void *)(uintptr_t)texts[i].p, texts[i].n); /* our own copy */
	arena_release(&t->arena);
}

/* Copy into an arena of our own; what does not fit is empty, which no record of ours is. */
static void
keep(struct push_target *t, const struct push_subscription *sub)
{
	int64_t last_s = clock_wall_s() + PUSH_LIFE_S;
	struct push_subscription copy = *sub;
	struct str *const texts[] = { &copy.device, &copy.url, &copy.p256dh, &copy.auth, &copy.code,
		&copy.types, &copy.credential };

	wipe(t);
	arena_init(&t->arena, PUSH_TARGET_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_str(&t->arena, *texts[i]);
	if (copy.expires_s > last_s)
		copy.expires_s = last_s; /* also when the clock was put back */
	if (copy.expires_s < 0)
		copy.expires_s = 0;
	t->sub = copy;
	t->types = types_of(&t->sub);
}

/* What the client knows of others' accounts is what it could ask for when it was verified: that is stored. */
static void
know_others(struct push_target *t)
{
	t->sub.others = state_others(t->owner->listener.user);
	if (push_change(t->owner->account, &t->sub) != FAIL_NONE)
		log_error(&t->owner->push->log, "jmap.push.unstored",
		    LOG_TEXT("account", t->owner->account->name));
}

void
push_target_update(struct push_target *t, const struct push_subscription *sub)
{
	bool was_verified = t->sub.is_verified;

	keep(t, sub);
	t->is_seen = true;
	if (was_verified || !sub->is_verified)
		return;
	if (sub->others == PUSH_OTHERS_NOW)
		know_others(t);
	state_debt_from(&t->debt, t->owner->listener.user, sub->told, t->sub.others);
	t->fails = 0;
	t->due_ms = 0;
}

struct push_target *
push_target_new(struct push_account *owner, const struct push_subscription *sub)
{
	struct push_target *t = mem_new(1, sizeof(*t));

	t->owner = owner;
	t->gap_ms = PUSH_GAP_MS;
	arena_init(&t->arena, PUSH_TARGET_BYTES);
	buf_init(&t->body, WEB_PUSH_RECORD_BYTES);
	list_append(&owner->targets, &t->node);
	push_target_update(t, sub);
	jmap_guard_start(owner->push->house.guards, owner->push->house.client->loop, &t->guard,
	    &owner->task, owner->account->name, t->sub.credential);
	return t;
}

static void
set_sending(struct push_target *t, bool is_sending)
{
	t->owner->sending += is_sending && !t->is_sending;
	t->owner->sending -= !is_sending && t->is_sending;
	t->is_sending = is_sending;
}

void
push_target_free(struct push_target **target)
{
	struct push_target *t = *target;

	*target = NULL;
	set_sending(t, false);
	http_fetch_release(&t->fetch);
	jmap_guard_stop(&t->guard);
	list_remove(&t->node);
	buf_release(&t->body);
	wipe(t);
	mem_free(t);
}

static bool
has_work(const struct push_target *t)
{
	return t->sub.is_verified
	    ? state_debt_types(&t->debt, t->owner->listener.user, t->types) != 0
	    : !t->sub.is_asked;
}

/* Nothing is to be said any more; the record has to go. */
static bool
is_past(const struct push_target *t)
{
	return t->is_denied || clock_wall_s() >= t->sub.expires_s;
}

int64_t
push_target_due(const struct push_target *t)
{
	int64_t end_ms = clock_mono_ms() + 1000 * (t->sub.expires_s - clock_wall_s());

	if (is_past(t))
		return t->due_ms;
	if (t->is_sending || !has_work(t) || t->owner->sending >= PUSH_AT_ONCE)
		return end_ms; /* the end of one that is under way wakes us */
	return t->due_ms < end_ms ? t->due_ms : end_ms;
}

static bool
over(struct push_target *t, const char *why)
{
	struct id_text id = id_text(ID_PUSH, t->sub.id);

	log_info(&t->owner->push->log, "jmap.push.over",
	    LOG_TEXT("account", t->owner->account->name), LOG_TEXT("id", id_str(&id)),
	    LOG_TEXT("why", str_c(why)), LOG_NUM("status", t->fetch.status));
	switch (push_drop(t->owner->account, t->sub.id)) {
	case FAIL_NONE:
	case FAIL_MISSING: return false;
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_LIMIT:
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_COUNT: break;
	}
	t->due_ms = clock_mono_ms() + PUSH_WAIT_MS; /* the store is not well: later */
	return true;
}

/*
 * The client has it: remember that. What the method wrote meanwhile stays, so it is read first. When the
 * store fails the client may be told the same again after a new start.
 */
static bool
taken(struct push_target *t)
{
	struct account *a = t->owner->account;
	struct push_subscription now;
	struct arena arena;
	enum fail fail;

	arena_init(&arena, PUSH_TARGET_BYTES);
	fail = push_get(a, t->sub.id, &arena, &now);
	if (fail == FAIL_NONE) {
		if (t->is_asking) {
			now.is_asked = true;
		} else if (t->is_all) {
			now.told = t->sent_to;
			now.others = t->sent_others;
		}
		fail = push_change(a, &now);
	}
	if (t->is_asking)
		t->sub.is_asked = true;
	t->fails = 0;
	t->due_ms = clock_mono_ms() + t->gap_ms;
	t->gap_ms = t->gap_ms / 2 > PUSH_GAP_MS ? t->gap_ms / 2 : PUSH_GAP_MS;
	arena_release(&arena);
	return fail != FAIL_MISSING;
}

/* RFC 8620 7.2: "MUST cause the JMAP server to reduce the frequency of pushes" */
static void
slow_down(struct push_target *t)
{
	int64_t asked_ms = push_retry_after_ms(&t->fetch);

	t->gap_ms = t->gap_ms * 4 < PUSH_GAP_MAX_MS ? t->gap_ms * 4 : PUSH_GAP_MAX_MS;
	t->due_ms = clock_mono_ms() + (asked_ms > t->gap_ms ? asked_ms : t->gap_ms);
}

/* True when it may still become something. */
static bool
failed(struct push_target *t)
{
	int64_t wait_ms = PUSH_WAIT_MS, asked_ms = push_retry_after_ms(&t->fetch);

	for (unsigned i = 0; i < t->fails && wait_ms < PUSH_WAIT_MAX_MS; i++)
		wait_ms *= 2;
	if (wait_ms > PUSH_WAIT_MAX_MS)
		wait_ms = PUSH_WAIT_MAX_MS;
	t->due_ms = clock_mono_ms() + (asked_ms > wait_ms ? asked_ms : wait_ms);
	t->fails++;
	if (t->is_asking)
		return t->fails < PUSH_ASKS_MAX;
	if (t->fails >= PUSH_FAILS_MAX) {
		/* `told` still says what it knows; the next change tries again */
		state_debt_clear(&t->debt, t->owner->listener.user);
		t->fails = PUSH_FAILS_MAX - 1;
	}
	return true;
}

/* What the push service said; false: it is over. */
static bool
take_answer(struct push_target *t)
{
	unsigned status = t->fetch.op.fail ? 0 : t->fetch.status;
	bool goes_on = true;

	set_sending(t, false);
	log_debug(&t->owner->push->log, "jmap.push.answer",
	    LOG_TEXT("account", t->owner->account->name), LOG_NUM("status", status),
	    LOG_NUM("fail", t->fetch.op.fail));
	if (status >= 200 && status < 300) {
		goes_on = taken(t);
	} else if (status == 404 || status == 410) { /* RFC 8030 7.3 */
		goes_on = over(t, "the push service does not know it");
	} else {
		t->debt = t->had;
		if (status == 429 && !t->is_asking)
			slow_down(t);
		else if (!failed(t))
			goes_on = over(t, "it cannot be reached");
	}
	buf_release(&t->body);
	http_fetch_release(&t->fetch);
	return goes_on;
}

/* Due, and nobody else's push was made in this turn; else the account's timer brings us here again. */
static bool
may_send(const struct push_target *t)
{
	struct jmap_push *push = t->owner->push;

	return has_work(t) && t->owner->sending < PUSH_AT_ONCE && clock_mono_ms() >= t->due_ms &&
	    push->sent_turn != push->house.client->loop->turns;
}

/* RFC 8620 7.2: with the credentials that it was made with a subscription goes. */
static void
ask_guard(struct push_target *t)
{
	switch (jmap_guard_step(&t->guard)) {
	case GUARD_HOLDS: break;
	case GUARD_RENEWED:
		push_account_renewed(t->owner, &t->guard.query.account);
		directory_query_release(&t->guard.query);
		break;
	case GUARD_OVER:
		t->is_denied = true;
		t->due_ms = 0;
		break;
	}
}

bool
push_target_step(struct push_target *t)
{
	ask_guard(t);
	if (t->is_denied && clock_mono_ms() >= t->due_ms)
		return over(t, "its password or token is gone");
	if (t->is_sending) {
		if (op_pending(&t->fetch.op))
			return true;
		if (!take_answer(t))
			return false;
	}
	if (!t->is_denied && is_past(t) && clock_mono_ms() >= t->due_ms)
		return over(t, "it expired");
	if (!is_past(t) && may_send(t)) {
		t->owner->push->sent_turn = t->owner->push->house.client->loop->turns;
		set_sending(t, true);
		push_send(t);
		if (!op_pending(&t->fetch.op))
			return take_answer(t);
	}
	return true;
}
