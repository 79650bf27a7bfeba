#include "search/plan.h"

/* base */
#include "base/mem.h"

struct search_term *
search_term_add(struct arena *a, struct search_term *parent, enum search_kind kind)
{
	struct search_term *t = arena_alloc(a, 1, sizeof *t);

	if (!t)
		return NULL;
	t->kind = kind;
	if (parent) {
		t->next = parent->child;
		parent->child = t;
	}
	return t;
}

/* --- making ------------------------------------------------------------------------------------------------- */

struct making {
	struct search_plan *plan;
	unsigned depth; /* of the stack, where the next result lies */
};

static bool make_term(struct making *m, const struct search_term *t);

static bool
add_step(struct making *m, struct plan_step step)
{
	if (m->plan->step_count == PLAN_STEPS_MAX)
		return false;
	m->plan->steps[m->plan->step_count++] = step;
	return true;
}

static bool
make_text(struct making *m, uint32_t place, struct str text)
{
	struct search_plan *p = m->plan;
	uint32_t grams[GRAMS_NEEDLE];
	size_t count = grams_of_needle(text, grams);
	struct plan_step step = { .op = PLAN_GRAMS,
		.first = (uint16_t)p->use_count,
		.count = (uint16_t)count };

	if (count == 0 || p->use_count + count > PLAN_GRAMS_MAX || !add_step(m, step))
		return false;
	for (size_t i = 0; i < count; i++)
		p->uses[p->use_count++] = place | grams[i];
	return true;
}

/* All of it in the header, or all of it in the body: nothing is looked for across both. */
static bool
make_anywhere(struct making *m, struct str text)
{
	bool narrows = make_text(m, GRAM_HEADER, text);

	m->depth++;
	narrows = narrows && make_text(m, GRAM_BODY, text) &&
	    add_step(m, (struct plan_step){ .op = PLAN_OR });
	m->depth--;
	return narrows;
}

static bool
make_children(struct making *m, const struct search_term *t)
{
	enum plan_op op = t->kind == SEARCH_EACH ? PLAN_AND : PLAN_OR;
	size_t count = 0;

	for (const struct search_term *child = t->child; child; child = child->next) {
		m->depth += count > 0;
		if (make_term(m, child)) {
			m->depth -= count > 0;
			if (count++ > 0 && !add_step(m, (struct plan_step){ .op = op }))
				return false;
			continue;
		}
		m->depth -= count > 0;
		if (op == PLAN_OR)
			return false;
	}
	return count > 0;
}

/* A text that one word holds as a whole gets a number. */
static void
number_text(struct search_plan *p, const struct search_term *t)
{
	if (t->proof && p->word_count < PLAN_WORDS_MAX &&
	    word_of_needle(t->text, &p->words[p->word_count]))
		*t->proof = ++p->word_count;
}

/* A term that does not narrow leaves nothing behind but numbers. */
static bool
make_term(struct making *m, const struct search_term *t)
{
	size_t steps = m->plan->step_count, uses = m->plan->use_count;
	bool narrows = false;

	if (m->depth + 1 < PLAN_DEPTH_MAX) {
		switch (t->kind) {
		case SEARCH_ANYTHING: break;
		case SEARCH_EACH:
		case SEARCH_EITHER: narrows = make_children(m, t); break;
		case SEARCH_TEXT:
			if (t->where == SEARCH_IN_ALL)
				narrows = make_anywhere(m, t->text);
			else
				narrows = make_text(m,
				    t->where == SEARCH_IN_HEADER ? GRAM_HEADER : GRAM_BODY,
				    t->text);
			number_text(m->plan, t);
			break;
		}
	}
	if (!narrows) {
		m->plan->step_count = steps;
		m->plan->use_count = uses;
	}
	return narrows;
}

/* The place of a gram in the table, or where it belongs. */
static size_t
place_of(const struct search_plan *p, uint32_t gram)
{
	size_t low = 0, high = p->gram_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->grams[middle] < gram)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
plan_make(struct search_plan *p, const struct search_term *term)
{
	struct making m = { .plan = p };

	if (!make_term(&m, term))
		return false;
	p->grams[p->gram_count++] = GRAM_CUT;
	for (size_t i = 0; i < p->use_count && p->gram_count < PLAN_GRAMS_MAX; i++) {
		size_t at = place_of(p, p->uses[i]);

		if (at < p->gram_count && p->grams[at] == p->uses[i])
			continue;
		for (size_t k = p->gram_count++; k > at; k--)
			p->grams[k] = p->grams[k - 1];
		p->grams[at] = p->uses[i];
	}
	for (size_t i = 0; i < p->use_count; i++)
		p->uses[i] = (uint32_t)place_of(p, p->uses[i]);
	return true;
}

/* --- running ------------------------------------------------------------------------------------------------ */

bool
plan_run(const struct search_plan *p, bool (*have)(void *arg, size_t gram, struct bits *out),
    void *arg, struct bits *out)
{
	struct bits stack[PLAN_DEPTH_MAX], one;
	size_t depth = 0;

	for (size_t i = 0; i < p->step_count; i++) {
		const struct plan_step *step = &p->steps[i];

		if (step->op != PLAN_GRAMS) {
			depth--;
			if (step->op == PLAN_AND)
				bits_and(&stack[depth - 1], &stack[depth]);
			else
				bits_or(&stack[depth - 1], &stack[depth]);
			continue;
		}
		invariant(depth < PLAN_DEPTH_MAX);
		for (size_t k = 0; k < step->count; k++) {
			if (!have(arg, p->uses[step->first + k], &one))
				return false;
			if (k == 0)
				stack[depth] = one;
			else
				bits_and(&stack[depth], &one);
			if (bits_empty(&stack[depth]))
				break;
		}
		depth++;
	}
	if (!have(arg, 0, &one)) /* GRAM_CUT */
		return false;
	*out = stack[0];
	bits_or(out, &one);
	return true;
}
