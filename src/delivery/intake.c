#include "delivery/intake.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "delivery/delivery.h"
#include "message/compose.h"
#include "message/header.h"
#include "message/tls_required.h"
#include "delivery/author.h"
#include "mailauth/results.h"

#define TRACE_MAX         8192 /* bytes of our own fields */
#define SOLICITATION_MAX  1000 /* bytes of the field's value that are looked at (RFC 3865 2.2) */
#define MESSAGE_ID_RANDOM 12   /* bytes of a Message-ID that nobody else makes */

enum fail
intake_start(struct intake *i, struct blob_store *blobs, struct str folder, struct str trace,
    uint64_t max)
{
	buf_init(&i->head, INTAKE_HEADER_MAX);
	buf_init(&i->trace, TRACE_MAX);
	buf_init(&i->solicitation, SOLICITATION_MAX);
	buf_init(&i->authors, AUTHORS_MAX);
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

static void
put_body(struct intake *i, struct str bytes)
{
	if (i->origin && i->fail == FAIL_NONE)
		origin_body(i->origin, bytes);
	put(i, bytes);
}

/* Are there fields that may have to go? */
static bool
is_sifted(const struct intake *i)
{
	return i->is_submission || !i->is_trusted;
}

/* Bcc at submission, which is for nobody's eyes (RFC 5322 3.6.3), and what pretends to be ours, or nobody here can read (RFC 8601 5). */
static bool
must_go(const struct intake *i, const struct header *field)
{
	if (i->is_submission && str_eq_nocase(field->name, STR("Bcc")))
		return true;
	return !i->is_trusted && str_eq_nocase(field->name, STR("Authentication-Results")) &&
	    (results_is_ours(field->value, i->hostname) || results_is_other_version(field->value));
}

/* The header as it stands, but for what must go. */
static void
put_head(struct intake *i, struct str head)
{
	struct str rest = head, done = head, line;
	struct header field;

	while (is_sifted(i) && rest.n > 0) {
		if (!header_next(&rest, &field)) { /* no field: others may stand behind it */
			if (!str_take_until(&rest, '\n', &line))
				break;
			continue;
		}
		if (!must_go(i, &field))
			continue;
		put(i, str_head(done, (size_t)(field.whole.p - done.p)));
		done = str_from(done, (size_t)(field.whole.p - done.p) + field.whole.n);
	}
	put(i, done);
}

/* Our own fields, with room for what the origin's judges will say. */
static void
put_trace(struct intake *i)
{
	struct str trace = buf_str(&i->trace);

	if (!buf_ok(&i->trace))
		i->fail = FAIL_PERM;
	if (i->origin) {
		put(i, str_head(trace, i->above));
		trace = str_from(trace, i->above);
	}
	if (i->origin && i->fail == FAIL_NONE)
		i->fail = blob_write_reserve(&i->writer, origin_room(i->origin));
	put(i, trace);
}

/* The header is complete, or longer than we look at: ours goes first, then what was held back. */
static void
release_head(struct intake *i)
{
	struct str head = buf_str(&i->head);
	struct header field;

	i->is_in_body = true;
	i->is_loop = delivery_is_loop(head, i->recipient);
	if (header_find(head, STR("Solicitation"), &field))
		buf_add(&i->solicitation, str_head(str_trim(field.value), SOLICITATION_MAX));
	i->is_tls_optional = tls_required_is_no(head);
	if (i->wants_authors)
		authors_write(&i->authors, head);
	add_missing_fields(i, head);
	if (i->origin)
		origin_header(i->origin, head);
	put_trace(i);
	put_head(i, head);
	buf_release(&i->trace);
	buf_release(&i->head);
}

static void
feed_head(struct intake *i, struct str bytes)
{
	size_t before = i->head.n, start;
	struct str part = str_head(bytes, INTAKE_HEADER_MAX - before);

	buf_add(&i->head, part);
	start = header_block_end(buf_str(&i->head), before);
	if (start == 0 && i->head.n < INTAKE_HEADER_MAX)
		return;
	if (start == 0 && is_sifted(i) && i->fail == FAIL_NONE)
		i->fail =
		    FAIL_LIMIT; /* a Bcc may follow that we do not see, or results in our name */
	if (start > before) {   /* what follows the header need not be copied */
		part = str_head(part, start - before);
		buf_truncate(&i->head, start);
	}
	release_head(i);
	put_body(i, str_from(bytes, part.n));
}

static void
feed_checked(struct intake *i, struct str bytes)
{
	if (i->is_in_body)
		put_body(i, bytes);
	else if (bytes.n > 0)
		feed_head(i, bytes);
}

/* --- line ends ----------------------------------------------------------------------------------- */

static void
feed_bare(struct intake *i, char c)
{
	i->has_bare = true;
	if (i->lines == INTAKE_LINES_REJECT)
		feed_checked(i, str_of(&c, 1));
	else if (c == '\n')
		feed_checked(i, STR("\r\n"));
}

/* Bytes in which a CR or LF stands alone: one after the other. */
static void
feed_slowly(struct intake *i, struct str bytes)
{
	for (size_t at = 0; at < bytes.n; at++) {
		char c = bytes.p[at];

		if (c == '\r' && at + 1 < bytes.n && bytes.p[at + 1] == '\n') {
			feed_checked(i, str_slice(bytes, at++, 2));
		} else if (c == '\r' && at + 1 == bytes.n) {
			i->has_cr = true;
		} else if (c == '\r' || c == '\n') {
			feed_bare(i, c);
		} else {
			feed_checked(i, str_slice(bytes, at, 1));
		}
	}
}

/* How many bytes at the beginning are whole lines that end as they should. */
static size_t
whole_lines(struct str bytes)
{
	size_t done = 0, lf;

	while ((lf = str_find_char(str_from(bytes, done), '\n')) != STR_NONE) {
		struct str line = str_slice(bytes, done, lf + 1);

		if (lf == 0 || str_find_char(line, '\r') != lf - 1)
			break;
		done += line.n;
	}
	return done;
}

/* Whole lines go on as they are, and so does a last one without an end if there is no CR in it. */
static void
feed_lines(struct intake *i, struct str bytes)
{
	if (i->has_cr && bytes.n > 0) {
		i->has_cr = false;
		if (str_skip_char(&bytes, '\n'))
			feed_checked(i, STR("\r\n"));
		else
			feed_bare(i, '\r');
	}
	while (bytes.n > 0) {
		size_t n = whole_lines(bytes), lf;
		struct str rest = str_from(bytes, n);

		if (str_find_char(rest, '\n') == STR_NONE && str_find_char(rest, '\r') == STR_NONE)
			n = bytes.n;
		feed_checked(i, str_head(bytes, n));
		bytes = str_from(bytes, n);
		lf = str_find_char(bytes, '\n');
		rest = str_head(bytes, lf == STR_NONE ? bytes.n : lf + 1);
		feed_slowly(i, rest);
		bytes = str_from(bytes, rest.n);
	}
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
	if (i->lines == INTAKE_LINES_ANY)
		feed_checked(i, bytes);
	else
		feed_lines(i, bytes);
}

enum fail
intake_end(struct intake *i)
{
	if (i->has_cr && i->fail == FAIL_NONE)
		feed_bare(i, '\r');
	i->has_cr = false;
	if (!i->is_in_body && i->fail == FAIL_NONE) /* a message of header fields only */
		release_head(i);
	if (i->origin && i->fail == FAIL_NONE)
		origin_end(i->origin);
	return i->fail;
}

enum fail
intake_fill(struct intake *i)
{
	struct buf text;

	buf_init(&text, origin_room(i->origin));
	origin_write(i->origin, blob_write_is_exact(&i->writer), &text);
	i->fail = blob_write_fill(&i->writer, buf_str(&text));
	buf_release(&text);
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
	buf_release(&i->solicitation);
	buf_release(&i->authors);
	*i = (struct intake){ 0 };
}
