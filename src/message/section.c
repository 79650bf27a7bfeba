#include "message/section.h"

/* base */
#include "base/limits.h"

/* The multipart or the single body that part numbers behind p count in. */
static const struct part *
enter(const struct part *p)
{
	return p->kind == PART_MESSAGE ? p->child : p;
}

static const struct part *
numbered_child(const struct part *p, uint32_t number)
{
	for (p = p->child; p && p->number != number; p = p->next)
		continue;
	return p;
}

/* section-part = nz-number *("." nz-number) (RFC 9051 section 9) */
const struct part *
part_find(const struct message *m, struct str numbers)
{
	const struct part *p = &m->root;
	bool is_top = true;
	struct str number;
	uint32_t n;

	if (numbers.n == 0)
		return p;
	while (str_next_part(&numbers, '.', &number)) {
		if (!str_u32(&number, UINT32_MAX, &n) || number.n > 0 || n == 0)
			return NULL;
		/* A message at the top that is itself a message/rfc822 is part 1 of itself. */
		if (!is_top && p->kind == PART_LEAF)
			return NULL;
		if (!is_top)
			p = enter(p);
		if (p->kind == PART_MULTIPART) {
			p = numbered_child(p, n);
			if (p == NULL)
				return NULL;
		} else if (n != 1) {
			return NULL;
		}
		is_top = false;
	}
	return p;
}

/* Does p take a number of its own? Multiparts at the root of a message do not. */
static bool
has_number(const struct part *p)
{
	bool is_root = p->parent == NULL || p->parent->kind == PART_MESSAGE;

	return !is_root || p->kind != PART_MULTIPART;
}

void
part_number_write(struct buf *out, const struct part *p)
{
	uint32_t numbers[MESSAGE_DEPTH_MAX + 1];
	size_t count = 0;

	for (; p && count <= MESSAGE_DEPTH_MAX; p = p->parent)
		if (has_number(p))
			numbers[count++] = p->number;
	while (count-- > 0) {
		buf_add_u64(out, numbers[count]);
		if (count > 0)
			buf_add_char(out, '.');
	}
}

bool
section_range(const struct message *m, const struct part *p, bool is_top, enum section section,
    struct range *out)
{
	if (section == SECTION_MIME) {
		*out = p->header;
		return !is_top;
	}
	if (section == SECTION_ALL) {
		*out = is_top ? (struct range){ 0, m->size } : p->body;
		return true;
	}
	if (!is_top) {
		if (p->kind != PART_MESSAGE)
			return false;
		p = p->child;
	}
	*out = section == SECTION_TEXT ? p->body : p->header;
	return true;
}
