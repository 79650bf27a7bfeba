/*
 * Email objects into messages: what is made is a message of the parts that were asked for, with their content, and
 * nothing of it is too long for a line.
 */
#include "jmap/email_make.h"

/* base */
#include "base/mem.h"

#define ARENA_BYTES (32 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every id is a blob that holds its own id; "q.." are quoted-printable, "x.." are not there. */
static enum fail
find(void *arg, struct str id, bool is_message, struct email_content *out)
{
	(void)arg;
	if (str_starts(id, STR("x")))
		return FAIL_MISSING;
	*out = (struct email_content){ .bytes = id };
	if (!is_message && str_starts(id, STR("q")))
		out->encoding = ENCODING_QUOTED_PRINTABLE;
	return FAIL_NONE;
}

/* Line ends of all kinds are LF. */
static void
add_plain(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' || i + 1 == s.n || s.p[i + 1] != '\n')
			buf_add_char(out, s.p[i]);
}

static void
check_leaf(const struct build_part *want, const struct message *m, const struct part *got)
{
	struct body_reader *r;
	struct buf body, a, b;

	invariant(got->kind == (want->kind == BUILD_MESSAGE ? PART_MESSAGE : PART_LEAF));
	if (want->kind == BUILD_MESSAGE || want->encoding != ENCODING_7BIT)
		return;
	buf_init(&body, SIZE_MAX);
	buf_init(&a, SIZE_MAX);
	buf_init(&b, SIZE_MAX);
	r = body_reader_new(m, got, BODY_BYTES);
	while (body_read(r, &body))
		continue;
	body_reader_free(&r);
	if (want->kind == BUILD_BYTES)
		invariant(str_eq(buf_str(&body), want->bytes));
	add_plain(&a, buf_str(&body));
	add_plain(&b, want->bytes);
	invariant(str_eq(buf_str(&a), buf_str(&b)));
	buf_release(&body);
	buf_release(&a);
	buf_release(&b);
}

/* As deep as the tree, which is bounded. */
static void
check_part(const struct build_part *want, const struct message *m, const struct part *got)
{
	const struct part *child = got->child;

	if (want->kind != BUILD_MULTIPART) {
		check_leaf(want, m, got);
		return;
	}
	invariant(got->kind == PART_MULTIPART);
	for (const struct build_part *p = want->child; p; p = p->next) {
		invariant(child);
		check_part(p, m, child);
		child = child->next;
	}
	invariant(!child);
}

static void
check_lines(struct str text)
{
	struct str line;

	while (str_next_part(&text, '\n', &line))
		invariant(line.n <= 999 && (!text.p || str_ends(line, STR("\r"))));
}

static void
build_and_check(struct build_part *root, struct str random)
{
	struct message m;
	struct build b;
	struct buf out;
	struct arena a;

	buf_init(&out, SIZE_MAX);
	arena_init(&a, ARENA_BYTES);
	build_init(&b, root, random);
	while (build_next(&b, &out))
		continue;
	if (b.fail == FAIL_NONE) {
		message_parse(&m, buf_str(&out), &a);
		check_part(root, &m, &m.root);
		check_lines(buf_str(&out));
	}
	build_release(&b);
	arena_release(&a);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jmap_set_error e = { 0 };
	const struct json *object;
	struct build_part *root;
	uint64_t random[2] = { 0xcbf29ce484222325u, 0x9e3779b97f4a7c15u };
	struct arena a;
	struct email_maker m = { .a = &a,
		.now_s = 1414649520,
		.random = str_of(random, sizeof(random)),
		.host = STR("example.test"),
		.find = find };

	for (size_t i = 0; i < size; i++) /* nothing that the input could have in it */
		random[i & 1] = (random[i & 1] ^ data[i]) * 0x100000001b3u + random[~i & 1];
	arena_init(&a, ARENA_BYTES);
	if (json_parse(str_of(data, size), &a, &object) == FAIL_NONE &&
	    object->type == JSON_OBJECT) {
		if (email_make(&m, object, &root, &e) == SET_OK)
			build_and_check(root, m.random);
		else
			invariant(e.type);
	}
	arena_release(&a);
	return 0;
}
