/* Replies of hosts, line after line: what is kept of them is harmless. */

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "smtpc/reply.h"
#include "smtpc/sort.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(struct str text)
{
	invariant(text.n <= SMTPC_ANSWER_MAX && utf8_is_valid(text));
	for (size_t i = 0; i < text.n; i++)
		invariant((unsigned char)text.p[i] >= ' ' && text.p[i] != 0x7f);
}

static void
check_reply(const struct reply *r)
{
	invariant(r->code >= 200 && r->code <= 599);
	invariant(r->status.kind == r->code / 100);
	for (int stage = 0; stage < SMTPC_STAGE_COUNT; stage++) {
		for (int others = 0; others < 2; others++) {
			struct sorted s = smtpc_sort((enum smtpc_stage)stage, r, others);

			invariant((s.fail == FAIL_NONE) == (r->code < 400));
			invariant(s.fail != FAIL_TEMP || s.status.kind == 4);
			invariant(s.fail != FAIL_PERM || s.status.kind == 5);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size), line;
	struct reply r = { 0 };

	while (str_next_part(&rest, '\n', &line)) {
		enum reply_step step = reply_line(&r, line);

		check_text(buf_str(&r.text));
		if (step == REPLY_WHOLE)
			check_reply(&r);
		if (step != REPLY_MORE)
			reply_clear(&r);
	}
	reply_clear(&r);
	return 0;
}
