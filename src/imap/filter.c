/*
 * Named filters (RFC 5466): the arguments of a searching command are read, and what FILTER names is put in its
 * place, one after the other, until no FILTER is left.
 *
 *     READ --no FILTER left--> taken
 *      | --FILTER name--> the text of the name in parentheses for it --> READ
 *      +-- refused: not the grammar, no such filter, IMAP_FILTERS_MAX (where a loop ends)
 *
 * A filter is an annotation of the user's account, or of the admin's for all users, which SETMETADATA takes only when it is a whole search program; so
 * nothing in it can reach beyond its parentheses.
 */
#include "imap/search_run.h"

/* rooms */
#include "mail/annotation.h"
#include "message/charset.h"

#define FILTERED_MAX (64 * 1024) /* bytes of the arguments with all filters in them */
#define VALUES       "/filters/values/"

/* "/private/filters/values/on-the-road"; false: there is no room. */
static bool
value_name(struct buf *out, struct str scope, struct str filter)
{
	buf_clear(out);
	buf_add(out, scope);
	buf_add_c(out, VALUES);
	buf_add(out, filter);
	return buf_ok(out);
}

/* RFC 5466 3.1: what the user has of that name comes before what all have. FAIL_MISSING: nobody has one. */
static enum fail
find_filter(struct imap_session *s, struct str filter, struct arena *arena, struct str *out)
{
	struct account *shared;
	enum fail fail = FAIL_MISSING;
	struct buf name;

	buf_init(&name, ANNOTATION_NAME_MAX);
	if (value_name(&name, STR("/private"), filter))
		fail = annotation_get(s->account, 0, buf_str(&name), arena, out);
	if (fail == FAIL_MISSING && value_name(&name, STR("/shared"), filter)) {
		fail = imap_shared_account(s, &shared);
		if (fail == FAIL_NONE)
			fail = shared ? annotation_get(shared, 0, buf_str(&name), arena, out)
				      : FAIL_MISSING;
	}
	buf_release(&name);
	return fail;
}

bool
imap_is_filter(struct str name)
{
	return (str_skip_nocase(&name, STR("/private")) ||
		   str_skip_nocase(&name, STR("/shared"))) &&
	    str_starts_nocase(name, STR(VALUES));
}

bool
imap_filter_is_whole(struct str value, struct arena *arena)
{
	struct imap_cursor c = { .at = value, .arena = arena };
	struct imap_search search = { 0 };

	return imap_search_keys(&c, NULL, &search) == FAIL_NONE;
}

/* "NO [UNDEFINED-FILTER name]" */
static enum imap_state
undefined(struct imap_session *s, const struct imap_search *search)
{
	enum imap_state state;
	struct buf code;

	buf_init(&code, ANNOTATION_NAME_MAX + sizeof("UNDEFINED-FILTER "));
	buf_add_c(&code, "UNDEFINED-FILTER ");
	buf_add(&code, search->filter_name);
	state = imap_search_no(s, search, buf_ok(&code) ? buf_c(&code) : NULL,
	    "There is no such filter");
	buf_release(&code);
	return state;
}

/* The arguments with `value` where the FILTER key is; false: there is no room. */
static bool
replace(struct str *args, struct str key, struct str value, struct arena *arena)
{
	size_t at = (size_t)(key.p - args->p);
	struct buf out;

	buf_init(&out, FILTERED_MAX);
	buf_add(&out, str_head(*args, at));
	buf_add_char(&out, '(');
	buf_add(&out, value);
	buf_add_char(&out, ')');
	buf_add(&out, str_from(*args, at + key.n));
	*args = buf_ok(&out) ? arena_str(arena, buf_str(&out)) : (struct str){ 0 };
	buf_release(&out);
	return args->p != NULL;
}

enum imap_state
imap_search_read(struct imap_session *s, struct imap_cursor *args,
    enum fail (*rule)(struct imap_cursor *c, struct imap_search *out), struct imap_search *out)
{
	struct str text = args->at, value;

	for (unsigned count = 0;; count++) {
		struct imap_cursor c = { .at = text, .arena = args->arena };
		enum imap_state refused = imap_search_refuse(s, out, &c, rule(&c, out));
		enum fail fail;

		if (refused != IMAP_READ || !out->filter.p)
			return refused;
		if (out->charset) /* RFC 5466 3.1: filters are in UTF-8 */
			return imap_bad(s, "[BADCHARSET (US-ASCII UTF-8)] Filters are in UTF-8");
		fail = count < IMAP_FILTERS_MAX
		    ? find_filter(s, out->filter_name, args->arena, &value)
		    : FAIL_MISSING;
		if (fail == FAIL_MISSING ||
		    (fail == FAIL_NONE && !imap_filter_is_whole(value, args->arena)))
			return undefined(s, out);
		if (fail == FAIL_NONE && !replace(&text, out->filter, value, args->arena))
			fail = FAIL_LIMIT;
		if (fail != FAIL_NONE)
			return imap_search_fail(s, out, fail);
	}
}
