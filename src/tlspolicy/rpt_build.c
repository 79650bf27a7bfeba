#include "tlspolicy/rpt_build.h"

/* --- adding ---------------------------------------------------------------------------------------------- */

/* The entry of the session's policy; NULL: there is no room for another one. */
static struct rpt_group *
find_group(struct rpt_builder *b, const struct rpt_session *s)
{
	struct rpt_group *g;

	for (size_t i = 0; i < b->count; i++) {
		g = &b->groups[i];
		if (g->type == s->type && str_eq(g->domain, s->policy_domain) &&
		    str_eq(g->strings, s->strings))
			return g;
	}
	if (b->count == RPT_POLICIES_MAX)
		return NULL;
	g = &b->groups[b->count];
	*g = (struct rpt_group){ .type = s->type,
		.domain = arena_str(b->arena, s->policy_domain),
		.strings = arena_str(b->arena, s->strings) };
	if (g->domain.p == NULL || g->strings.p == NULL)
		return NULL;
	b->count++;
	return g;
}

static void
add_detail(struct rpt_builder *b, struct rpt_group *g, const struct rpt_session *s, int64_t count)
{
	struct rpt_detail *d = arena_alloc(b->arena, 1, sizeof *d);

	if (d == NULL) {
		b->is_cut = true;
		return;
	}
	*d = (struct rpt_detail){ .next = g->details,
		.failure = { .result = tls_result_names[s->result],
		    .host = arena_str(b->arena, s->host),
		    .address = arena_str(b->arena, s->address),
		    .sender = arena_str(b->arena, s->sender),
		    .reason = arena_str(b->arena, s->reason),
		    .sessions = count } };
	g->details = d;
	g->detail_count++;
}

void
rpt_build_add(struct rpt_builder *b, const struct rpt_session *s, int64_t count)
{
	struct rpt_group *g = find_group(b, s);

	if (g == NULL) {
		b->is_cut = true;
		return;
	}
	b->sessions += count;
	if (s->result != TLS_RESULT_SUCCESS)
		add_detail(b, g, s, count);
	if (s->is_aside)
		return;
	if (s->result == TLS_RESULT_SUCCESS)
		g->successes += count;
	else
		g->failures += count;
}

/* --- the end ---------------------------------------------------------------------------------------------- */

/* Lines of the text that begin with `prefix`, without it. */
static MUST_CHECK bool
split(struct arena *a, struct str text, struct str prefix, const struct str **out,
    size_t *count_out)
{
	struct str rest = text, line;
	struct str *lines;
	size_t n = 0;

	while (str_next_part(&rest, '\n', &line))
		n++;
	lines = arena_alloc(a, n + 1, sizeof *lines);
	if (lines == NULL)
		return false;
	n = 0;
	while (str_next_part(&text, '\n', &line))
		if (!str_empty(line) && str_skip(&line, prefix))
			lines[n++] = line;
	*out = lines;
	*count_out = n;
	return true;
}

static enum fail
end_group(struct arena *a, const struct rpt_group *g, struct rpt_policy *p)
{
	struct rpt_failure *details = arena_alloc(a, g->detail_count + 1, sizeof *details);
	size_t n = g->detail_count;

	*p = (struct rpt_policy){ .type = rpt_type_names[g->type],
		.domain = g->domain,
		.successes = g->successes,
		.failures = g->failures,
		.details = details,
		.detail_count = g->detail_count };
	if (details == NULL || !split(a, g->strings, STR(""), &p->strings, &p->string_count))
		return FAIL_LIMIT;
	for (const struct rpt_detail *d = g->details; d; d = d->next)
		details[--n] = d->failure;
	/* RFC 8460 4.4: mx-host-pattern, of MTA-STS only. */
	if (g->type == RPT_STS && !split(a, g->strings, STR("mx: "), &p->hosts, &p->host_count))
		return FAIL_LIMIT;
	return FAIL_NONE;
}

enum fail
rpt_build_end(const struct rpt_builder *b, struct arena *arena, const struct rpt_policy **out,
    size_t *count_out)
{
	struct rpt_policy *policies = arena_alloc(arena, b->count + 1, sizeof *policies);
	enum fail fail = policies ? FAIL_NONE : FAIL_LIMIT;

	for (size_t i = 0; fail == FAIL_NONE && i < b->count; i++)
		fail = end_group(arena, &b->groups[i], &policies[i]);
	*out = policies;
	*count_out = b->count;
	return fail;
}
