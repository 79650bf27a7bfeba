#include "codec/xml.h"

/* base */
#include "base/buf.h"

/* rooms */
#include "codec/utf8.h"

struct xml {
	struct str cur;
	struct buf path, text;
	bool had_root, is_full;
	xml_element_fn *fn;
	void *arg;
};

static bool
is_name_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '_' || c == '-' || c == '.' || c == ':';
}

static bool
is_blank(char c)
{
	return char_is_space(c) || c == '\r' || c == '\n';
}

static void
skip_blanks(struct str *cur)
{
	while (cur->n > 0 && is_blank(cur->p[0]))
		*cur = str_from(*cur, 1);
}

static bool
take_name(struct str *cur, struct str *out)
{
	size_t n = 0;

	while (n < cur->n && is_name_char(cur->p[n]))
		n++;
	return n > 0 && str_take(cur, n, out);
}

/* --- text ---------------------------------------------------------------------------------- */

/*
 * As UTF-8. Liberal: controls, which XML 1.0 2.2 does not allow and XML 1.1 does in this form, because keys of others
 * in the bucket may have them, and servers list them so.
 */
static bool
add_char(struct buf *out, uint64_t c)
{
	if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
		return false;
	utf8_write(out, (uint32_t)c);
	return true;
}

/* "&amp;" "&#10;" "&#x1F600;" behind the '&' */
static bool
take_entity(struct xml *x)
{
	static const struct {
		struct str name;
		char c;
	} named[] = { { STR_INIT("amp;"), '&' }, { STR_INIT("lt;"), '<' }, { STR_INIT("gt;"), '>' },
		{ STR_INIT("quot;"), '"' }, { STR_INIT("apos;"), '\'' } };
	uint64_t c;

	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		if (str_skip(&x->cur, named[i].name)) {
			buf_add_char(&x->text, named[i].c);
			return true;
		}
	}
	if (str_skip(&x->cur, STR("#x"))) {
		if (!str_hex(&x->cur, 0x10ffff, &c))
			return false;
	} else if (!str_skip_char(&x->cur, '#') || !str_u64(&x->cur, 0x10ffff, &c)) {
		return false;
	}
	return str_skip_char(&x->cur, ';') && add_char(&x->text, c);
}

/* Up to the next tag. Outside of the root only blanks may stand. */
static bool
take_text(struct xml *x)
{
	while (x->cur.n > 0 && x->cur.p[0] != '<') {
		if (x->path.n == 0 && !is_blank(x->cur.p[0]))
			return false;
		if (str_skip_char(&x->cur, '&')) {
			if (!take_entity(x))
				return false;
			continue;
		}
		if ((unsigned char)x->cur.p[0] < ' ' && !is_blank(x->cur.p[0]))
			return false;
		if (x->path.n > 0)
			buf_add_char(&x->text, x->cur.p[0]);
		x->cur = str_from(x->cur, 1);
	}
	return true;
}

/* --- tags ---------------------------------------------------------------------------------- */

/* *( S name "=" quoted ) [S] */
static bool
skip_attributes(struct str *cur)
{
	struct str unused;

	for (;;) {
		size_t before = cur->n;
		char quote;

		skip_blanks(cur);
		if (cur->n == 0 || cur->p[0] == '>' || cur->p[0] == '/')
			return true;
		if (cur->n == before || !take_name(cur, &unused))
			return false;
		skip_blanks(cur);
		if (!str_skip_char(cur, '='))
			return false;
		skip_blanks(cur);
		quote = cur->n > 0 ? cur->p[0] : '\0';
		if ((quote != '"' && quote != '\'') || !str_skip_char(cur, quote) ||
		    !str_take_until(cur, quote, &unused) || str_find_char(unused, '<') != STR_NONE)
			return false;
	}
}

/* The last name of the path. */
static struct str
last_name(const struct xml *x)
{
	struct str path = buf_str(&x->path);
	size_t slash = str_rfind_char(path, '/');

	return slash == STR_NONE ? path : str_from(path, slash + 1);
}

static bool
leave(struct xml *x)
{
	size_t up = x->path.n - last_name(x).n;
	bool goes_on;

	x->is_full = !buf_ok(&x->path) || !buf_ok(&x->text);
	goes_on = !x->is_full && x->fn(x->arg, buf_str(&x->path), buf_str(&x->text));

	buf_truncate(&x->path, up > 0 ? up - 1 : 0); /* without the slash */
	buf_clear(&x->text);
	return goes_on;
}

/* Behind "<": "name" attributes (">" / "/>") */
static bool
take_open(struct xml *x)
{
	struct str name;
	bool is_root = x->path.n == 0;

	if (!take_name(&x->cur, &name) || !skip_attributes(&x->cur) || (is_root && x->had_root))
		return false;
	x->had_root = true;
	if (!is_root)
		buf_add_char(&x->path, '/');
	buf_add(&x->path, name);
	buf_clear(&x->text);
	if (!buf_ok(&x->path))
		return false;
	if (str_skip_char(&x->cur, '/') && !leave(x))
		return false;
	return str_skip_char(&x->cur, '>');
}

/* Behind "</": name [S] ">" */
static bool
take_close(struct xml *x)
{
	struct str name;

	if (x->path.n == 0 || !take_name(&x->cur, &name) || !str_eq(name, last_name(x)))
		return false;
	skip_blanks(&x->cur);
	return str_skip_char(&x->cur, '>') && leave(x);
}

static bool
skip_past(struct str *cur, struct str end)
{
	size_t at = str_find(*cur, end);

	if (at == STR_NONE)
		return false;
	*cur = str_from(*cur, at + end.n);
	return true;
}

static bool
take_tag(struct xml *x)
{
	if (str_skip(&x->cur, STR("<?")))
		return skip_past(&x->cur, STR("?>"));
	if (str_skip(&x->cur, STR("<!--")))
		return skip_past(&x->cur, STR("-->"));
	if (str_skip(&x->cur, STR("</")))
		return take_close(x);
	return str_skip_char(&x->cur, '<') && take_open(x);
}

enum fail
xml_walk(struct str document, xml_element_fn *fn, void *arg)
{
	struct xml x = { .cur = document, .fn = fn, .arg = arg };
	enum fail fail;
	bool is_good = true;

	buf_init(&x.path, XML_PATH_MAX);
	buf_init(&x.text, XML_TEXT_MAX);
	if (str_starts(document, STR("\xef\xbb\xbf")))
		x.cur = str_from(document, 3);
	while (is_good && x.cur.n > 0)
		is_good = take_text(&x) && (x.cur.n == 0 || take_tag(&x));
	fail = is_good && x.had_root && x.path.n == 0 ? FAIL_NONE : FAIL_SYNTAX;
	if (x.is_full || !buf_ok(&x.path) || !buf_ok(&x.text))
		fail = FAIL_LIMIT;
	buf_release(&x.path);
	buf_release(&x.text);
	return fail;
}
