#include "mailauth/arc_verify.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mailauth/arc_set.h"
#include "mailauth/dkim_check.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_key.h"

static void
settle(struct arc_verify *a, enum verdict chain, struct str reason, size_t instance)
{
	a->chain = chain;
	a->reason = reason;
	a->broken = (uint32_t)instance;
	a->is_settled = true;
}

/* Without c=, it may mean either (check_message()): both bodies are wanted. */
static bool
want_body(struct arc_verify *a, const struct dkim_signature *signature)
{
	if (!signature->has_canon &&
	    dkim_body_want(&a->content->bodies[DKIM_RELAXED], signature->length) != FAIL_NONE)
		return false;
	return dkim_body_want(&a->content->bodies[signature->body_canon], signature->length) ==
	    FAIL_NONE;
}

/* The length of the body that a set signed. */
static void
start_set(struct arc_verify *a, struct arc_set *set)
{
	struct dkim_signature *signature = &set->message_signature;

	set->message_syntax = dkim_signature_parse(set->message.value, DKIM_FORM_ARC_MESSAGE,
	    signature, &set->message_reason);
	if (set->message_syntax == VERDICT_NONE && !want_body(a, signature)) {
		set->message_syntax = VERDICT_POLICY;
		set->message_reason = STR("too many different lengths (l=)");
	}
}

/*
 * Is the key there? Keys are asked for when it is their turn, and given back: those of a hostile chain, all together,
 * would be megabytes for each message.
 */
static bool
has_key(struct arc_verify *a, struct dns_query *key, const struct dkim_signature *signature)
{
	if (key->op.owner == NULL)
		dkim_key_ask(key, a->dns, a->owner, signature);
	return !op_pending(&key->op);
}

static bool
has_message_key(struct arc_verify *a, struct arc_set *set)
{
	return set->message_syntax != VERDICT_NONE ||
	    has_key(a, &set->message_key, &set->message_signature);
}

static bool
has_seal_key(struct arc_verify *a, struct arc_set *set)
{
	return has_key(a, &set->seal_key, &set->seal_signature);
}

void
arc_verify_start(struct arc_verify *a, struct dkim_content *content, struct dns *dns,
    struct task *owner, int64_t now_s)
{
	struct arc_fault fault;

	*a = (struct arc_verify){ .content = content,
		.dns = dns,
		.owner = owner,
		.now_s = now_s,
		.reason = { "", 0 } };
	arc_sets_find(content, &a->sets, &a->count, &fault);
	a->is_full = fault.is_limit || a->count == ARC_SETS_MAX;
	if (!str_empty(fault.reason)) {
		settle(a, VERDICT_FAIL, fault.reason, fault.instance);
		return;
	}
	if (a->count == 0) {
		settle(a, VERDICT_NONE, fault.reason, 0);
		return;
	}
	for (size_t i = 0; i < a->count; i++)
		start_set(a, &a->sets[i]);
	a->messages = a->seals = a->count;
	(void)has_message_key(a, &a->sets[a->count - 1]); /* while the body comes in */
	(void)has_seal_key(a, &a->sets[a->count - 1]);
}

/* Liberal: without c= it is simple/simple as in DKIM, or else relaxed/relaxed, as the drafts of ARC had it. */
static void
check_message(const struct arc_verify *a, const struct arc_set *set, struct dkim_outcome *out)
{
	struct dkim_signature signature = set->message_signature;

	dkim_check_message(a->content, &signature, &set->message, &set->message_key, a->now_s, out);
	if (out->verdict != VERDICT_FAIL || signature.has_canon)
		return;
	signature.header_canon = signature.body_canon = DKIM_RELAXED;
	dkim_check_message(a->content, &signature, &set->message, &set->message_key, a->now_s, out);
}

/* Without c= it may have to be computed twice. */
static unsigned
message_cost(const struct arc_verify *a, const struct arc_set *set)
{
	unsigned once;

	if (set->message_syntax != VERDICT_NONE)
		return 0;
	once = dkim_key_cost(&set->message_key, &set->message_signature, a->content);
	return set->message_signature.has_canon ? once : 2 * once;
}

/* ARC-Message-Signature of the instance (5.2, steps 4 and 5); older ones need not be good. */
static void
look_at_message(struct arc_verify *a, size_t instance)
{
	struct arc_set *set = &a->sets[instance - 1];
	struct dkim_outcome outcome = { .verdict = set->message_syntax,
		.reason = set->message_reason };

	if (set->message_syntax == VERDICT_NONE)
		check_message(a, set, &outcome);
	set->is_message_good = outcome.verdict == VERDICT_PASS;
	set->is_message_partial = outcome.is_partial;
	dns_query_release(&set->message_key);
	a->messages--;
	if (set->is_message_good)
		return;
	a->messages = 0;
	a->oldest_pass = (uint32_t)instance + 1;
	if (instance < a->count)
		return;
	a->is_temporary = outcome.verdict == VERDICT_TEMPERROR;
	settle(a, VERDICT_FAIL, outcome.reason, instance);
}

/* ARC-Seal of the instance (step 6): it signs all sets up to its own (5.1.1). */
static void
look_at_seal(struct arc_verify *a, size_t instance)
{
	struct arc_set *set = &a->sets[instance - 1];
	unsigned char digest[DKIM_DIGEST_BYTES];
	struct dkim_key key;
	struct str reason;
	struct buf text;
	enum verdict verdict = dkim_key_answer(&set->seal_key, &set->seal_signature, &key, &reason);

	a->seals--;
	dns_query_release(&set->seal_key);
	if (verdict != VERDICT_NONE) {
		a->is_temporary = verdict == VERDICT_TEMPERROR;
		settle(a, VERDICT_FAIL, reason, instance);
		return;
	}
	buf_init(&text, DKIM_SIGNED_MAX);
	arc_sets_write(a->sets, instance - 1, &text);
	dkim_header_write(&text, DKIM_RELAXED, &set->results);
	dkim_header_write(&text, DKIM_RELAXED, &set->message);
	dkim_header_write_own(&text, DKIM_RELAXED, &set->seal);
	hash_once(HASH_SHA256, buf_str(&text), digest);
	buf_release(&text);
	if (!dkim_key_verify(&key, &set->seal_signature, digest))
		settle(a, VERDICT_FAIL, STR("the chain was changed, or its key did not seal it"),
		    instance);
	else if (a->seals == 0)
		settle(a, VERDICT_PASS, (struct str){ "", 0 }, 0);
	dkim_key_release(&key);
}

/* The next signature: false when its key is not there yet, or others compute. */
static bool
look_at_next(struct arc_verify *a)
{
	bool is_message = a->messages > 0;
	size_t instance = is_message ? a->messages : a->seals;
	struct arc_set *set = &a->sets[instance - 1];

	if (is_message ? !has_message_key(a, set) : !has_seal_key(a, set))
		return false;
	if (!effort_take(&a->effort, a->owner,
		is_message ? message_cost(a, set)
			   : dkim_key_cost(&set->seal_key, &set->seal_signature, a->content)))
		return false;
	if (is_message)
		look_at_message(a, instance);
	else
		look_at_seal(a, instance);
	return true;
}

bool
arc_verify_look(struct arc_verify *a)
{
	if (a->is_settled)
		return true;
	if (!a->content->is_ended)
		return false;
	if (a->deadline_ms == 0)
		a->deadline_ms = clock_mono_ms() + ARC_TIME_MS;
	if (clock_mono_ms() > a->deadline_ms) {
		a->is_temporary = true;
		settle(a, VERDICT_FAIL, STR("DNS is too slow"), 0);
	}
	while (!a->is_settled && look_at_next(a))
		continue;
	return a->is_settled;
}

void
arc_verify_release(struct arc_verify *a)
{
	for (size_t i = 0; i < a->count; i++) {
		dns_query_release(&a->sets[i].message_key);
		dns_query_release(&a->sets[i].seal_key);
	}
	effort_cancel(&a->effort);
	mem_free(a->sets);
	*a = (struct arc_verify){ 0 };
}
