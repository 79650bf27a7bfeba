#include "jmap/blob_id.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

static const char encoding_letters[] = { 'n', 'q', 'b', 'u', 'n' };
static_assert(ARRAY_LEN(encoding_letters) == ENCODING_COUNT, "a letter per encoding");

static void
write_layer(struct buf *out, struct range range, enum encoding encoding)
{
	buf_add_char(out, '_');
	buf_add_u64(out, range.start);
	buf_add_char(out, '_');
	buf_add_u64(out, range.n);
	buf_add_char(out, '_');
	buf_add_char(out, encoding_letters[encoding]);
}

void
blob_id_write(struct buf *out, const struct blob_id *id)
{
	id_write(out, id->kind, id->id);
	for (unsigned i = 0; i < id->layer_count; i++)
		write_layer(out, id->layers[i].range, id->layers[i].encoding);
	if (id->is_part)
		write_layer(out, id->range, id->encoding);
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

/* "_" start "_" length "_" letter */
static bool
take_layer(struct str *cur, struct blob_layer *out)
{
	size_t at = 0;

	if (!take_number(cur, &out->range.start) || !take_number(cur, &out->range.n) ||
	    !str_skip_char(cur, '_') || str_empty(*cur))
		return false;
	while (at < ENCODING_UNKNOWN && encoding_letters[at] != cur->p[0])
		at++;
	*cur = str_from(*cur, 1);
	out->encoding = (enum encoding)at;
	return at < ENCODING_UNKNOWN;
}

bool
blob_id_parse(struct str text, struct blob_id *out)
{
	size_t at = str_find_char(text, '_');
	struct str rest = str_from(text, at);
	struct blob_id id = { .kind = ID_BLOB };
	struct blob_layer layer;

	text = str_head(text, at);
	if (!id_parse(text, ID_BLOB, &id.id)) {
		id.kind = ID_UPLOAD;
		if (!id_parse(text, ID_UPLOAD, &id.id))
			return false;
	}
	for (; !str_empty(rest); id.is_part = true) {
		if (id.is_part && !blob_id_has_room(&id))
			return false;
		if (id.is_part && id.encoding == ENCODING_7BIT)
			return false;
		if (id.is_part)
			id.layers[id.layer_count++] = (struct blob_layer){ id.range, id.encoding };
		if (!take_layer(&rest, &layer))
			return false;
		id.range = layer.range;
		id.encoding = layer.encoding;
	}
	*out = id;
	return true;
}

bool
blob_id_has_room(const struct blob_id *message)
{
	return !message->is_part || message->encoding == ENCODING_7BIT ||
	    message->layer_count < BLOB_LAYERS_MAX;
}

struct blob_id
blob_id_within(const struct blob_id *message, const struct part *p)
{
	struct blob_id id = *message;

	invariant(blob_id_has_room(message));
	id.range = p->body;
	id.encoding = p->encoding == ENCODING_UNKNOWN ? ENCODING_7BIT : p->encoding;
	id.is_part = true;
	if (message->is_part && message->encoding == ENCODING_7BIT)
		id.range.start += message->range.start;
	else if (message->is_part)
		id.layers[id.layer_count++] =
		    (struct blob_layer){ message->range, message->encoding };
	return id;
}

struct blob_id
blob_id_of_part(uint64_t email, const struct part *p)
{
	struct blob_id whole = { .kind = ID_BLOB, .id = email };

	return blob_id_within(&whole, p);
}
