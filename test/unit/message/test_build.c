/* Looking at the parts of a message that is made takes as many steps as they are long (what comes out: jmap/test_email_make.c). */
#include "message/build.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define LONG ((size_t)2 * 1024 * 1024)

static void
test_steps(void)
{
	char *bytes = mem_new(LONG, 1);
	struct build_part text = { .kind = BUILD_TEXT,
		.type = STR("text/plain"),
		.bytes = STR("a") };
	struct build_part file = { .kind = BUILD_BYTES, .type = STR("application/x") };
	struct build_part attached = { .kind = BUILD_MESSAGE, .type = STR("message/rfc822") };
	struct build_part root = { .kind = BUILD_MULTIPART,
		.type = STR("multipart/mixed"),
		.child = &text };
	struct build build;
	struct buf out;
	unsigned steps = 0;

	for (size_t i = 0; i < LONG; i++)
		bytes[i] = i % 64 == 63 ? '\n' : i % 64 == 62 ? '\r' : 'x';
	bytes[LONG - 3] = '\xff';
	file.bytes = attached.bytes = str_of(bytes, LONG);
	text.next = &file;
	file.next = &attached;
	buf_init(&out, 8 * LONG);
	build_init(&build, &root, STR("0123456789abcdef"));
	while (build_next(&build, &out) && out.n == 0)
		steps++;
	TEST_ROW(
	    "steps before the first byte: the text, the file that nobody looks at, the message");
	CHECK(steps >= 2 + LONG / (256 * 1024));
	CHECK(steps <= 100);
	while (build_next(&build, &out))
		continue;
	TEST_ROW("what was found there");
	CHECK(buf_ok(&out) && !build.fail);
	CHECK_NUM(root.is_8bit, true);
	CHECK_NUM(text.code, BUILD_7BIT);
	CHECK_NUM(file.code, BUILD_BASE64);
	CHECK_NUM(attached.code, BUILD_8BIT);
	build_release(&build);
	buf_release(&out);
	mem_free(bytes);
}

int
main(void)
{
	test_steps();
	return test_end();
}
