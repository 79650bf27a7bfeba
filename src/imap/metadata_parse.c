#include "imap/metadata.h"

const struct str imap_use_name = STR_INIT("/private/specialuse");

/* "/private", "/shared" or what lies below them; without "*", "%" and non-ASCII (RFC 5464 3.2) */
static bool
entry(struct imap_cursor *c, struct str *out)
{
	struct str rest;

	if (!imap_astring(c, out))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if ((unsigned char)out->p[i] < ' ' || (unsigned char)out->p[i] > '~' ||
		    out->p[i] == '*' || out->p[i] == '%')
			return false;
	rest = *out;
	if (!str_skip_nocase(&rest, STR("/private")) && !str_skip_nocase(&rest, STR("/shared")))
		return false;
	return rest.n == 0 || rest.p[0] == '/';
}

static bool
entry_add(struct imap_cursor *c, struct imap_entries *out)
{
	if (out->count == IMAP_ENTRIES_MAX) {
		c->is_over = true;
		return false;
	}
	return entry(c, &out->names[out->count]) && ++out->count;
}

bool
imap_entries_parse(struct imap_cursor *c, struct imap_entries *out)
{
	out->names = arena_alloc(c->arena, IMAP_ENTRIES_MAX, sizeof(*out->names));
	if (!out->names) {
		c->is_over = true;
		return false;
	}
	if (!imap_char(c, '('))
		return entry_add(c, out);
	do {
		if (!entry_add(c, out))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

/* maxsize-opt = "MAXSIZE" SP number; scope-opt = "DEPTH" SP ("0" / "1" / "infinity") */
static bool
option(struct imap_cursor *c, struct imap_entries *out)
{
	uint64_t n;

	if (imap_keyword(c, STR("MAXSIZE")))
		return imap_sp(c) && imap_number(c, 0, UINT32_MAX, &out->size_max);
	if (!imap_keyword(c, STR("DEPTH")) || !imap_sp(c))
		return false;
	if (imap_keyword(c, STR("infinity"))) {
		out->depth = IMAP_DEPTH_INFINITY;
		return true;
	}
	if (!imap_number(c, 0, 1, &n))
		return false;
	out->depth = (uint32_t)n;
	return true;
}

/* getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")", and the SP behind it */
static bool
options(struct imap_cursor *c, struct imap_entries *out)
{
	do {
		if (!option(c, out))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')') && imap_sp(c);
}

bool
imap_getmetadata_parse(struct imap_cursor *c, struct str *mailbox_out, struct imap_entries *out)
{
	struct imap_cursor ahead;

	*out = (struct imap_entries){ .size_max = IMAP_METADATA_SIZE_MAX };
	if (imap_char(c, '(') && !options(c, out))
		return false;
	if (!imap_astring(c, mailbox_out) || !imap_sp(c))
		return false;
	/* Liberal: the examples of RFC 5464 have the options behind the mailbox, its grammar before it */
	ahead = *c;
	if (imap_char(&ahead, '(') &&
	    (imap_next_is(&ahead, 'M') || imap_next_is(&ahead, 'm') || imap_next_is(&ahead, 'D') ||
		imap_next_is(&ahead, 'd'))) {
		*c = ahead;
		if (!options(c, out))
			return false;
	}
	return imap_entries_parse(c, out) && imap_at_end(c);
}

/* entry-value = entry SP value; value = nstring / literal8 */
static bool
entry_value(struct imap_cursor *c, struct annotation *out)
{
	return entry(c, &out->name) && imap_sp(c) && imap_nstring8(c, &out->value);
}

bool
imap_entry_values_parse(struct imap_cursor *c, struct imap_notes *out)
{
	*out = (struct imap_notes){ .list = arena_alloc(c->arena, IMAP_ENTRIES_MAX,
					sizeof(*out->list)) };
	if (!out->list)
		c->is_over = true;
	if (!out->list || !imap_char(c, '('))
		return false;
	do {
		if (out->count == IMAP_ENTRIES_MAX) {
			c->is_over = true;
			return false;
		}
		if (!entry_value(c, &out->list[out->count]))
			return false;
		out->count++;
	} while (imap_sp(c));
	return imap_char(c, ')') && imap_at_end(c);
}

uint32_t
imap_entry_depth(struct str entry_name, struct str name)
{
	uint32_t depth = 0;

	if (!str_skip_nocase(&name, entry_name))
		return UINT32_MAX;
	if (name.n > 0 && name.p[0] != '/')
		return UINT32_MAX;
	for (size_t i = 0; i < name.n; i++)
		depth += name.p[i] == '/';
	return depth;
}

bool
imap_entry_is_private(struct str name)
{
	return str_starts_nocase(name, STR("/private"));
}
