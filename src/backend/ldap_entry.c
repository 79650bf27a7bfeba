#include "backend/ldap_entry.h"

/* system */
#include <stdlib.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define NAME_BYTES (64 * 1024) /* of one value in lower case: longer ones are no names */

enum fail
ldap_entry_names(struct ldap_engine *e, struct buf *why)
{
	for (size_t i = 0; i < LDAP_ATTRIBUTE_COUNT; i++) {
		struct str rest = e->settings->attributes[i], word;
		size_t n = 0;

		while (str_next_part(&rest, ' ', &word)) {
			if (str_empty(word))
				continue;
			if (n == LDAP_NAMES_MAX ||
			    (e->names[i][n++] = arena_c(&e->names_arena, word)) == NULL) {
				buf_add_c(why, "too many attributes in one setting: ");
				buf_add(why, e->settings->attributes[i]);
				return FAIL_PERM;
			}
		}
	}
	return FAIL_NONE;
}

/* --- rows -------------------------------------------------------------------------------------- */

void
ldap_row_add(struct ldap_engine *e, const struct str *columns, size_t count)
{
	struct ldap_row *row;

	if (e->row_count == e->row_room) {
		e->row_room = 2 * e->row_room + 16; /* the arena is full long before this wraps */
		e->rows = mem_resize(e->rows, e->row_room, sizeof *e->rows);
	}
	row = &e->rows[e->row_count];
	*row = (struct ldap_row){ 0 };
	for (size_t i = 0; i < count; i++) {
		row->columns[i] = arena_str(&e->arena, columns[i]);
		if (row->columns[i].p == NULL) {
			e->fail = FAIL_TEMP;
			return;
		}
	}
	e->row_count++;
}

void
ldap_row_add_one(struct ldap_engine *e, struct str text)
{
	ldap_row_add(e, &text, 1);
}

bool
ldap_row_has(const struct ldap_engine *e, struct str text)
{
	for (size_t i = 0; i < e->row_count; i++) {
		if (str_eq_nocase(e->rows[i].columns[0], text))
			return true;
	}
	return false;
}

static int
compare_rows(const void *one, const void *other)
{
	const struct ldap_row *a = one, *b = other;

	return str_cmp(a->columns[0], b->columns[0]);
}

void
ldap_row_sort(struct ldap_engine *e)
{
	if (e->row_count > 1)
		qsort(e->rows, e->row_count, sizeof *e->rows, compare_rows);
}

/* --- values ------------------------------------------------------------------------------------ */

/* Active Directory's proxyAddresses are "smtp:ann@example.org", the main one with SMTP. */
static struct str
without_scheme(struct str value)
{
	return str_starts_nocase(value, STR("smtp:")) ? str_from(value, 5) : value;
}

/* False: the function wants no more. */
static bool
each_of(struct ldap_engine *e, LDAPMessage *entry, const char *name, ldap_value_fn *fn, void *arg)
{
	struct berval **values = ldap_get_values_len(e->link.search, entry, name);
	bool goes_on = true;

	for (size_t i = 0; goes_on && values && values[i]; i++)
		goes_on = fn(e, without_scheme(str_of(values[i]->bv_val, values[i]->bv_len)), arg);
	ldap_value_free_len(values);
	return goes_on;
}

void
ldap_each_value(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    ldap_value_fn *fn, void *arg)
{
	for (size_t i = 0; e->names[attribute][i]; i++) {
		if (!each_of(e, entry, e->names[attribute][i], fn, arg))
			return;
	}
}

static bool
add_value(struct ldap_engine *e, struct str value, void *arg)
{
	(void)arg;
	ldap_row_add_one(e, value);
	return e->fail == FAIL_NONE;
}

void
ldap_add_values(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute)
{
	ldap_each_value(e, entry, attribute, add_value, NULL);
}

static bool
keep_least(struct ldap_engine *e, struct str value, void *arg)
{
	struct buf *out = arg;

	(void)e;
	if (!str_empty(value) && (out->n == 0 || str_cmp(value, buf_str(out)) < 0)) {
		buf_clear(out);
		buf_add(out, value);
	}
	return true;
}

void
ldap_write_value(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    struct buf *out)
{
	for (size_t i = 0; e->names[attribute][i] && out->n == 0; i++)
		each_of(e, entry, e->names[attribute][i], keep_least, out);
}

struct wanted {
	struct str value;
	bool is_found;
};

static bool
is_other(struct ldap_engine *e, struct str value, void *arg)
{
	struct wanted *w = arg;
	struct buf lower;

	(void)e;
	buf_init(&lower, NAME_BYTES);
	utf8_lower(&lower, value);
	w->is_found = buf_ok(&lower) && str_eq(buf_str(&lower), w->value);
	buf_release(&lower);
	return !w->is_found;
}

bool
ldap_has_value(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    struct str value)
{
	struct wanted w = { .value = value };
	struct buf lower;

	buf_init(&lower, NAME_BYTES);
	utf8_lower(&lower, value);
	w.value = buf_str(&lower);
	ldap_each_value(e, entry, attribute, is_other, &w);
	buf_release(&lower);
	return w.is_found;
}
