#include "smtp/intake.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "delivery/delivery.h"
#include "message/compose.h"
#include "message/header.h"

#define TRACE_MAX         8192 /* bytes of our own fields */
#define MESSAGE_ID_RANDOM 12   /* bytes of a Message-ID that nobody else makes */

enum fail
intake_start(struct intake *i, struct blob_store *blobs, struct str folder, struct str trace,
    uint64_t max)
{
	buf_init(&i->head, INTAKE_HEADER_MAX);
	buf_init(&i->trace, TRACE_MAX);
	buf_add(&i->trace, trace);
	i->max = max;
	i->is_started = true;
	i->fail = blob_write_start(blobs, &i->writer, folder);
	return i->fail;
}

static void
put(struct intake *i, struct str bytes)
{
	if (i->fail == FAIL_NONE && bytes.n > 0)
		i->fail = blob_write(&i->writer, bytes);
}

static bool
has_field(struct str head, struct str name)
{
	struct header field;

	return header_find(head, name, &field);
}

/* RFC 6409 8.2 and 8.3: what a mail client should have written. */
static void
add_missing_fields(struct intake *i, struct str head)
{
	char random[MESSAGE_ID_RANDOM];

	if (!i->is_submission)
		return;
	if (!has_field(head, STR("Date")) &&
	    header_write_date(&i->trace, STR("Date"), clock_wall_s(), 0) != FAIL_NONE)
		i->fail = FAIL_PERM;
	if (has_field(head, STR("Message-ID")))
		return;
	random_bytes(random, sizeof random);
	buf_add(&i->trace, STR("Message-ID: "));
	if (message_id_write(&i->trace, clock_wall_s(), str_of(random, sizeof random),
		i->hostname) != FAIL_NONE)
		i->fail = FAIL_PERM;
	buf_add(&i->trace, STR("\r\n"));
}

/* The header is complete, or longer than we look at: ours goes first, then what was held back. */
static void
release_head(struct intake *i)
{
	struct str head = buf_str(&i->head);

	i->is_in_body = true;
	i->is_loop = delivery_is_loop(head, i->recipient);
	add_missing_fields(i, head);
	if (!buf_ok(&i->trace))
		i->fail = FAIL_PERM;
	put(i, buf_str(&i->trace));
	put(i, head);
	buf_release(&i->trace);
	buf_release(&i->head);
}

/* Where the body begins in what was held back: behind the first empty line; 0 when not there yet. */
static size_t
body_start(const struct intake *i, size_t from)
{
	struct str head = buf_str(&i->head);
	size_t at;

	if (str_starts(head, STR("\r\n")))
		return 2;
	from = from > 3 ? from - 3 : 0; /* CRLFCRLF may lie across two pieces */
	at = str_find(str_from(head, from), STR("\r\n\r\n"));
	return at == STR_NONE ? 0 : from + at + 4;
}

static void
feed_head(struct intake *i, struct str bytes)
{
	size_t before = i->head.n, start;
	struct str part = str_head(bytes, INTAKE_HEADER_MAX - before);

	buf_add(&i->head, part);
	start = body_start(i, before);
	if (start == 0 && i->head.n < INTAKE_HEADER_MAX)
		return;
	if (start > before) { /* what follows the header need not be copied */
		part = str_head(part, start - before);
		buf_truncate(&i->head, start);
	}
	release_head(i);
	put(i, str_from(bytes, part.n));
}

void
intake_feed(struct intake *i, struct str bytes)
{
	i->size += bytes.n;
	if (i->fail != FAIL_NONE || i->size < bytes.n || i->size > i->max) {
		if (i->fail == FAIL_NONE)
			i->fail = FAIL_LIMIT;
		blob_write_cancel(&i->writer);
		return;
	}
	if (i->is_in_body)
		put(i, bytes);
	else
		feed_head(i, bytes);
}

enum fail
intake_finish(struct intake *i, struct blob_name *name_out)
{
	if (!i->is_in_body && i->fail == FAIL_NONE) /* a message of header fields only */
		release_head(i);
	if (i->fail == FAIL_NONE)
		i->fail = blob_write_finish(&i->writer, name_out);
	return i->fail;
}

void
intake_cancel(struct intake *i)
{
	if (!i->is_started)
		return;
	blob_write_cancel(&i->writer);
	buf_release(&i->head);
	buf_release(&i->trace);
	*i = (struct intake){ 0 };
}
