/*
 * criteria.h - the filter and the order of lists that are short enough to be judged at once (RFC 8620 5.5).
 *
 * FilterOperators over FilterConditions are asked for one thing after the other; what a condition means is the
 * method's affair. Email/query, whose list is long, reads its filter into a tree instead (filter.h).
 */
#ifndef JMAP_CRITERIA_H
#define JMAP_CRITERIA_H

/* rooms */
#include "jmap/args.h"

struct jmap_criteria { /* fields: read only */
	struct jmap_call *call;
	const struct json *filter; /* NULL: everything matches */
	const char *wrong;         /* what is said of a filter that is none; static */
	/* One member of a FilterCondition on one thing; false when the call's error was set. */
	bool (*condition)(struct jmap_criteria *k, const struct json_member *member,
	    const void *thing, bool *out);
};

/*
 * Read `filter`. All of it is asked of everything: false, after setting the error, when it has more than
 * JMAP_FILTER_MAX parts.
 */
MUST_CHECK bool jmap_criteria_read(struct jmap_criteria *k, struct jmap_call *c, const char *wrong,
    bool (*condition)(struct jmap_criteria *k, const struct json_member *member, const void *thing,
	bool *out));

/* Does it match? False when the call's error was set. Nesting is as deep as JSON's may be. */
MUST_CHECK bool jmap_criteria_judge(struct jmap_criteria *k, const void *thing, bool *out);

/* For conditions: the value has the wrong type. False, after setting the call's error. */
bool jmap_criteria_wrong(const struct jmap_criteria *k);
bool jmap_criteria_unknown(const struct jmap_criteria *k);

/* `sort` as list (NULL when there is none), at most JMAP_SORT_MAX long; false: the call's error was set. */
MUST_CHECK bool jmap_sort_list(struct jmap_call *c, const struct json **out);

/* What every Comparator has; false: the call's error was set. */
MUST_CHECK bool jmap_comparator_read(struct jmap_call *c, const struct json *comparator,
    struct str *property_out, bool *is_descending_out);

/* The call's error for a property by which nothing is sorted; false. */
bool jmap_comparator_unknown(struct jmap_call *c);

#endif
