/* A request, and the references of a call, in one go: as many slices as it takes. */
#ifndef TEST_LIB_WHOLE_REQUEST_H
#define TEST_LIB_WHOLE_REQUEST_H

/* rooms */
#include "jmap/request.h"

static inline enum jmap_refusal
whole_request(struct str text, struct arena *a, struct jmap_request *out)
{
	struct json_maker *m = json_maker_new(text, a);
	const struct json *root;
	enum jmap_refusal refusal;

	*out = (struct jmap_request){ 0 };
	do
		refusal = jmap_request_json(m, &root);
	while (refusal == JMAP_TAKEN && !root);
	json_maker_free(&m);
	return refusal == JMAP_TAKEN ? jmap_request_read(root, a, out) : refusal;
}

static inline enum fail
whole_resolve(const struct json *args, const struct jmap_answer *answers, size_t count,
    struct arena *a, const struct json **out)
{
	struct jmap_resolving r;
	enum fail fail;

	jmap_resolve_start(&r, args, answers, count, a);
	do
		fail = jmap_resolve_step(&r, out);
	while (fail == FAIL_NONE && !*out);
	jmap_resolve_release(&r);
	return fail;
}

#endif
