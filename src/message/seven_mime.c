/* The fields that say what a part is (seven.h), written anew from what the parser took them for. */
#include "message/seven_inner.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/utf8.h"
#include "message/compose.h"
#include "message/mime.h"
#include "message/quoted_string.h"

#define TOKEN_MAX 100 /* bytes of a media type, a disposition, an encoding or a parameter's name */
#define PLAIN_MAX 400 /* bytes of a parameter in one piece: a line has room for all of it escaped */
#define TEXT_MAX \
	4000 /* bytes of a parameter that stay: RFC 2231 pieces as far as mime.h reads them */

/* --- Content-Type and Content-Disposition --------------------------------------------------------- */

/*
 * A token in which nothing is bad. What a token may hold becomes '_' and what ends one '?', so that
 * media_type_parse() sees tokens begin and end where it did.
 */
static void
add_token(struct buf *out, struct str token)
{
	token = str_head(token, TOKEN_MAX);
	for (size_t i = 0; i < token.n; i++) {
		unsigned char c = (unsigned char)token.p[i];

		buf_add_char(out, c > 127 ? '_' : c < 32 ? '?' : (char)c);
	}
}

static void
add_quoted(struct buf *out, struct str name, struct str value)
{
	buf_add_c(out, "; ");
	add_token(out, name);
	buf_add_char(out, '=');
	quoted_string_write(out, value);
}

/* As RFC 2231 has it, under a name that it takes, without line ends. */
static void
add_extended(struct buf *out, struct str name, struct str text)
{
	char safe[TOKEN_MAX], value[TEXT_MAX];

	name = str_head(name, sizeof safe);
	text = utf8_cut(text, sizeof value);
	for (size_t i = 0; i < text.n; i++)
		value[i] =
		    text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '\0' ? '_' : text.p[i];
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_fine = char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '.';

		safe[i] = is_fine ? c : '_';
	}
	if (param_write(out, str_of(safe, name.n), str_of(value, text.n)) != FAIL_NONE)
		out->overflow = true;
}

static bool
has_extended(const struct param *params, uint32_t count, struct str name)
{
	for (uint32_t i = 0; i < count; i++)
		if (params[i].name.n == name.n + 1 && str_starts(params[i].name, name) &&
		    params[i].name.p[name.n] == '*')
			return true;
	return false;
}

static bool
is_repeated(const struct param *params, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (str_eq(params[i].name, params[at].name))
			return true;
	return false;
}

/* One parameter; the first of each name counts, and the extended one before the plain one (mime.h). */
static void
add_param(struct seven_inner *s, struct buf *out, const struct param *params, uint32_t count,
    uint32_t at)
{
	struct str name = params[at].name, value = params[at].value;
	bool is_extended = str_ends(name, STR("*"));

	if (is_repeated(params, at))
		return;
	if (!is_extended && !seven_is_bad(s, value) && value.n <= PLAIN_MAX) {
		add_quoted(out, name, value);
	} else if (is_extended) {
		name.n--;
		add_extended(out, name, param_text(params, count, name, &s->scratch));
	} else if (!has_extended(params, count, name)) {
		add_extended(out, name, header_text(value, &s->scratch));
	}
}

static bool
is_boundary(struct str name)
{
	return str_eq(name, STR("boundary")) || str_eq(name, STR("boundary*"));
}

/* The boundary as the parser took it, or one of ours; first, because readers want it there. */
static void
add_boundary(struct seven_inner *s, struct buf *out, const struct param *params, uint32_t count)
{
	const struct seven_plan *plan = s->header.plan;
	struct str boundary = param_raw(params, count, STR("boundary"));
	struct buf ours;

	if (boundary.p == NULL)
		return;
	if (!plan->is_moved && !seven_is_bad(s, boundary) && boundary.n <= SEVEN_BOUNDARY_MAX) {
		add_quoted(out, STR("boundary"), boundary);
		return;
	}
	buf_init(&ours, TOKEN_MAX);
	seven_boundary_write(s, plan->part, &ours);
	add_quoted(out, STR("boundary"), buf_str(&ours));
	buf_release(&ours);
}

enum fail
seven_params_write(struct seven_inner *s, const struct header *h, bool is_type)
{
	struct str value, type, subtype;
	struct param *params;
	struct buf out;
	uint32_t count;
	enum fail fail;

	buf_init(&out, 8 * MESSAGE_HEADER_MAX);
	params_parse(h->value, &s->scratch, &value, &params, &count);
	if (is_type && media_type_parse(value, &s->scratch, &type, &subtype)) {
		add_token(&out, type);
		buf_add_char(&out, '/');
		add_token(&out, subtype);
	} else {
		add_token(&out, value);
	}
	if (is_type)
		add_boundary(s, &out, params, count);
	for (uint32_t i = 0; i < count; i++)
		if (!is_type || !is_boundary(params[i].name))
			add_param(s, &out, params, count, i);
	fail = buf_ok(&out) ? header_write_raw(&s->held, h->name, buf_str(&out)) : FAIL_LIMIT;
	buf_release(&out);
	return fail;
}

void
seven_boundary_write(const struct seven_inner *s, const struct part *p, struct buf *out)
{
	buf_add_c(out, "=_seven.");
	buf_add_u64(out, s->fresh);
	buf_add_char(out, '.');
	buf_add_u64(out, p->index);
}

/* --- Content-Transfer-Encoding -------------------------------------------------------------------- */

enum fail
seven_encoding_write(struct seven_inner *s, const struct header *h)
{
	struct buf value;
	enum fail fail;

	buf_init(&value, TOKEN_MAX);
	add_token(&value, s->header.plan->part->encoding_text);
	fail = header_write_raw(&s->held, h->name, buf_str(&value));
	buf_release(&value);
	return fail;
}
