#include "s3/answer.h"

/* system */
#include <string.h>

/* rooms */
#include "codec/xml.h"

#define PAGE_ARENA_MAX \
	((size_t)2 << 20) /* bytes: a thousand keys of a kilobyte, and as much again */

static struct str
cut(struct str s, char *into, size_t max)
{
	size_t n = s.n < max ? s.n : max;

	if (n > 0)
		memcpy(into, s.p, n);
	return str_of(into, n);
}

/* --- errors -------------------------------------------------------------------------------- */

static bool
error_element(void *arg, struct str path, struct str text)
{
	struct s3_error *e = arg;

	if (str_eq(path, STR("Error/Code")))
		e->code = cut(text, e->code_text, sizeof e->code_text);
	else if (str_eq(path, STR("Error/Message")))
		e->message = cut(text, e->message_text, sizeof e->message_text);
	return true;
}

bool
s3_answer_error(struct str body, struct s3_error *out)
{
	*out = (struct s3_error){ .code = STR("") };
	if (xml_walk(body, error_element, out) == FAIL_NONE && out->code.n > 0)
		return true;
	*out = (struct s3_error){ .code = STR("") };
	return false;
}

/* --- one field ----------------------------------------------------------------------------- */

struct wanted {
	struct str path;
	struct buf *out; /* NULL: it must only be there */
	bool is_found;
};

static bool
wanted_element(void *arg, struct str path, struct str text)
{
	struct wanted *w = arg;

	if (!str_eq(path, w->path))
		return true;
	if (w->is_found)
		return false;
	w->is_found = true;
	if (w->out)
		buf_add(w->out, text);
	return true;
}

static enum fail
find(struct str body, struct wanted *w)
{
	enum fail fail = xml_walk(body, wanted_element, w);

	return fail == FAIL_NONE && !w->is_found ? FAIL_SYNTAX : fail;
}

enum fail
s3_answer_is(struct str body, struct str root)
{
	struct wanted w = { .path = root };

	return find(body, &w);
}

enum fail
s3_answer_upload(struct str body, struct buf *id_out)
{
	struct wanted w = { .path = STR("InitiateMultipartUploadResult/UploadId"), .out = id_out };
	enum fail fail = find(body, &w);

	if (fail == FAIL_NONE && id_out->n == 0)
		return buf_ok(id_out) ? FAIL_SYNTAX : FAIL_LIMIT;
	return fail == FAIL_NONE && !buf_ok(id_out) ? FAIL_LIMIT : fail;
}

/* --- a page of a list ---------------------------------------------------------------------- */

struct listing {
	struct s3_page *page;
	struct s3_object next;
	bool has_size, has_flag;
	enum fail fail;
};

static bool
stop(struct listing *l, enum fail fail)
{
	l->fail = fail;
	return false;
}

static bool
end_object(struct listing *l)
{
	struct s3_page *page = l->page;

	if (l->next.key.p == NULL || !l->has_size)
		return stop(l, FAIL_SYNTAX);
	if (page->count == S3_PAGE_MAX)
		return stop(l, FAIL_LIMIT);
	page->objects[page->count++] = l->next;
	l->next = (struct s3_object){ .size = 0 };
	l->has_size = false;
	return true;
}

static bool
list_element(void *arg, struct str path, struct str text)
{
	struct listing *l = arg;

	if (str_eq(path, STR("ListBucketResult/Contents")))
		return end_object(l);
	if (str_eq(path, STR("ListBucketResult/Contents/Key"))) {
		l->next.key = arena_str(&l->page->arena, text);
		return l->next.key.p != NULL && text.n > 0 ? true : stop(l, FAIL_LIMIT);
	}
	if (str_eq(path, STR("ListBucketResult/Contents/Size"))) {
		l->has_size = str_u64(&text, UINT64_MAX, &l->next.size) && text.n == 0;
		return l->has_size ? true : stop(l, FAIL_SYNTAX);
	}
	if (str_eq(path, STR("ListBucketResult/IsTruncated"))) {
		l->page->has_more = str_eq(text, STR("true"));
		l->has_flag = true;
		return l->page->has_more || str_eq(text, STR("false"));
	}
	return true;
}

/* Only what comes behind the one before it leads to an end. */
static bool
is_sorted(const struct s3_page *page)
{
	for (size_t i = 1; i < page->count; i++)
		if (str_cmp(page->objects[i - 1].key, page->objects[i].key) >= 0)
			return false;
	return true;
}

enum fail
s3_answer_list(struct str body, struct s3_page *out)
{
	struct listing l = { .page = out };
	enum fail fail;

	*out = (struct s3_page){ .count = 0 };
	arena_init(&out->arena, PAGE_ARENA_MAX);
	out->objects = arena_alloc(&out->arena, S3_PAGE_MAX, sizeof *out->objects);
	if (out->objects == NULL)
		return FAIL_LIMIT;
	fail = xml_walk(body, list_element, &l);
	if (l.fail != FAIL_NONE)
		fail = l.fail;
	if (fail == FAIL_NONE &&
	    (!l.has_flag || !is_sorted(out) || (out->has_more && out->count == 0)))
		fail = FAIL_SYNTAX;
	if (fail != FAIL_NONE)
		s3_page_release(out);
	return fail;
}

void
s3_page_release(struct s3_page *page)
{
	arena_release(&page->arena);
	*page = (struct s3_page){ .count = 0 };
}
