/*
 * Accounts in LDAP, by libldap: each question is a search or several, whose rows are read before the first is given.
 */

/* system */
#include <stdlib.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "backend/backend.h"
#include "backend/ldap_ask.h"
#include "directory/credential.h"
#include "directory/settings.h"

#define ROWS_BYTES  (16 * 1024 * 1024) /* of one answer: a list of 10 000 members has 1 MB */
#define NAMES_BYTES (64 * 1024)        /* of the owner's words for attributes */
#define TEXT_MAX    (64 * 1024)        /* of a DN */

static struct ldap_engine *
engine_of(struct source *s)
{
	return container_of(s, struct ldap_engine, source);
}

static void
forget(struct ldap_engine *e)
{
	arena_reset(&e->arena);
	mem_free(e->rows);
	e->rows = NULL;
	e->row_count = e->row_room = e->row_at = 0;
	e->fail = FAIL_NONE;
}

static void
ldap_begin(struct source *source, enum source_question question, struct str key)
{
	struct ldap_engine *e = engine_of(source);
	enum fail fail;

	forget(e);
	e->question = question;
	fail = ldap_ask(e, question, key);
	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		e->fail = fail;
}

static bool
ldap_next(struct source *source)
{
	struct ldap_engine *e = engine_of(source);

	if (e->fail != FAIL_NONE || e->row_at >= e->row_count)
		return false;
	source->column_count = source_forms[e->question].columns;
	for (size_t i = 0; i < source->column_count; i++)
		source->columns[i] = e->rows[e->row_at].columns[i];
	e->row_at++;
	return true;
}

static enum fail
ldap_end(struct source *source)
{
	struct ldap_engine *e = engine_of(source);
	enum fail fail = e->fail;

	forget(e);
	return fail;
}

static enum fail
ldap_verify(struct source *source, struct str name, struct str secret, struct buf *credential_out)
{
	struct ldap_engine *e = engine_of(source);
	struct buf dn, changed;
	enum fail fail;

	if (e->settings->login == LDAP_LOGIN_PASSWORD)
		return FAIL_MISSING;
	buf_init(&dn, TEXT_MAX);
	buf_init(&changed, TEXT_MAX);
	fail = ldap_ask_entry(e, name, &dn, &changed);
	if (fail == FAIL_MISSING)
		fail = FAIL_DENIED;
	if (fail == FAIL_NONE)
		fail = ldap_link_try(&e->link, buf_c(&dn), secret);
	if (fail == FAIL_NONE && changed.n > 0)
		credential_write(credential_out, buf_str(&changed));
	buf_release(&dn);
	buf_release(&changed);
	return fail;
}

static const struct source_engine engine = { ldap_begin, ldap_next, ldap_end, ldap_verify };

static void
ldap_close(struct source **source)
{
	struct ldap_engine *e = engine_of(*source);

	forget(e);
	ldap_link_close(&e->link);
	arena_release(&e->arena);
	arena_release(&e->names_arena);
	mem_free(e);
	*source = NULL;
}

/* The library knows filters better than we do; what the server says to a question about itself does not matter. */
static enum fail
try_filters(struct ldap_engine *e, struct buf *why)
{
	enum fail fail = FAIL_NONE;

	for (enum ldap_search i = 0; i < LDAP_SEARCH_COUNT && fail == FAIL_NONE; i++) {
		struct ldap_values values = ldap_words(i);
		LDAPMessage *found = NULL;
		struct buf filter;

		if (str_empty(e->settings->filters[i]))
			continue;
		values.key = values.dn = STR("x");
		buf_init(&filter, LDAP_FILTER_MAX);
		ldap_filter_write(&filter, e->settings->filters[i], &values);
		fail = ldap_link_search(&e->link,
		    &(struct ldap_request){ .base = STR(""),
			.filter = buf_str(&filter),
			.is_entry = true,
			.entries_max = 1 },
		    &found);
		if (fail == FAIL_PERM) {
			buf_add_c(why, "no filter: ");
			buf_add(why, buf_str(&filter));
		} else if (e->link.search) { /* a server may refuse to tell; it is there */
			fail = FAIL_NONE;
		}
		ldap_msgfree(found);
		buf_release(&filter);
	}
	return fail;
}

static enum fail
ldap_open_engine(struct source **out, const void *settings, struct buf *why)
{
	struct ldap_engine *e = mem_new(1, sizeof *e);
	enum fail fail;

	setenv("LDAPNOINIT", "1",
	    1); /* no ldap.conf, which may switch off the look at certificates */
	e->source.engine = &engine;
	e->settings = settings;
	e->link.settings = settings;
	arena_init(&e->arena, ROWS_BYTES);
	arena_init(&e->names_arena, NAMES_BYTES);
	*out = &e->source;
	fail = ldap_settings_check(settings, why);
	if (fail == FAIL_NONE)
		fail = ldap_entry_names(e, why);
	if (fail == FAIL_NONE)
		fail = ldap_link_open(&e->link, why);
	if (fail == FAIL_NONE)
		fail = try_filters(e, why);
	return fail;
}

const struct backend backend = { &directory_ldap_section, ldap_open_engine, ldap_close };
