#include "imap/results.h"

/* rooms */
#include "mail/view.h"

#define SINGLES (SEARCH_MIN | SEARCH_MAX)

void
imap_results_init(struct imap_results *r, const struct imap_search *search)
{
	*r = (struct imap_results){ .search = search };
	buf_init(&r->scores, IMAP_RANGES_MAX);
}

void
imap_results_release(struct imap_results *r)
{
	imap_ranges_release(&r->numbers);
	imap_ranges_release(&r->uids);
	buf_release(&r->scores);
}

/* The options, with what stands for none. */
static unsigned
returns_of(const struct imap_results *r)
{
	return r->search->has_return ? r->search->returns : SEARCH_ALL;
}

void
imap_results_add(struct imap_results *r, const struct imap_hit *hit)
{
	unsigned returns = returns_of(r);

	if (r->count++ == 0)
		r->first = *hit;
	r->last = *hit;
	if (hit->modseq > r->modseq)
		r->modseq = hit->modseq;
	if (returns & (SEARCH_ALL | SEARCH_PARTIAL))
		imap_ranges_add(&r->numbers, hit->number);
	if (returns & (SEARCH_SAVE | SEARCH_UPDATE) ||
	    (returns & SEARCH_PARTIAL && r->search->has_modseq))
		imap_ranges_add(&r->uids, hit->uid);
	if (returns & SEARCH_RELEVANCY)
		buf_add_char(&r->scores, (char)hit->score);
}

bool
imap_results_ok(const struct imap_results *r)
{
	return !r->numbers.is_over && !r->uids.is_over && buf_ok(&r->scores);
}

/* --- PARTIAL ------------------------------------------------------------------------------------------- */

/* Those at places first .. last, from 1. */
static void
ranges_slice(const struct imap_ranges *in, uint64_t first, uint64_t last, struct imap_ranges *out)
{
	uint64_t place = 1;

	for (size_t i = 0; i < in->count && place <= last; i++) {
		const struct imap_range *range = &in->ranges[i];
		uint64_t n = (uint64_t)range->last - range->first + 1;

		for (uint64_t k = place < first ? first - place : 0; k < n && place + k <= last;
		     k++)
			imap_ranges_add(out, range->first + (uint32_t)k);
		place += n;
	}
}

/* Of `in`, the part that PARTIAL asks for; empty when there is nothing. */
static struct imap_ranges
partial_of(const struct imap_results *r, const struct imap_ranges *in)
{
	struct imap_ranges out = { 0 };
	uint64_t first, last;

	if (imap_partial_places(&r->search->partial, r->count, &first, &last))
		ranges_slice(in, first, last, &out);
	return out;
}

/* "PARTIAL (1:5 ..)" */
static void
partial_write(struct buf *out, const struct imap_results *r)
{
	struct imap_ranges part = partial_of(r, &r->numbers);

	buf_add_c(out, " PARTIAL (");
	buf_add(out, r->search->partial.text);
	buf_add_char(out, ' ');
	if (part.count > 0)
		imap_ranges_write(out, &part);
	else
		buf_add_c(out, "NIL");
	buf_add_char(out, ')');
	imap_ranges_release(&part);
}

/* --- MODSEQ (RFC 4731 3.2) ------------------------------------------------------------------------------ */

static uint64_t
modseq_of_partial(const struct imap_results *r, const struct view *view)
{
	struct imap_ranges part = partial_of(r, &r->uids);
	uint64_t modseq = 0;

	for (size_t i = 0; i < part.count; i++) {
		size_t at = view_lower(view, part.ranges[i].first);

		for (; at < view->count && view->entries[at].uid <= part.ranges[i].last; at++)
			if (view->entries[at].modseq > modseq)
				modseq = view->entries[at].modseq;
	}
	imap_ranges_release(&part);
	return modseq;
}

/* The highest one of the messages that are told. */
static uint64_t
modseq_told(const struct imap_results *r, const struct view *view)
{
	unsigned returns = returns_of(r);
	uint64_t modseq = 0;

	if (returns & (SEARCH_ALL | SEARCH_COUNT) || !(returns & (SINGLES | SEARCH_PARTIAL)))
		return r->modseq;
	if (returns & SEARCH_PARTIAL)
		modseq = modseq_of_partial(r, view);
	if (returns & SEARCH_MIN && r->first.modseq > modseq)
		modseq = r->first.modseq;
	if (returns & SEARCH_MAX && r->last.modseq > modseq)
		modseq = r->last.modseq;
	return modseq;
}

/* --- telling -------------------------------------------------------------------------------------------- */

static void
number_write(struct buf *out, const char *name, uint64_t n)
{
	buf_add_c(out, name);
	buf_add_u64(out, n);
}

/* "RELEVANCY (4 99 42)": of those that ALL or PARTIAL tell (RFC 6203 section 4). */
static void
scores_write(struct buf *out, const struct imap_results *r)
{
	struct str scores = buf_str(&r->scores);
	uint64_t first = 1, last = scores.n;

	if (returns_of(r) & SEARCH_PARTIAL &&
	    !imap_partial_places(&r->search->partial, r->count, &first, &last))
		last = 0;
	buf_add_c(out, " RELEVANCY (");
	for (uint64_t i = first; i <= last; i++) {
		if (i > first)
			buf_add_char(out, ' ');
		buf_add_u64(out, (unsigned char)scores.p[i - 1]);
	}
	buf_add_char(out, ')');
}

void
imap_results_write(struct buf *out, const struct imap_results *r, const struct view *view)
{
	unsigned returns = returns_of(r);

	if (returns & SEARCH_MIN && r->count > 0)
		number_write(out, " MIN ", r->first.number);
	if (returns & SEARCH_MAX && r->count > 0)
		number_write(out, " MAX ", r->last.number);
	if (returns & SEARCH_COUNT)
		number_write(out, " COUNT ", r->count);
	if (returns & SEARCH_ALL && r->count > 0) {
		buf_add_c(out, " ALL ");
		imap_ranges_write(out, &r->numbers);
	}
	if (returns & SEARCH_PARTIAL)
		partial_write(out, r);
	if (returns & SEARCH_RELEVANCY)
		scores_write(out, r);
	if (r->search->has_modseq && r->count > 0) {
		uint64_t modseq = modseq_told(r, view);

		if (modseq > 0)
			number_write(out, " MODSEQ ", modseq);
	}
}

static void
numbers_write(struct buf *out, const struct imap_range *r)
{
	for (uint32_t n = r->first; n <= r->last; n++)
		number_write(out, " ", n);
}

static void
numbers_write_down(struct buf *out, const struct imap_range *r)
{
	for (uint32_t n = r->last; n >= r->first; n--)
		number_write(out, " ", n);
}

/* RFC 3501 7.2.5, RFC 5256 BASE.7.2.SORT, RFC 7162 section 7 */
void
imap_results_plain_write(struct buf *out, const struct imap_results *r, const char *name,
    bool is_down)
{
	size_t count = r->numbers.count;

	buf_add_c(out, name);
	for (size_t i = 0; i < count; i++) {
		if (is_down)
			numbers_write_down(out, &r->numbers.ranges[count - 1 - i]);
		else
			numbers_write(out, &r->numbers.ranges[i]);
	}
	if (r->search->has_modseq && r->count > 0) {
		number_write(out, " (MODSEQ ", r->modseq);
		buf_add_char(out, ')');
	}
	buf_add_c(out, "\r\n");
}

bool
imap_search_is_silent(const struct imap_search *search)
{
	return (search->returns & ~(unsigned)(SEARCH_UPDATE | SEARCH_CONTEXT)) == SEARCH_SAVE;
}

bool
imap_search_saves_all(const struct imap_search *search)
{
	unsigned returns = search->returns;

	if (!(returns & SEARCH_SAVE))
		return false;
	return returns & (SEARCH_ALL | SEARCH_COUNT) || !(returns & (SINGLES | SEARCH_PARTIAL));
}

/*
 * MIN and MAX alone save only these, PARTIAL saves its part and these; COUNT and ALL save everything.
 */
void
imap_results_save(struct imap_results *r, struct imap_ranges *saved)
{
	unsigned returns = returns_of(r);
	struct imap_ranges some = { 0 };

	imap_ranges_release(saved);
	if (imap_search_saves_all(r->search)) {
		some = r->uids;
		r->uids = (struct imap_ranges){ 0 };
	} else {
		if (returns & SEARCH_PARTIAL)
			some = partial_of(r, &r->uids);
		if (returns & SEARCH_MIN && r->count > 0)
			imap_ranges_add(&some, r->first.uid);
		if (returns & SEARCH_MAX && r->count > 0)
			imap_ranges_add(&some, r->last.uid);
	}
	imap_ranges_sort(&some);
	*saved = some;
}
