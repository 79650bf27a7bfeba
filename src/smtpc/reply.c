#include "smtpc/reply.h"

/* rooms */
#include "codec/utf8.h"
#include "smtpc/smtpc.h"

/* Reply-code = %x32-35 %x30-35 %x30-39. Liberal: any second digit. */
static bool
take_code(struct str *cur, unsigned *out)
{
	unsigned code = 0;

	if (cur->n < 3 || cur->p[0] < '2' || cur->p[0] > '5')
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (!char_is_digit(cur->p[i]))
			return false;
		code = code * 10 + (unsigned)(cur->p[i] - '0');
	}
	*cur = str_from(*cur, 3);
	*out = code;
	return true;
}

/* One code point, "?" for what does not belong into a line of text: controls and malformed bytes. */
static void
add_printable(struct buf *out, struct str *cur)
{
	struct str before = *cur;
	uint32_t c = utf8_take(cur);
	size_t n = before.n - cur->n;
	bool is_malformed = c == UTF8_REPLACEMENT && !str_starts(before, STR("\xef\xbf\xbd"));

	if (is_malformed || utf8_is_control(c)) {
		c = '?';
		n = 1;
	}
	if (out->n + n > SMTPC_ANSWER_MAX)
		*cur = (struct str){ 0 };
	else
		utf8_write(out, c);
}

/* The words of one line behind those of the lines before. */
static void
add_text(struct reply *r, struct str text)
{
	if (r->text.max == 0)
		buf_init(&r->text, SMTPC_ANSWER_MAX);
	text = str_trim(text);
	if (str_empty(text) || r->text.n + 1 >= SMTPC_ANSWER_MAX)
		return;
	if (r->text.n > 0)
		buf_add_char(&r->text, ' ');
	while (!str_empty(text))
		add_printable(&r->text, &text);
}

/* RFC 2034 4: each line of a reply begins with the status; saying it once is enough. */
static struct str
take_status(struct reply *r, struct str text)
{
	struct str rest = text;
	struct status status;

	if (!status_parse(&rest, &status) || status.kind != r->code / 100)
		return text;
	if (r->has_status)
		return rest;
	r->status = status;
	r->has_status = true;
	return text;
}

enum reply_step
reply_line(struct reply *r, struct str line)
{
	unsigned code;
	bool is_last;

	if (!take_code(&line, &code) || (r->lines > 0 && code != r->code) ||
	    r->lines == SMTPC_REPLY_LINES_MAX)
		return REPLY_GARBAGE;
	is_last = !str_skip_char(&line, '-');
	if (is_last && !str_empty(line) && !str_skip_char(&line, ' '))
		return REPLY_GARBAGE;
	r->code = code;
	r->lines++;
	r->line = line;
	add_text(r, take_status(r, line));
	if (!is_last)
		return REPLY_MORE;
	if (!r->has_status)
		r->status = status_of_reply(code, STR(""));
	return REPLY_WHOLE;
}

void
reply_clear(struct reply *r)
{
	buf_release(&r->text);
	*r = (struct reply){ 0 };
}
