#include "mailauth/dkim_verify.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/dkim_check.h"
#include "mailauth/dkim_key.h"

static void
settle(struct dkim_result *result, struct dkim_check *check, enum verdict verdict,
    struct str reason)
{
	result->verdict = verdict;
	result->reason = reason;
	check->is_settled = true;
}

static void
begin_of_b(struct dkim_result *result, struct str b)
{
	for (size_t i = 0; i < b.n && result->b_size < DKIM_B_BYTES; i++) {
		if (!char_is_space(b.p[i]) && b.p[i] != '\r' && b.p[i] != '\n')
			result->b[result->b_size++] = b.p[i];
	}
}

static void
start_one(struct dkim_verify *v, struct dns *dns, const struct header *field)
{
	struct dkim_result *result = &v->results[v->count];
	struct dkim_check *check = &v->checks[v->count++];
	struct dkim_signature *signature = &check->signature;
	struct str reason;
	enum verdict verdict =
	    dkim_signature_parse(field->value, DKIM_FORM_SIGNATURE, signature, &reason);

	check->field = *field;
	result->domain = signature->d;
	result->identity = signature->i;
	result->selector = signature->s;
	result->algorithm = signature->a;
	begin_of_b(result, signature->b);
	if (v->content->is_cut)
		settle(result, check, VERDICT_POLICY, STR("the header is too large"));
	else if (v->content->is_odd)
		settle(result, check, VERDICT_POLICY, STR("a line of the header is no field"));
	else if (verdict != VERDICT_NONE)
		settle(result, check, verdict, reason);
	else if (dkim_body_want(&v->content->bodies[signature->body_canon], signature->length) !=
	    FAIL_NONE)
		settle(result, check, VERDICT_POLICY, STR("too many different lengths (l=)"));
	else
		dkim_key_ask(&check->key, dns, v->owner, signature);
}

void
dkim_verify_start(struct dkim_verify *v, struct dkim_content *content, struct dns *dns,
    struct task *owner, int64_t now_s)
{
	*v = (struct dkim_verify){ .content = content, .owner = owner, .now_s = now_s };
	for (size_t i = 0; i < content->count; i++) {
		if (!str_eq_nocase(content->fields[i].name, STR("DKIM-Signature")))
			continue;
		if (v->count < DKIM_SIGNATURES_MAX)
			start_one(v, dns, &content->fields[i]);
		else
			v->ignored++;
	}
}

static void
look_at(struct dkim_verify *v, size_t i)
{
	struct dkim_check *check = &v->checks[i];
	struct dkim_result *result = &v->results[i];
	struct dkim_outcome outcome;

	dkim_check_message(v->content, &check->signature, &check->field, &check->key, v->now_s,
	    &outcome);
	result->key_bits = outcome.key_bits;
	result->is_testing = outcome.is_testing;
	result->is_partial = outcome.is_partial;
	settle(result, check, outcome.verdict, outcome.reason);
}

static bool
may_compute(struct dkim_verify *v, struct dkim_check *check)
{
	return effort_take(&check->effort, v->owner,
	    dkim_key_cost(&check->key, &check->signature, v->content));
}

bool
dkim_verify_look(struct dkim_verify *v)
{
	bool is_settled = true;

	if (!v->content->is_ended)
		return false;
	for (size_t i = 0; i < v->count; i++) {
		struct dkim_check *check = &v->checks[i];

		if (!check->is_settled && !op_pending(&check->key.op) && may_compute(v, check))
			look_at(v, i);
		is_settled = is_settled && check->is_settled;
	}
	return is_settled;
}

void
dkim_verify_release(struct dkim_verify *v)
{
	for (size_t i = 0; i < v->count; i++) {
		dns_query_release(&v->checks[i].key);
		effort_cancel(&v->checks[i].effort);
	}
	*v = (struct dkim_verify){ 0 };
}
