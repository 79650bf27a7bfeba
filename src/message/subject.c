#include "message/subject.h"

/* rooms */
#include "codec/utf8.h"
#include "message/header.h"

#define SUBJECT_BYTES 1000 /* what counts of a subject: "[a][a].." takes time squared */

/* --- Message-IDs --------------------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
has_blank(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_blank(s.p[i]))
			return true;
	return false;
}

/* Without brackets: the first word that looks like one, and nothing more. */
static bool
take_bare(struct str *cur, struct str *out)
{
	while (cur->n > 0) {
		size_t n = 0;

		while (n < cur->n && !is_blank(cur->p[n]) && cur->p[n] != ',')
			n++;
		*out = str_head(*cur, n);
		*cur = str_from(*cur, n < cur->n ? n + 1 : n);
		if (str_find_char(*out, '@') != STR_NONE) {
			*cur = str_from(*cur, cur->n);
			return true;
		}
	}
	return false;
}

/*
 * msg-id = "<" id-left "@" id-right ">" (RFC 5322 3.6.4). Liberal: no '@' is needed between brackets;
 * a blank ends what was opened without an end.
 */
bool
message_id_next(struct str *cur, struct str *out)
{
	size_t start = str_find_char(*cur, '<');

	if (start == STR_NONE) {
		if (cur->n == 0 || str_find_char(*cur, '>') != STR_NONE)
			return false;
		return take_bare(cur, out);
	}
	while (start != STR_NONE) {
		struct str rest = str_from(*cur, start + 1);
		size_t end = str_find_char(rest, '>'), again;

		if (end == STR_NONE)
			break;
		*out = str_head(rest, end);
		again = str_rfind_char(*out, '<');
		*out = str_trim(again == STR_NONE ? *out : str_from(*out, again + 1));
		*cur = str_from(rest, end + 1);
		start = str_find_char(*cur, '<');
		if (out->n > 0 && !has_blank(*out)) {
			if (start == STR_NONE)
				*cur = str_from(*cur, cur->n);
			return true;
		}
	}
	*cur = str_from(*cur, cur->n);
	return false;
}

struct str
message_id_plain(struct str id, struct arena *a)
{
	size_t n = 0;
	char *p;

	if (str_find_char(id, '"') == STR_NONE)
		return id;
	p = arena_alloc(a, id.n, 1);
	if (!p)
		return id;
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] == '"')
			continue;
		if (id.p[i] == '\\' && i + 1 < id.n)
			i++;
		p[n++] = id.p[i];
	}
	return str_of(p, n);
}

/* --- base subject (RFC 5256 2.1) ----------------------------------------------------------- */

static struct str
trim_blanks(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = str_from(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP */
static bool
skip_blob(struct str *cur)
{
	size_t i = 1;

	if (cur->n == 0 || cur->p[0] != '[')
		return false;
	while (i < cur->n && cur->p[i] != '[' && cur->p[i] != ']')
		i++;
	if (i == cur->n || cur->p[i] != ']')
		return false;
	for (i++; i < cur->n && is_blank(cur->p[i]); i++)
		continue;
	*cur = str_from(*cur, i);
	return true;
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool
skip_refwd(struct str *cur)
{
	struct str s = *cur;

	if (!str_skip_nocase(&s, STR("re")) && !str_skip_nocase(&s, STR("fwd")) &&
	    !str_skip_nocase(&s, STR("fw")))
		return false;
	while (s.n > 0 && is_blank(s.p[0]))
		s = str_from(s, 1);
	skip_blob(&s);
	if (!str_skip_char(&s, ':'))
		return false;
	*cur = s;
	return true;
}

/* subj-leader = (*subj-blob subj-refwd) / WSP */
static bool
skip_leader(struct str *cur, bool *is_reply)
{
	struct str s = *cur;

	if (s.n > 0 && is_blank(s.p[0])) {
		*cur = str_from(s, 1);
		return true;
	}
	while (skip_blob(&s))
		continue;
	if (!skip_refwd(&s))
		return false;
	*is_reply = true;
	*cur = s;
	return true;
}

/* Steps 2 to 5 of RFC 5256 2.1. */
static struct str
strip(struct str s, bool *is_reply)
{
	struct str after, previous;

	for (;;) {
		s = trim_blanks(s);
		if (str_ends_nocase(s, STR("(fwd)"))) {
			*is_reply = true;
			s.n -= 5;
			continue;
		}
		previous = s;
		if (skip_leader(&s, is_reply))
			continue;
		after = s;
		if (skip_blob(&after) && after.n > 0)
			s = after;
		if (s.n == previous.n)
			return s;
	}
}

struct str
subject_base(struct str raw, struct arena *a, bool *is_reply_out)
{
	struct str s = raw.p ? header_text(raw, a) : STR(""), out;
	bool is_reply = false;
	size_t n = 0;
	char *p;

	s = utf8_cut(s, SUBJECT_BYTES);
	for (;;) {
		s = strip(s, &is_reply);
		/* Step 6: subj-fwd = "[fwd:" subject "]" */
		if (!str_starts_nocase(s, STR("[fwd:")) || !str_ends(s, STR("]")))
			break;
		is_reply = true;
		s = str_slice(s, 5, s.n - 6);
	}
	if (is_reply_out)
		*is_reply_out = is_reply;
	p = arena_alloc(a, s.n + 1, 1);
	if (p == NULL)
		return s;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_blank(s.p[i]))
			p[n++] = s.p[i];
		else if (n > 0 && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	out = str_of(p, n);
	return out;
}
