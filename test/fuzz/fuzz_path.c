/* Paths, parameters, xtext, status codes and hello names: cursors move on success only and stay inside. */
#include "envelope/path.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "envelope/status.h"
#include "envelope/xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
paths(struct str in)
{
	struct str cur = in, name, value;
	struct path path;
	size_t left;

	if (path_parse(&cur, &path) != FAIL_NONE) {
		invariant(cur.p == in.p && cur.n == in.n);
		return;
	}
	invariant(cur.n < in.n && cur.p + cur.n == in.p + in.n);
	invariant(path.local.n + path.domain.n <= path.address.n);
	invariant(utf8_is_valid(path.address));
	invariant(path.is_utf8 == !utf8_is_ascii(path.address));
	invariant(str_find_char(path.address, '\r') == STR_NONE);
	invariant(str_find_char(path.address, '\n') == STR_NONE);
	for (left = cur.n; path_param_next(&cur, &name, &value); left = cur.n)
		invariant(cur.n < left && name.n + value.n <= left);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_of(data, size);
	struct str cur = in;
	struct status status;
	struct buf out;

	paths(in);
	buf_init(&out, 100);
	if (xtext_parse(&out, in) == FAIL_NONE)
		invariant(out.n <= in.n);
	else
		invariant(out.n == 0);
	if (status_parse(&cur, &status))
		invariant(cur.n < in.n && status.kind <= 5 && status.detail <= 999);
	buf_release(&out);
	if (path_is_hello_name(in))
		invariant(in.n > 0 && utf8_is_ascii(in) && str_find_char(in, ' ') == STR_NONE);
	return 0;
}
