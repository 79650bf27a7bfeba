#include "mail/id.h"

/* base */
#include "base/mem.h"

struct id_text
id_text(enum id_kind kind, uint64_t id)
{
	struct id_text t = { .n = 0 };
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + id % 10);
		id /= 10;
	} while (id);
	t.p[t.n++] = (char)kind;
	while (n)
		t.p[t.n++] = digits[--n];
	return t;
}

void
id_write(struct buf *out, enum id_kind kind, uint64_t id)
{
	struct id_text t = id_text(kind, id);

	buf_add(out, id_str(&t));
}

bool
id_parse(struct str text, enum id_kind kind, uint64_t *out)
{
	uint64_t n;

	if (!str_skip_char(&text, (char)kind))
		return false;
	if (text.n > 1 && text.p[0] == '0')
		return false;
	if (!str_u64(&text, UINT64_MAX, &n) || text.n != 0)
		return false;
	if (n == 0 && kind != ID_STATE)
		return false;
	*out = n;
	return true;
}
