#include "jmap/blob_id.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

static const char encoding_letters[] = { 'n', 'q', 'b', 'u', 'n' };
static_assert(ARRAY_LEN(encoding_letters) == ENCODING_COUNT, "a letter per encoding");

void
blob_id_write(struct buf *out, const struct blob_id *id)
{
	id_write(out, id->kind, id->id);
	if (!id->is_part)
		return;
	buf_add_char(out, '_');
	buf_add_u64(out, id->range.start);
	buf_add_char(out, '_');
	buf_add_u64(out, id->range.n);
	buf_add_char(out, '_');
	buf_add_char(out, encoding_letters[id->encoding]);
}

/* "_" decimal without needless zeros, so that one blob has one id */
static bool
take_number(struct str *cur, uint64_t *out)
{
	struct str at = *cur;

	if (!str_skip_char(&at, '_') || (at.n > 1 && at.p[0] == '0' && char_is_digit(at.p[1])) ||
	    !str_u64(&at, INT64_MAX, out))
		return false;
	*cur = at;
	return true;
}

bool
blob_id_parse(struct str text, struct blob_id *out)
{
	size_t at = str_find_char(text, '_');
	struct str rest = str_from(text, at);
	struct blob_id id = { .kind = ID_BLOB };

	text = str_head(text, at);
	if (!id_parse(text, ID_BLOB, &id.id)) {
		id.kind = ID_UPLOAD;
		if (!id_parse(text, ID_UPLOAD, &id.id))
			return false;
	}
	if (!str_empty(rest)) {
		id.is_part = true;
		if (!take_number(&rest, &id.range.start) || !take_number(&rest, &id.range.n) ||
		    rest.n != 2 || rest.p[0] != '_')
			return false;
		for (at = 0; at < ENCODING_UNKNOWN && encoding_letters[at] != rest.p[1]; at++)
			continue;
		if (at == ENCODING_UNKNOWN)
			return false;
		id.encoding = (enum encoding)at;
	}
	*out = id;
	return true;
}

struct blob_id
blob_id_of_part(uint64_t email, const struct part *p)
{
	return (struct blob_id){
		.kind = ID_BLOB,
		.id = email,
		.is_part = true,
		.range = p->body,
		.encoding = p->encoding,
	};
}
