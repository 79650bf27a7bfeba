/* Automatic answers to hostile messages: always one whole message, with a header that nothing was put into. */
#include "message/answer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "message/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The names of our own fields, and no other. */
static bool
is_ours(struct str name)
{
	static const struct str names[] = { STR_INIT("From"), STR_INIT("To"), STR_INIT("Subject"),
		STR_INIT("Date"), STR_INIT("Message-ID"), STR_INIT("In-Reply-To"),
		STR_INIT("References"), STR_INIT("Auto-Submitted"), STR_INIT("MIME-Version"),
		STR_INIT("Content-Type"), STR_INIT("Content-Transfer-Encoding") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static void
check(struct str text)
{
	struct str cur = text;
	struct header field;

	while (header_next(&cur, &field))
		if (!is_ours(field.name))
			abort();
	if (header_size(text) == 0 || !str_starts(cur, STR("\r\n")))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str own = STR_INIT("ann@example.org");
	struct answer answer = { .head = str_of((const char *)data, size),
		.from = own,
		.to = STR("bob@example.org"),
		.random = STR("0123456789abcdef"),
		.hostname = STR("mx.example.org") };
	struct arena arena;
	struct buf out;

	arena_init(&arena, 1 << 20);
	buf_init(&out, 1 << 20);
	(void)answer_is_wanted(answer.head, &own, 1, &arena);
	(void)answer_is_robot(str_head(answer.head, 300));
	if (answer_write(&out, &answer, &arena) == FAIL_NONE)
		check(buf_str(&out));
	else if (buf_str(&out).n > 0)
		abort();
	arena_release(&arena);
	buf_release(&out);
	return 0;
}
