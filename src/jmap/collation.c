#include "jmap/collation.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"

#define FOLDED_MAX (16 * COLLATION_TEXT_MAX) /* folding makes some characters longer */
#define NO_NUMBER  '\xff'                    /* behind every length */

const struct str collation_names[COLLATION_COUNT] = { STR_INIT("i;ascii-casemap"),
	STR_INIT("i;ascii-numeric"), STR_INIT("i;unicode-casemap") };

bool
collation_read(struct jmap_call *c, const struct json *comparator, enum collation *out)
{
	const struct json *v = jmap_arg(comparator, STR("collation"));
	struct str text;

	*out = COLLATION_UNICODE;
	if (!v)
		return true;
	for (unsigned i = 0; json_get_text(v, &text) && i < COLLATION_COUNT; i++) {
		if (!str_eq(collation_names[i], text))
			continue;
		*out = (enum collation)i;
		return true;
	}
	jmap_fail(c, "unsupportedSort", "There is no such collation.");
	return false;
}

/* RFC 4790 9.1: of two numbers without zeros in front the longer one is the larger. */
static void
add_number(struct buf *out, struct str text)
{
	size_t n = 0;

	while (n < text.n && char_is_digit(text.p[n]))
		n++;
	if (n == 0) {
		buf_add_char(out, NO_NUMBER);
		return;
	}
	text = str_head(text, n);
	while (text.n > 1 && text.p[0] == '0')
		text = str_from(text, 1);
	buf_add_char(out, (char)(text.n - 1)); /* below NO_NUMBER: COLLATION_TEXT_MAX */
	buf_add(out, text);
}

enum fail
collation_key(enum collation by, struct str text, struct arena *a, struct str *out)
{
	struct buf key;

	buf_init(&key, FOLDED_MAX);
	text = utf8_cut(text, COLLATION_TEXT_MAX);
	switch (by) {
	case COLLATION_ASCII:
		for (size_t i = 0; i < text.n; i++)
			buf_add_char(&key, char_lower(text.p[i]));
		break;
	case COLLATION_NUMERIC: add_number(&key, text); break;
	case COLLATION_UNICODE: utf8_casemap(&key, text); break;
	case COLLATION_COUNT: break;
	}
	*out = arena_str(a, buf_str(&key));
	buf_release(&key);
	return out->p ? FAIL_NONE : FAIL_LIMIT;
}
