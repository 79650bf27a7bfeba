/*
 * plan.h - what is looked for, as steps over bits (private to the room, and its tests).
 *
 * A tree of terms becomes steps for a stack: the bits of all grams of a text, and, or. What cannot narrow is left
 * out below EACH and takes EITHER with it. Grams stand in one ascending table; steps name them by their place.
 * The texts that words can prove are kept beside, by number.
 */
#ifndef SEARCH_PLAN_H
#define SEARCH_PLAN_H

#include "search/grams.h"
#include "search/page.h"
#include "search/search.h"
#include "search/words.h"

#define PLAN_GRAMS_MAX 512 /* texts behind them do not narrow */
#define PLAN_STEPS_MAX 1024
#define PLAN_WORDS_MAX 8  /* texts that are proved; the others are looked at */
#define PLAN_DEPTH_MAX 24 /* of the stack; deeper terms do not narrow */

enum plan_op { PLAN_GRAMS, PLAN_AND, PLAN_OR };

struct plan_step {
	enum plan_op op;
	uint16_t first, count; /* PLAN_GRAMS: in `uses` */
};

struct search_plan {
	uint32_t grams[PLAN_GRAMS_MAX]; /* ascending, each once */
	size_t gram_count;
	uint32_t uses[PLAN_GRAMS_MAX]; /* by text; then places in `grams` */
	size_t use_count;
	struct plan_step steps[PLAN_STEPS_MAX];
	size_t step_count;
	struct word words[PLAN_WORDS_MAX]; /* the first has number 1 */
	unsigned word_count;
};

/* False: the term does not narrow. Terms get their numbers. */
bool plan_make(struct search_plan *p, const struct search_term *term);

/*
 * Run it: `have` gives the bits of one gram (false: it failed). Every text ends early when no bit is left. False:
 * `have` failed.
 */
bool plan_run(const struct search_plan *p, bool (*have)(void *arg, size_t gram, struct bits *out),
    void *arg, struct bits *out);

#endif
