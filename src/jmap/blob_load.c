#include "jmap/blob_load.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "message/text.h"

#define WRITE_PIECE (256 * 1024) /* bytes written between two looks at the clock */

void
jmap_blob_load_release(struct jmap_blob_load *l)
{
	blob_wait_release(&l->wait);
	body_reader_free(&l->reader);
	buf_release(&l->decoded);
	blob_unmap(&l->blob.map);
	*l = (struct jmap_blob_load){ .layer = 0 };
}

/* What was decoded takes the place of what it came from. */
static void
take_decoded(struct jmap_blob_load *l)
{
	struct jmap_blob *blob = &l->blob;

	body_reader_free(&l->reader);
	blob_unmap(&blob->map);
	blob->decoded += l->decoded.n;
	blob->map.bytes = buf_take(&l->decoded);
	blob->bytes = blob->map.bytes.p ? blob->map.bytes : STR("");
	blob->encoding = ENCODING_7BIT;
	l->layer++;
}

/* A small piece does not hold all that was decoded around it. */
static void
shrink(struct jmap_blob *blob)
{
	char *copy = mem_new(blob->bytes.n + 1, 1);

	if (blob->bytes.n > 0)
		memcpy(copy, blob->bytes.p, blob->bytes.n);
	blob_unmap(&blob->map);
	blob->map.bytes = blob->bytes = str_of(copy, blob->bytes.n);
}

/* Give all back but the number of bytes that were decoded. */
static void
give_up(struct jmap_blob_load *l)
{
	uint64_t decoded = l->blob.decoded + l->decoded.n;

	jmap_blob_load_release(l);
	l->blob.decoded = decoded;
}

/* FAIL_NONE with a reader: there is something to undo. */
static enum fail
begin_layer(struct jmap_blob_load *l, const struct blob_id *id, bool is_whole)
{
	struct jmap_blob *blob = &l->blob;
	enum fail fail = FAIL_NONE;

	if (id->is_part && l->layer < id->layer_count)
		fail = jmap_blob_slice(blob, id->layers[l->layer].range,
		    id->layers[l->layer].encoding);
	else if (id->is_part && l->layer == id->layer_count)
		fail = jmap_blob_slice(blob, id->range, id->encoding);
	else
		return FAIL_NONE;
	if (fail)
		return fail;
	if (l->layer == id->layer_count && (!is_whole || blob->encoding == ENCODING_7BIT)) {
		l->layer++;
		if (id->layer_count > 0 && blob->bytes.n < blob->map.bytes.n)
			shrink(blob);
		return FAIL_NONE;
	}
	buf_init(&l->decoded, JMAP_DECODED_MAX);
	l->reader = jmap_blob_reader(blob, &l->shell);
	return FAIL_NONE;
}

bool
jmap_blob_load(struct jmap_blob_load *l, struct jmap_access *access, struct task *owner,
    const struct blob_id *id, bool is_whole, struct arena *a, int64_t slice_end_us,
    enum fail *fail_out)
{
	*fail_out = FAIL_NONE;
	if (op_pending(&l->wait.op))
		return false;
	if (!l->is_found)
		*fail_out = jmap_blob_map(access, id, a, &l->wait, owner, &l->blob);
	if (op_pending(&l->wait.op))
		return false;
	l->is_found = true;
	while (!*fail_out) {
		if (!l->reader)
			*fail_out = begin_layer(l, id, is_whole);
		if (*fail_out || !l->reader)
			break;
		while (body_read(l->reader, &l->decoded) && buf_ok(&l->decoded))
			if (clock_precise_us() >= slice_end_us)
				return false;
		if (buf_ok(&l->decoded))
			take_decoded(l);
		else
			*fail_out = FAIL_LIMIT;
	}
	if (*fail_out)
		give_up(l);
	return true;
}

bool
jmap_blob_load_in(struct jmap_call *c, struct jmap_blob_load *l, struct jmap_access *access,
    const struct blob_id *id, bool is_whole, struct arena *a, enum fail *fail_out)
{
	bool is_over = jmap_blob_load(l, access, c->run->host.task, id, is_whole, a,
	    c->slice_end_us, fail_out);

	return !jmap_waits(c, &l->wait) && is_over;
}

enum fail
jmap_blob_load_all(struct jmap_blob_load *l, struct jmap_access *access, const struct blob_id *id,
    bool is_whole, struct arena *a)
{
	enum fail fail;

	while (!jmap_blob_load(l, access, NULL, id, is_whole, a, INT64_MAX, &fail))
		continue;
	return fail;
}

bool
jmap_blob_write_on(struct blob_writer *w, struct str bytes, size_t *at, int64_t slice_end_us,
    enum fail *fail_out)
{
	*fail_out = FAIL_NONE;
	while (*at < bytes.n && !*fail_out) {
		struct str piece = str_slice(bytes, *at, WRITE_PIECE);

		*fail_out = blob_write(w, piece);
		*at += piece.n;
		if (*at < bytes.n && clock_precise_us() >= slice_end_us)
			return *fail_out != FAIL_NONE;
	}
	return true;
}
