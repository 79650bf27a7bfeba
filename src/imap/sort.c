#include "imap/sort.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "imap/capability.h"
#include "mail/view.h"
#include "message/address.h"
#include "message/date.h"
#include "message/message.h"
#include "message/subject.h"

/* --- criteria -------------------------------------------------------------------------------------------- */

static const struct {
	struct str name;
	enum imap_sort_by by;
	bool needs_summary;
	enum imap_capability needs;
} rows[] = {
	{ STR_INIT("ARRIVAL"), IMAP_SORT_ARRIVAL, false, CAP_BASE },
	{ STR_INIT("CC"), IMAP_SORT_CC, true, CAP_BASE },
	{ STR_INIT("DATE"), IMAP_SORT_DATE, true, CAP_BASE },
	{ STR_INIT("DISPLAYFROM"), IMAP_SORT_DISPLAYFROM, true, CAP_SORT_DISPLAY },
	{ STR_INIT("DISPLAYTO"), IMAP_SORT_DISPLAYTO, true, CAP_SORT_DISPLAY },
	{ STR_INIT("FROM"), IMAP_SORT_FROM, true, CAP_BASE },
	{ STR_INIT("RELEVANCY"), IMAP_SORT_RELEVANCY, false, CAP_SEARCH_FUZZY },
	{ STR_INIT("SIZE"), IMAP_SORT_SIZE, false, CAP_BASE },
	{ STR_INIT("SUBJECT"), IMAP_SORT_SUBJECT, true, CAP_BASE },
	{ STR_INIT("TO"), IMAP_SORT_TO, true, CAP_BASE },
};

/* sort-criterion = ["REVERSE" SP] sort-key */
static bool
criterion(struct imap_cursor *c, struct imap_sort *out, struct imap_capabilities *needs)
{
	bool is_reverse = imap_keyword(c, STR("REVERSE"));
	struct str word;

	if (out->count == IMAP_SORT_CRITERIA_MAX) {
		c->is_over = true;
		return false;
	}
	if ((is_reverse && !imap_sp(c)) || !imap_atom(c, &word))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_eq_nocase(word, rows[i].name))
			continue;
		out->criteria[out->count].by = rows[i].by;
		out->criteria[out->count++].is_reverse = is_reverse;
		out->needs_summary |= rows[i].needs_summary;
		imap_capabilities_put(needs, rows[i].needs);
		return true;
	}
	return false;
}

bool
imap_sort_criteria(struct imap_cursor *c, struct imap_sort *out, struct imap_capabilities *needs)
{
	*out = (struct imap_sort){ 0 };
	if (!imap_char(c, '('))
		return false;
	do {
		if (!criterion(c, out, needs))
			return false;
	} while (imap_sp(c));
	return imap_char(c, ')');
}

/* --- keys ------------------------------------------------------------------------------------------------ */

static void
number_write(struct buf *out, uint64_t n)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_add_char(out, (char)(n >> shift & 0xff));
}

/* Signed, so that those before 1970 come first. */
static void
date_write(struct buf *out, int64_t seconds)
{
	number_write(out, (uint64_t)seconds ^ (uint64_t)1 << 63);
}

static void
text_write(struct buf *out, struct str text)
{
	utf8_casemap(out, utf8_cut(text, IMAP_SORT_TEXT_MAX));
	buf_add_char(out, '\0');
}

static struct str
raw_field(const struct message *m, enum field field)
{
	return m ? message_field(&m->root, field) : (struct str){ 0 };
}

/* The first address of ENVELOPE's list; false when it is NIL. A group's name is its addr-mailbox there. */
static bool
first_address(struct str raw, struct arena *arena, struct address *out)
{
	struct address_list list = { 0 };

	if (raw.p)
		address_parse(raw, arena, &list);
	if (list.count == 0)
		return false;
	*out = list.items[0];
	if (out->kind == ADDRESS_GROUP) {
		out->local = out->name;
		out->name = (struct str){ 0 };
	}
	return true;
}

/* CC, FROM, TO: addr-mailbox of the first address. */
static void
mailbox_write(struct buf *out, struct str raw, struct arena *arena)
{
	struct address address;

	text_write(out, first_address(raw, arena, &address) ? address.local : STR(""));
}

/* RFC 5957 section 3: its name, else mailbox@host, else mailbox */
static void
display_write(struct buf *out, struct str raw, struct arena *arena)
{
	struct address address;
	struct str text = STR("");

	if (first_address(raw, arena, &address))
		text = address_name(&address, arena);
	if (text.n > 0) {
		text_write(out, text);
	} else if (raw.p && first_address(raw, arena, &address)) {
		utf8_casemap(out, utf8_cut(address.local, IMAP_SORT_TEXT_MAX));
		if (address.domain.n > 0)
			buf_add_char(out, '@');
		text_write(out, address.domain);
	} else {
		text_write(out, STR(""));
	}
}

int64_t
imap_sent_date(const struct view_entry *entry, const struct message *summary)
{
	struct str raw = raw_field(summary, FIELD_DATE);
	struct date date;

	return raw.p && date_parse(raw, &date) == FAIL_NONE ? date.unix_s : entry->received_s;
}

static void
criterion_write(struct buf *out, enum imap_sort_by by, const struct imap_sort_of *of,
    struct arena *arena)
{
	const struct message *m = of->summary;

	switch (by) {
	case IMAP_SORT_ARRIVAL: date_write(out, of->entry->received_s); break;
	case IMAP_SORT_CC: mailbox_write(out, raw_field(m, FIELD_CC), arena); break;
	case IMAP_SORT_DATE: date_write(out, imap_sent_date(of->entry, m)); break;
	case IMAP_SORT_FROM: mailbox_write(out, raw_field(m, FIELD_FROM), arena); break;
	case IMAP_SORT_SIZE: number_write(out, of->entry->size); break;
	case IMAP_SORT_SUBJECT:
		text_write(out, subject_base(raw_field(m, FIELD_SUBJECT), arena, NULL));
		break;
	case IMAP_SORT_TO: mailbox_write(out, raw_field(m, FIELD_TO), arena); break;
	case IMAP_SORT_DISPLAYFROM: display_write(out, raw_field(m, FIELD_FROM), arena); break;
	case IMAP_SORT_DISPLAYTO: display_write(out, raw_field(m, FIELD_TO), arena); break;
	case IMAP_SORT_RELEVANCY: /* the highest first */
		buf_add_char(out, (char)(UINT8_MAX - of->score));
		break;
	case IMAP_SORT_BY_COUNT: break;
	}
}

void
imap_sort_key_write(struct buf *out, const struct imap_sort *sort, const struct imap_sort_of *of,
    struct arena *arena)
{
	for (size_t i = 0; i < sort->count; i++) {
		size_t start = out->n;

		criterion_write(out, sort->criteria[i].by, of, arena);
		if (!sort->criteria[i].is_reverse || !buf_ok(out))
			continue;
		for (char *p = out->p + out->start + start; p < out->p + out->start + out->n; p++)
			*p = (char)~*p;
	}
}
