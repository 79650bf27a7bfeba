/* The arguments of SEARCH, SORT, THREAD and ESEARCH: options, charset, and the search program behind them. */
#include "imap/search.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/charset.h"

/* --- RETURN (..) ----------------------------------------------------------------------------------- */

static const struct {
	struct str name;
	unsigned bit;
	enum imap_capability needs;
} options[] = {
	{ STR_INIT("MIN"), SEARCH_MIN, CAP_BASE }, /* RFC 9051 6.4.4, RFC 4731 3.1 */
	{ STR_INIT("MAX"), SEARCH_MAX, CAP_BASE }, { STR_INIT("ALL"), SEARCH_ALL, CAP_BASE },
	{ STR_INIT("COUNT"), SEARCH_COUNT, CAP_BASE },
	{ STR_INIT("SAVE"), SEARCH_SAVE, CAP_BASE },                   /* RFC 9051 6.4.4.1 */
	{ STR_INIT("PARTIAL"), SEARCH_PARTIAL, CAP_PARTIAL },          /* RFC 9394 3.1 */
	{ STR_INIT("UPDATE"), SEARCH_UPDATE, CAP_BASE },               /* RFC 5267 4.3 */
	{ STR_INIT("CONTEXT"), SEARCH_CONTEXT, CAP_BASE },             /* RFC 5267 4.2 */
	{ STR_INIT("RELEVANCY"), SEARCH_RELEVANCY, CAP_SEARCH_FUZZY }, /* RFC 6203 section 4 */
};

/* UPDATE and CONTEXT are an extension of each command for itself. */
static void
needs_context(struct imap_search *search, enum imap_capability c)
{
	if (search->returns & (SEARCH_UPDATE | SEARCH_CONTEXT))
		imap_capabilities_put(&search->needs, c);
}

/* One of them; PARTIAL has an argument, and stands only once. */
static bool
return_option(struct imap_cursor *c, struct imap_search *out)
{
	struct str word;

	if (!imap_atom(c, &word))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		unsigned bit = options[i].bit;

		if (!str_eq_nocase(word, options[i].name))
			continue;
		if (bit == SEARCH_PARTIAL &&
		    (out->returns & bit || !imap_sp(c) || !imap_partial_parse(c, &out->partial)))
			return false;
		out->returns |= bit;
		imap_capabilities_put(&out->needs, options[i].needs);
		return true;
	}
	return false;
}

/* search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" */
static bool
return_options(struct imap_cursor *c, struct imap_search *out)
{
	if (!imap_keyword(c, STR("RETURN")))
		return true;
	out->has_return = true;
	if (!imap_sp(c) || !imap_char(c, '('))
		return false;
	if (imap_char(c, ')')) {
		out->returns = SEARCH_ALL;
		return imap_sp(c);
	}
	do {
		if (!return_option(c, out))
			return false;
	} while (imap_sp(c));
	/* RFC 9394 3.1: one PARTIAL, one ALL, or neither */
	if (out->returns & SEARCH_PARTIAL && out->returns & SEARCH_ALL)
		return false;
	return imap_char(c, ')') && imap_sp(c);
}

/* --- charset and keys -------------------------------------------------------------------------------- */

/* charset SP search-key *(SP search-key) */
static enum fail
program(struct imap_cursor *c, struct imap_search *out)
{
	const struct charset *charset;
	struct str name;

	if (!imap_astring(c, &name) || !imap_sp(c))
		return imap_cursor_fail(c);
	charset = charset_find(name);
	if (!charset)
		return FAIL_MISSING;
	if (str_eq_nocase(charset_name(charset), STR("UTF-8")) ||
	    str_eq_nocase(charset_name(charset), STR("US-ASCII")))
		charset = NULL; /* as it is */
	return imap_search_keys(c, charset, out);
}

/* ["CHARSET" SP charset SP] search-key *(SP search-key) */
static enum fail
search_program(struct imap_cursor *c, struct imap_search *out)
{
	if (!imap_keyword(c, STR("CHARSET")))
		return imap_search_keys(c, NULL, out);
	out->has_charset = true;
	return imap_sp(c) ? program(c, out) : imap_cursor_fail(c);
}

/* What options and keys ask of each other: RELEVANCY is of FUZZY (RFC 6203 sections 4 and 6). */
static enum fail
agreed(const struct imap_search *search, enum fail fail)
{
	bool is_relevant = (search->returns & SEARCH_RELEVANCY) != 0;

	for (size_t i = 0; i < search->sort.count; i++)
		is_relevant |= search->sort.criteria[i].by == IMAP_SORT_RELEVANCY;
	return fail == FAIL_NONE && is_relevant && !search->has_fuzzy ? FAIL_SYNTAX : fail;
}

/* --- the commands -------------------------------------------------------------------------------------- */

enum fail
imap_search_parse(struct imap_cursor *c, struct imap_search *out)
{
	*out = (struct imap_search){ 0 };
	if (!return_options(c, out))
		return imap_cursor_fail(c);
	needs_context(out, CAP_CONTEXT_SEARCH);
	return agreed(out, search_program(c, out));
}

enum fail
imap_sort_parse(struct imap_cursor *c, struct imap_search *out)
{
	*out = (struct imap_search){ 0 };
	if (!return_options(c, out))
		return imap_cursor_fail(c);
	if (out->has_return)
		imap_capabilities_put(&out->needs, CAP_ESORT);
	needs_context(out, CAP_CONTEXT_SORT);
	if (!imap_sort_criteria(c, &out->sort, &out->needs) || !imap_sp(c))
		return imap_cursor_fail(c);
	return agreed(out, program(c, out));
}

enum fail
imap_thread_parse(struct imap_cursor *c, struct imap_search *out)
{
	static const struct {
		struct str name;
		enum imap_capability needs;
	} algorithms[THREAD_BY_COUNT] = {
		[THREAD_ORDEREDSUBJECT] = { STR_INIT("ORDEREDSUBJECT"), CAP_THREAD_ORDEREDSUBJECT },
		[THREAD_REFERENCES] = { STR_INIT("REFERENCES"), CAP_THREAD_REFERENCES },
		[THREAD_REFS] = { STR_INIT("REFS"), CAP_THREAD_REFS },
	};
	unsigned by = 0;

	*out = (struct imap_search){ 0 };
	while (by < THREAD_BY_COUNT && !imap_keyword(c, algorithms[by].name))
		by++;
	if (by == THREAD_BY_COUNT || !imap_sp(c))
		return imap_cursor_fail(c);
	out->thread_by = (enum imap_thread_by)by;
	imap_capabilities_put(&out->needs, algorithms[by].needs);
	return program(c, out);
}

/* esearch-source-opts = "IN" SP "(" filter-mailboxes *(SP filter-mailboxes) ")"; no scope-options are defined */
static bool
sources(struct imap_cursor *c, struct imap_sources *out)
{
	if (!imap_keyword(c, STR("IN"))) {
		out->groups = SOURCE_SELECTED; /* RFC 7377 2.2 */
		return true;
	}
	if (!imap_sp(c) || !imap_char(c, '('))
		return false;
	do {
		if (!imap_source_parse(c, out))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')') && imap_sp(c);
}

enum fail
imap_esearch_parse(struct imap_cursor *c, struct imap_search *out)
{
	*out = (struct imap_search){ 0 };
	if (!sources(c, &out->sources) || !return_options(c, out))
		return imap_cursor_fail(c);
	needs_context(out, CAP_CONTEXT_SEARCH);
	return agreed(out, search_program(c, out));
}
