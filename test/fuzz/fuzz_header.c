/* Header blocks, encoded words, parameters, subjects, Message-IDs and URLs on arbitrary bytes. */
#include "message/header.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/mime.h"
#include "message/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What JMAP makes of a value (RFC 8621 4.1.2). */
static void
check_forms(struct str raw, struct arena *a)
{
	struct str strict = header_text_strict(raw, a), plain = header_uncomment(raw, a), url;

	invariant(utf8_is_valid(strict) && str_find_char(strict, '\0') == STR_NONE);
	invariant(plain.n <= raw.n);
	while (header_next_url(&plain, a, &url))
		invariant(url.n > 0 && str_find_char(url, ' ') == STR_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str block = str_of(data, size), cur = block, id, value;
	struct param *params;
	struct header h;
	struct arena a;
	uint32_t count;
	struct buf b;

	arena_init(&a, 16 << 20);
	buf_init(&b, 16 << 20);
	while (header_next(&cur, &h)) {
		invariant(h.name.n > 0 && h.whole.n >= h.name.n + 1 + h.value.n);
		invariant(utf8_is_valid(header_text(h.value, &a)));
		check_forms(h.value, &a);
		params_parse(h.value, &a, &value, &params, &count);
		invariant(count <= PARAMS_MAX);
		param_text(params, count, STR("filename"), &a);
		subject_base(h.value, &a, NULL);
		while (message_id_next(&h.value, &id))
			invariant(id.n > 0 && message_id_plain(id, &a).n <= id.n);
	}
	invariant(header_size(block) <= size);
	header_subset_write(&b, block, &STR("subject"), 1, true);
	invariant(utf8_is_valid(header_text(block, &a)));
	check_forms(block, &a);
	buf_release(&b);
	arena_release(&a);
	return 0;
}
