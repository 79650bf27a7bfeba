#include "message/text.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define NEEDLE_MAX (64 * 1024) /* bytes of a mapped needle */
#define WINDOW_MAX (32 * MESSAGE_HEADER_MAX)

/*
 * Everything is compared in the form of i;unicode-casemap. A body comes in pieces; the end of each is
 * kept before the next one, one byte less than the needle is long, so that nothing is missed between
 * them. Characters are never cut, body_read() gives whole ones.
 */
struct finder {
	struct buf needle; /* mapped */
	struct buf window; /* mapped */
};

struct text_finder {
	struct text_walk walk;
	struct finder finder;
	bool is_possible; /* the needle is none that is too long */
};

/* Bodies come with LF for CRLF (BODY_TEXT), so the needle's lines end alike. */
static bool
finder_init(struct finder *f, struct str needle)
{
	size_t end;

	buf_init(&f->needle, NEEDLE_MAX);
	buf_init(&f->window, WINDOW_MAX);
	if (needle.n > NEEDLE_MAX)
		return false;
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

struct str
text_folded(struct str text, struct arena *a)
{
	struct str folded;
	struct buf out;

	buf_init(&out, WINDOW_MAX);
	utf8_casemap(&out, text);
	folded = arena_str(a, buf_str(&out));
	buf_release(&out);
	return folded;
}

struct text_finder *
text_finder_new(const struct message *m, struct str needle, enum text_where where, struct str name)
{
	struct text_finder *f = mem_new(1, sizeof *f);

	text_walk_init(&f->walk, m, where, name);
	f->is_possible = finder_init(&f->finder, needle);
	return f;
}

void
text_finder_free(struct text_finder **f)
{
	if (*f == NULL)
		return;
	finder_release(&(*f)->finder);
	text_walk_release(&(*f)->walk);
	mem_free(*f);
	*f = NULL;
}

bool
text_finder_step(struct text_finder *f, bool *is_found_out)
{
	struct str text;

	*is_found_out = false;
	for (size_t bytes = 0; bytes < BODY_PIECE_BYTES; bytes += f->walk.bytes) {
		if (!f->is_possible || !text_walk_next(&f->walk, &text))
			return true;
		if (!f->walk.is_pause)
			*is_found_out =
			    f->walk.goes_on ? look(&f->finder, text) : look_once(&f->finder, text);
		if (*is_found_out)
			return true;
	}
	return false;
}

bool
message_contains(const struct message *m, struct str needle, enum text_where where, struct str name)
{
	struct text_finder *f = text_finder_new(m, needle, where, name);
	bool is_found;

	while (!text_finder_step(f, &is_found))
		;
	text_finder_free(&f);
	return is_found;
}
