/*
 * Download (RFC 8620 6.2): whole files from their mapping, parts decoded as the socket drains.
 */
#include "jmap/blob_load.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "http/request.h"
#include "jmap/private.h"
#include "message/text.h"

#define DOWNLOAD_ARENA 65536

struct download_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
	struct arena arena;
	struct jmap_access access;        /* own */
	struct str blob_id, name, accept; /* as asked; arena */
	struct blob_id id;
	struct jmap_blob_load load; /* own: the layers of a part are undone */
	size_t sent;
	struct message shell;       /* what the decoder reads: the blob's bytes as one part */
	struct body_reader *reader; /* own; NULL when nothing is to be decoded */
	bool is_asked, is_started;
};

/* type "/" subtype and parameters: printable ASCII, so that it may stand in a header. */
static struct str
media_type(struct str accept)
{
	size_t slash = str_find_char(accept, '/');

	if (slash == STR_NONE || slash == 0 || slash + 1 == accept.n)
		return STR("application/octet-stream");
	for (size_t i = 0; i < accept.n; i++)
		if (accept.p[i] < 0x20 || accept.p[i] > 0x7e)
			return STR("application/octet-stream");
	return accept;
}

/*
 * Content-Disposition: attachment; filename="name"; filename*=UTF-8''name (RFC 6266, RFC 8187); the first for
 * programs that know no other, with "_" for what may not stand in quotes, or may lead out of a folder.
 */
static void
add_disposition(struct http_exchange *x, struct str name)
{
	struct buf value;

	buf_init(&value, 5 * HTTP_LINE_MAX);
	buf_add_c(&value, "attachment; filename=\"");
	for (size_t i = 0; i < name.n; i++) {
		bool is_safe = name.p[i] >= ' ' && name.p[i] <= '~' &&
		    str_find_char(STR("\"\\/:%"), name.p[i]) == STR_NONE;

		buf_add_char(&value, is_safe ? name.p[i] : '_');
	}
	buf_add_c(&value, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (char_is_alpha(c) || char_is_digit(c) || c == '.' || c == '-' || c == '_')
			buf_add_char(&value, c);
		else
			buf_add_escape(&value, '%', c);
	}
	http_reply_header(x, "Content-Disposition", buf_str(&value));
	buf_release(&value);
}

/* Is "*" in If-None-Match (RFC 9110 13.1.2)? Then whatever is there counts as known. */
static bool
is_any_known(const struct http_exchange *x)
{
	struct str list = http_request_header(&x->request, STR("if-none-match")), tag;

	while (str_next_part(&list, ',', &tag))
		if (str_eq(str_trim(tag), STR("*")))
			return true;
	return false;
}

/* Is the blob among its entity tags? */
static bool
is_known(const struct http_exchange *x, struct str blob_id)
{
	struct str list = http_request_header(&x->request, STR("if-none-match")), tag;

	while (str_next_part(&list, ',', &tag)) {
		tag = str_trim(tag);
		(void)!str_skip(&tag, STR("W/"));
		if (str_skip_char(&tag, '"') && str_ends(tag, STR("\"")) &&
		    str_eq(str_head(tag, tag.n - 1), blob_id))
			return true;
	}
	return false;
}

/* A blob id always means the same bytes: whoever has them may keep them. */
static void
add_etag(struct http_exchange *x, struct str blob_id)
{
	struct buf value;

	buf_init(&value, JMAP_ID_MAX + 2);
	buf_add_char(&value, '"');
	buf_add(&value, blob_id);
	buf_add_char(&value, '"');
	http_reply_header(x, "ETag", buf_str(&value));
	buf_release(&value);
	http_reply_header(x, "Cache-Control", STR("private, immutable, max-age=31536000"));
}

static enum http_step
missing(struct http_exchange *x)
{
	http_reply_problem(x, 404, NULL, "There is no such blob.");
	return HTTP_DONE;
}

static enum http_step
unavailable(struct http_exchange *x)
{
	http_reply_problem(x, 503, NULL, "The store does not answer now.");
	return HTTP_DONE;
}

/* "/jmap/download/{accountId}/{blobId}/{name}?accept={type}" */
static enum http_step
ask(struct download_request *d, struct http_exchange *x)
{
	struct str path = x->request.path, account, blob;
	enum fail fail;

	if (!str_skip(&path, STR("/jmap/download/")) || !str_next_part(&path, '/', &account) ||
	    !str_next_part(&path, '/', &blob) || !http_unescape(path, &d->arena, &d->name) ||
	    !http_unescape(blob, &d->arena, &d->blob_id) || !blob_id_parse(d->blob_id, &d->id))
		return missing(x);
	if (!http_query_find(x->request.query, STR("accept"), &d->arena, &d->accept))
		d->accept = (struct str){ 0 };
	fail = jmap_access_open(&d->access, d->login.account, buf_str(&d->login.groups), account);
	if (fail == FAIL_MISSING)
		return missing(x);
	d->is_asked = fail == FAIL_NONE;
	return d->is_asked ? HTTP_YIELD : unavailable(x);
}

static enum http_step
not_modified(struct download_request *d, struct http_exchange *x)
{
	http_reply_start(x, 304, NULL);
	add_etag(x, d->blob_id);
	return HTTP_DONE;
}

/* Who has the blob, and may have it, does not wait for a file that is far away. */
static bool
is_had(struct download_request *d, const struct http_exchange *x)
{
	struct jmap_blob blob;

	return is_known(x, d->blob_id) &&
	    jmap_blob_find(&d->access, &d->id, &d->arena, &blob) == FAIL_NONE;
}

static enum http_step
begin(struct download_request *d, struct http_exchange *x)
{
	enum fail fail;

	if (is_had(d, x))
		return not_modified(d, x);
	if (!jmap_blob_load(&d->load, &d->access, x->task, &d->id, false, &d->arena,
		clock_precise_us() + LOOP_SLICE_US, &fail))
		return op_pending(&d->load.wait.op) ? HTTP_WAIT : HTTP_YIELD;
	if (fail == FAIL_MISSING)
		return missing(x);
	if (fail)
		return unavailable(x);
	if (is_any_known(x))
		return not_modified(d, x);
	d->is_started = true;
	if (d->load.blob.encoding != ENCODING_7BIT)
		d->reader = jmap_blob_reader(&d->load.blob, &d->shell);
	http_reply_start(x, 200, NULL);
	http_reply_header(x, "Content-Type", media_type(d->accept));
	add_disposition(x, d->name);
	add_etag(x, d->blob_id);
	/* What a mail brought must not act as our page. */
	http_reply_header(x, "X-Content-Type-Options", STR("nosniff"));
	http_reply_header(x, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
	/* The type is whatever is asked for: no page elsewhere may take it for a style or a script of its own. */
	http_reply_header(x, "Cross-Origin-Resource-Policy", STR("same-origin"));
	if (!d->reader)
		http_reply_length(x, d->load.blob.bytes.n);
	return HTTP_WAIT;
}

/* What is there, piece by piece while the socket takes it. */
static enum http_step
send_plain(struct download_request *d, struct http_exchange *x)
{
	while (d->sent < d->load.blob.bytes.n) {
		struct str piece = str_slice(d->load.blob.bytes, d->sent, CONN_OUT_HIGH / 2);

		if (x->is_head)
			break;
		if (http_reply_is_full(x))
			return HTTP_WAIT;
		http_reply_body(x, piece);
		d->sent += piece.n;
	}
	return HTTP_DONE;
}

static enum http_step
send_decoded(struct download_request *d, struct http_exchange *x)
{
	struct buf piece;
	bool has_more = !x->is_head;

	buf_init(&piece, 8 * BODY_PIECE_BYTES);
	while (has_more) {
		if (http_reply_is_full(x))
			break;
		has_more = body_read(d->reader, &piece);
		http_reply_body(x, buf_str(&piece));
		buf_clear(&piece);
	}
	buf_release(&piece);
	return has_more ? HTTP_WAIT : HTTP_DONE;
}

static enum http_step
download_step(struct http_handler *h, struct http_exchange *x)
{
	struct download_request *d = container_of(h, struct download_request, handler);
	enum http_step step;

	if (!jmap_login_ready(&d->login, d->jmap, x, &step))
		return step;
	if (!d->is_asked && ask(d, x) == HTTP_DONE)
		return HTTP_DONE;
	step = d->is_started ? HTTP_WAIT : begin(d, x);
	if (!d->is_started)
		return step;
	return d->reader ? send_decoded(d, x) : send_plain(d, x);
}

static void
download_release(struct http_handler *h)
{
	struct download_request *d = container_of(h, struct download_request, handler);

	body_reader_free(&d->reader);
	jmap_blob_load_release(&d->load);
	jmap_access_release(&d->access);
	arena_release(&d->arena);
	jmap_login_release(&d->login);
	mem_free(d);
}

struct http_handler *
jmap_download_open(void *room, struct http_exchange *x)
{
	struct download_request *d = mem_new(1, sizeof(*d));

	(void)x;
	d->handler = (struct http_handler){ download_step, download_release };
	d->jmap = room;
	arena_init(&d->arena, DOWNLOAD_ARENA);
	return &d->handler;
}
