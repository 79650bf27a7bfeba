#include "message/summary.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "message/body.h"
#include "message/preview.h"
#include "message/text.h"

/*
 * A record: version, flags, size, part count, preview, then the parts depth first. Numbers are
 * varints (7 bits a byte, low first), texts a length plus one and their bytes, 0 for none. A part's
 * depth tells where it hangs; its body stands right behind its header.
 */
enum { FLAG_ATTACHMENT = 1, FLAG_TOO_LARGE = 2 };
enum { PART_IS_ATTACHMENT = 1, PART_IS_INLINE = 2, PART_HAS_FIELDS = 4 };

#define SUMMARY_DEPTH_MAX (MESSAGE_DEPTH_MAX + 1)

/* --- writing ------------------------------------------------------------------------------- */

static void
put(struct buf *out, uint64_t n)
{
	while (n >= 0x80) {
		buf_add_char(out, (char)(unsigned char)(0x80 | (n & 0x7f)));
		n >>= 7;
	}
	buf_add_char(out, (char)n);
}

static void
put_str(struct buf *out, struct str s)
{
	put(out, s.p ? s.n + 1 : 0);
	if (s.p)
		buf_add(out, s);
}

static void
put_params(struct buf *out, const struct param *params, uint32_t count)
{
	put(out, count);
	for (uint32_t i = 0; i < count; i++) {
		put_str(out, params[i].name);
		put_str(out, params[i].value);
	}
}

static unsigned
depth_of(const struct part *p)
{
	unsigned depth = 0;

	while ((p = p->parent) != NULL)
		depth++;
	return depth;
}

static void
put_part(struct buf *out, const struct message *m, const struct part *p)
{
	uint64_t flags = (p->is_attachment ? PART_IS_ATTACHMENT : 0) |
	    (p->is_inline ? PART_IS_INLINE : 0) | (p->fields ? PART_HAS_FIELDS : 0);

	put(out, depth_of(p));
	put(out, (uint64_t)p->kind);
	put(out, (uint64_t)p->encoding);
	put(out, flags);
	put_str(out, p->type);
	put_str(out, p->subtype);
	put_params(out, p->params, p->param_count);
	put_str(out, p->disposition);
	put_params(out, p->disposition_params, p->disposition_param_count);
	put(out, p->language_count);
	for (uint32_t i = 0; i < p->language_count; i++)
		put_str(out, p->languages[i]);
	put_str(out, p->id);
	put_str(out, p->description);
	put_str(out, p->encoding_text);
	put_str(out, p->location);
	put_str(out, p->md5);
	put_str(out, p->name);
	put(out, p->header.start);
	put(out, p->header.n);
	put(out, p->body.n);
	put(out, p->lines);
	put(out, body_decoded_size(m, p));
	for (size_t i = 0; i < FIELD_COUNT && p->fields; i++)
		put_str(out, p->fields->raw[i]);
}

static void
put_head(struct buf *out, const struct message *m, uint64_t flags)
{
	put(out, SUMMARY_VERSION);
	put(out, flags);
	put(out, m->size);
}

void
message_summary_write(const struct message *m, struct buf *out)
{
	struct buf record, preview;

	buf_init(&record, SUMMARY_MAX);
	buf_init(&preview, PREVIEW_BYTES);
	preview_write(m, &preview);
	put_head(&record, m, message_has_attachment(m) ? FLAG_ATTACHMENT : 0);
	put(&record, m->part_count);
	put_str(&record, preview.n > 0 ? buf_str(&preview) : STR(""));
	for (const struct part *p = &m->root; p && buf_ok(&record); p = part_next(p))
		put_part(&record, m, p);
	if (!buf_ok(&record)) {
		buf_clear(&record);
		put_head(&record, m, FLAG_TOO_LARGE);
	}
	buf_add(out, buf_str(&record));
	buf_release(&record);
	buf_release(&preview);
}

/* --- reading ------------------------------------------------------------------------------- */

struct reader {
	struct str cur;
	struct arena *a; /* borrow: the caller's */
	enum fail fail;  /* sticky; then everything read is 0 or empty */
};

static void
damaged(struct reader *r, enum fail fail)
{
	if (r->fail == FAIL_NONE)
		r->fail = fail;
	r->cur = (struct str){ NULL, 0 };
}

/* The first byte is enough for most of them. */
static bool
is_short(const struct reader *r)
{
	return r->cur.n > 0 && (unsigned char)r->cur.p[0] < 0x80;
}

static uint64_t
get_short(struct reader *r)
{
	r->cur.n--;
	return (unsigned char)*r->cur.p++;
}

static uint64_t
get_long(struct reader *r, uint64_t max)
{
	size_t used = 0;
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 63 && used < r->cur.n; shift += 7) {
		unsigned char c = (unsigned char)r->cur.p[used++];

		n |= (uint64_t)(c & 0x7f) << shift;
		if (c & 0x80)
			continue;
		if (n > max)
			break;
		r->cur.p += used;
		r->cur.n -= used;
		return n;
	}
	damaged(r, FAIL_PERM);
	return 0;
}

static uint64_t
get(struct reader *r, uint64_t max)
{
	return is_short(r) && (unsigned char)r->cur.p[0] <= max ? get_short(r) : get_long(r, max);
}

static struct str
get_str(struct reader *r)
{
	uint64_t n = is_short(r) ? get_short(r) : get_long(r, SUMMARY_MAX);
	const char *p = r->cur.p;

	if (n == 0)
		return str_of(NULL, 0); /* most of them */
	if (--n > r->cur.n) {
		damaged(r, FAIL_PERM);
		return str_of(NULL, 0);
	}
	r->cur.p += n;
	r->cur.n -= (size_t)n;
	return str_of(p, (size_t)n);
}

static void *
get_array(struct reader *r, uint32_t count, size_t size)
{
	void *p = count > 0 ? arena_alloc(r->a, count, size) : NULL;

	if (count > 0 && p == NULL)
		damaged(r, FAIL_LIMIT);
	return p;
}

static struct param *
get_params(struct reader *r, uint32_t *count_out)
{
	uint32_t count = (uint32_t)get(r, SUMMARY_MAX);
	struct param *params;

	/* Two length bytes at least for each: a damaged count allocates no more than the record. */
	if (count > r->cur.n / 2)
		damaged(r, FAIL_PERM);
	params = r->fail == FAIL_NONE ? get_array(r, count, sizeof *params) : NULL;
	*count_out = params ? count : 0;
	for (uint32_t i = 0; i < *count_out; i++) {
		params[i].name = get_str(r);
		params[i].value = get_str(r);
	}
	return params;
}

static void
get_languages(struct reader *r, struct part *p)
{
	uint32_t count = (uint32_t)get(r, SUMMARY_MAX);

	if (count > r->cur.n)
		damaged(r, FAIL_PERM);
	p->languages = r->fail == FAIL_NONE ? get_array(r, count, sizeof *p->languages) : NULL;
	p->language_count = p->languages ? count : 0;
	for (uint32_t i = 0; i < p->language_count; i++)
		p->languages[i] = get_str(r);
}

static void
get_fields(struct reader *r, struct part *p)
{
	struct fields *fields = get_array(r, 1, sizeof *fields);

	for (size_t i = 0; i < FIELD_COUNT && fields; i++)
		fields->raw[i] = get_str(r);
	p->fields = fields;
}

static void
get_part(struct reader *r, struct part *p, uint64_t size)
{
	uint64_t flags;

	p->kind = (enum part_kind)get(r, PART_MESSAGE);
	p->encoding = (enum encoding)get(r, ENCODING_COUNT - 1);
	flags = get(r, UINT32_MAX);
	p->is_attachment = flags & PART_IS_ATTACHMENT;
	p->is_inline = flags & PART_IS_INLINE;
	p->type = get_str(r);
	p->subtype = get_str(r);
	p->params = get_params(r, &p->param_count);
	p->disposition = get_str(r);
	p->disposition_params = get_params(r, &p->disposition_param_count);
	get_languages(r, p);
	p->id = get_str(r);
	p->description = get_str(r);
	p->encoding_text = get_str(r);
	p->location = get_str(r);
	p->md5 = get_str(r);
	p->name = get_str(r);
	p->header.start = get(r, size);
	p->header.n = get(r, size - p->header.start);
	p->body.start = p->header.start + p->header.n;
	p->body.n = get(r, size - p->body.start);
	p->lines = get(r, size);
	p->decoded_size = get(r, INT64_MAX);
	if (flags & PART_HAS_FIELDS)
		get_fields(r, p);
}

/* Hang p below the part at depth - 1; false when there is none that can have it. */
static bool
hang(struct part *open[], struct part *last[], uint64_t depth, struct part *p)
{
	struct part *parent = open[depth - 1];

	if (parent == NULL || parent->kind == PART_LEAF ||
	    (parent->kind == PART_MESSAGE && parent->child != NULL))
		return false;
	p->parent = parent;
	p->number = last[depth - 1] ? last[depth - 1]->number + 1 : 1;
	if (last[depth - 1])
		last[depth - 1]->next = p;
	else
		parent->child = p;
	last[depth - 1] = p;
	return true;
}

static enum fail
get_parts(struct reader *r, struct message *m)
{
	struct part *open[SUMMARY_DEPTH_MAX] = { NULL }, *last[SUMMARY_DEPTH_MAX] = { NULL };
	uint64_t previous = 0;

	for (uint32_t i = 0; i < m->part_count && r->fail == FAIL_NONE; i++) {
		uint64_t depth = get(r, i == 0 ? 0 : SUMMARY_DEPTH_MAX - 1);
		struct part *p = i == 0 ? &m->root : get_array(r, 1, sizeof *p);

		if (p == NULL || r->fail != FAIL_NONE)
			break;
		if (i > 0 && (depth == 0 || depth > previous + 1 || !hang(open, last, depth, p)))
			return FAIL_PERM;
		p->index = i;
		get_part(r, p, m->size);
		open[depth] = p;
		last[depth] = NULL;
		previous = depth;
	}
	for (const struct part *p = &m->root; p && r->fail == FAIL_NONE; p = part_next(p))
		if (p->kind != PART_LEAF && p->child == NULL)
			return FAIL_PERM;
	return r->fail;
}

enum fail
message_summary_read(struct str record, struct arena *a, struct message *out)
{
	struct reader r = { .a = a };
	uint64_t flags;

	*out = (struct message){ .is_summary = true };
	out->root.number = 1;
	r.cur = arena_str(a, record);
	if (r.cur.p == NULL)
		return FAIL_LIMIT;
	if (get(&r, UINT32_MAX) != SUMMARY_VERSION)
		return FAIL_PERM;
	flags = get(&r, UINT32_MAX);
	if (flags & FLAG_TOO_LARGE)
		return FAIL_PERM;
	out->has_attachment = flags & FLAG_ATTACHMENT;
	out->size = get(&r, INT64_MAX);
	out->part_count = (uint32_t)get(&r, MESSAGE_PARTS_MAX);
	out->preview = get_str(&r);
	if (r.fail == FAIL_NONE && out->part_count == 0)
		return FAIL_PERM;
	return get_parts(&r, out);
}
