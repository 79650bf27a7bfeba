#include "message/text.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/utf8.h"
#include "message/header.h"

#define NEEDLE_MAX (64 * 1024)   /* bytes of a mapped needle */
#define TEXT_MAX   (1024 * 1024) /* bytes of one mapped piece */
#define VALUE_MAX  (32 * MESSAGE_HEADER_MAX)

/*
 * Everything is compared in the form of i;unicode-casemap. A body comes in pieces; the end of each is
 * kept before the next one, one byte less than the needle is long, so that nothing is missed between
 * them. Characters are never cut, body_read() gives whole ones.
 */
struct finder {
	struct buf needle; /* mapped */
	struct buf window; /* mapped */
};

/* Bodies come with LF for CRLF (BODY_TEXT), so the needle's lines end alike. */
static bool
finder_init(struct finder *f, struct str needle)
{
	size_t end;

	buf_init(&f->needle, NEEDLE_MAX);
	buf_init(&f->window, VALUE_MAX);
	while ((end = str_find(needle, STR("\r\n"))) != STR_NONE) {
		utf8_casemap(&f->needle, str_head(needle, end));
		buf_add_char(&f->needle, '\n');
		needle = str_from(needle, end + 2);
	}
	utf8_casemap(&f->needle, needle);
	return buf_ok(&f->needle);
}

static void
finder_release(struct finder *f)
{
	buf_release(&f->needle);
	buf_release(&f->window);
}

/* Is the needle in what was kept and this text? */
static bool
look(struct finder *f, struct str text)
{
	size_t keep = f->needle.n > 0 ? f->needle.n - 1 : 0;

	if (f->window.n > keep)
		buf_consume(&f->window, f->window.n - keep);
	utf8_casemap(&f->window, text);
	return str_find(buf_str(&f->window), buf_str(&f->needle)) != STR_NONE;
}

static bool
look_once(struct finder *f, struct str text)
{
	buf_clear(&f->window);
	return look(f, text);
}

bool
text_contains(struct str text, struct str needle)
{
	struct finder f;
	bool is_found = finder_init(&f, needle) && look_once(&f, text);

	finder_release(&f);
	return is_found;
}

/* Fields of this block: those called `name`, or all of them with their names when it is empty. */
static bool
in_header(struct finder *f, struct str block, struct str name)
{
	struct header h;
	struct buf text;
	bool is_found = false;

	buf_init(&text, VALUE_MAX);
	while (!is_found && header_next(&block, &h)) {
		if (name.n > 0 && !str_eq_nocase(h.name, name))
			continue;
		buf_clear(&text);
		if (name.n == 0) {
			buf_add(&text, h.name);
			buf_add_c(&text, ": ");
		}
		header_text_write(&text, h.value);
		is_found = look_once(f, buf_str(&text));
	}
	buf_release(&text);
	return is_found;
}

static bool
in_body(struct finder *f, const struct message *m, const struct part *p)
{
	struct body_reader *r = body_reader_new(m, p, BODY_TEXT);
	struct buf text;
	bool is_found = false;

	buf_init(&text, TEXT_MAX);
	buf_clear(&f->window);
	while (!is_found && body_read(r, &text)) {
		is_found = look(f, buf_str(&text));
		buf_clear(&text);
	}
	buf_release(&text);
	body_reader_free(&r);
	return is_found;
}

static bool
is_searched(const struct part *p)
{
	return p->kind == PART_LEAF &&
	    (part_is(p, STR("text"), STR("")) || part_is(p, STR("message"), STR("")));
}

bool
message_contains(const struct message *m, struct str needle, enum text_where where, struct str name)
{
	struct finder f;
	bool is_found = false;

	if (!finder_init(&f, needle)) {
		finder_release(&f);
		return false;
	}
	if (where != TEXT_BODY)
		is_found =
		    in_header(&f, part_header(m, &m->root), where == TEXT_HEADER ? name : STR(""));
	for (const struct part *p = &m->root; p && !is_found && where != TEXT_HEADER;
	     p = part_next(p)) {
		/* Headers of parts belong to the body of the message, file names for example. */
		if (p->parent && (p->kind != PART_MULTIPART || p->fields))
			is_found = in_header(&f, part_header(m, p), STR(""));
		if (!is_found && is_searched(p))
			is_found = in_body(&f, m, p);
	}
	finder_release(&f);
	return is_found;
}
