#include "envelope/status.h"

/* base */
#include "base/mem.h"

#define PART_MAX 999 /* RFC 3463 2: subject and detail are 1*3DIGIT */

static bool
take_part(struct str *cur, uint16_t *out)
{
	uint32_t n;

	if (!str_u32(cur, PART_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

bool
status_parse(struct str *cur, struct status *out)
{
	struct str rest = *cur;
	struct status status = { 0 };

	if (rest.n == 0 || (rest.p[0] != '2' && rest.p[0] != '4' && rest.p[0] != '5'))
		return false;
	status.kind = (uint8_t)(rest.p[0] - '0');
	rest = str_from(rest, 1);
	if (!str_skip_char(&rest, '.') || !take_part(&rest, &status.subject) ||
	    !str_skip_char(&rest, '.') || !take_part(&rest, &status.detail))
		return false;
	if (rest.n > 0 && rest.p[0] != ' ')
		return false;
	*cur = rest;
	*out = status;
	return true;
}

void
status_write(struct buf *out, struct status status)
{
	buf_add_u64(out, status.kind);
	buf_add_char(out, '.');
	buf_add_u64(out, status.subject);
	buf_add_char(out, '.');
	buf_add_u64(out, status.detail);
}

/* What a bare code means (RFC 5321 4.2.3, in the words of RFC 3463 3). */
static const struct {
	unsigned code;
	struct status status;
} bare[] = {
	{ 421, { 4, 3, 2 } },  /* system not accepting network messages */
	{ 450, { 4, 2, 0 } },  /* mailbox unavailable */
	{ 451, { 4, 3, 0 } },  /* local error */
	{ 452, { 4, 3, 1 } },  /* insufficient storage */
	{ 500, { 5, 5, 2 } },  /* syntax error */
	{ 501, { 5, 5, 4 } },  /* invalid arguments */
	{ 502, { 5, 5, 1 } },  /* invalid command */
	{ 503, { 5, 5, 1 } },  /* invalid command */
	{ 504, { 5, 5, 4 } },  /* invalid arguments */
	{ 521, { 5, 3, 2 } },  /* RFC 7504 3: host does not accept mail */
	{ 550, { 5, 1, 0 } },  /* mailbox unavailable */
	{ 551, { 5, 1, 6 } },  /* user not local: mailbox has moved */
	{ 552, { 5, 2, 2 } },  /* exceeded storage */
	{ 553, { 5, 1, 3 } },  /* mailbox name not allowed */
	{ 555, { 5, 5, 4 } },  /* parameters not known */
	{ 556, { 5, 1, 10 } }, /* RFC 7504 4: domain does not accept mail */
};

struct status
status_of_reply(unsigned code, struct str text)
{
	struct status status;

	if (status_parse(&text, &status) && status.kind == code / 100)
		return status;
	for (size_t i = 0; i < ARRAY_LEN(bare); i++)
		if (bare[i].code == code)
			return bare[i].status;
	return STATUS((uint8_t)(code / 100 % 10), 0, 0);
}
