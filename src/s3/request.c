/* The request of a step: its method, URL, headers and signature. */
#include "s3/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "s3/sign.h"

#define TEXT_MAX   (16 * 1024) /* bytes of a path, a query, an Authorization: each is a key or two */
#define ANSWER_MAX (64 << 10)  /* bytes of an answer's body that is no list and no object */
#define LIST_MAX \
	((uint64_t)4 << 20) /* bytes of a page: a thousand keys with all that stands around them */
#define HEADERS_MAX 10

static const struct {
	enum http_method method;
	bool has_key;
} steps[S3_STEP_COUNT] = {
	[S3_PUT] = { HTTP_PUT, true },
	[S3_BEGIN] = { HTTP_POST, true },
	[S3_PART] = { HTTP_PUT, true },
	[S3_COMPLETE] = { HTTP_POST, true },
	[S3_ABORT] = { HTTP_DELETE, true },
	[S3_GET] = { HTTP_GET, true },
	[S3_COPY] = { HTTP_PUT, true },
	[S3_DELETE] = { HTTP_DELETE, true },
	[S3_LIST] = { HTTP_GET, false },
};

struct request {
	struct buf path, query, url, authorization;
	struct buf payload, date, source, sum, checksum; /* values of headers */
	struct http_header headers[HEADERS_MAX];
	size_t header_count;
	struct str body;
};

static void
add_path(struct request *r, const struct s3_call *c)
{
	const struct s3_settings *s = c->s3->settings;

	buf_add_char(&r->path, '/');
	if (s->is_path_style)
		sign_escape(&r->path, s->bucket, false);
	if (!steps[c->step].has_key)
		return;
	if (s->is_path_style)
		buf_add_char(&r->path, '/');
	sign_escape(&r->path, buf_str(&c->key), true);
}

/* Sorted by name, as the signature wants it. */
static void
add_query(struct request *r, const struct s3_call *c)
{
	switch (c->step) {
	case S3_BEGIN: buf_add(&r->query, STR("uploads=")); break;
	case S3_PART:
		buf_add(&r->query, STR("partNumber="));
		buf_add_u64(&r->query, c->part + 1);
		buf_add_char(&r->query, '&'); /* fall through */
	case S3_COMPLETE:
	case S3_ABORT:
		buf_add(&r->query, STR("uploadId="));
		sign_escape(&r->query, buf_str(&c->upload_id), false);
		break;
	case S3_LIST:
		buf_add(&r->query, STR("list-type=2&max-keys="));
		buf_add_u64(&r->query, S3_PAGE_MAX);
		buf_add(&r->query, STR("&prefix="));
		sign_escape(&r->query, buf_str(&c->key), false);
		if (c->from.n > 0) {
			buf_add(&r->query, STR("&start-after="));
			sign_escape(&r->query, buf_str(&c->from), false);
		}
		break;
	case S3_PUT:
	case S3_GET:
	case S3_COPY:
	case S3_DELETE:
	case S3_STEP_COUNT: break;
	}
}

/* The body and its SHA-256. */
static void
add_body(struct request *r, const struct s3_call *c)
{
	unsigned char hash[S3_SHA256_BYTES];
	const unsigned char *known = NULL;

	if (c->step == S3_PUT) {
		r->body = c->body;
		known = c->sums->parts[0].sha256;
	} else if (c->step == S3_PART) {
		r->body = str_slice(c->body, c->part * S3_PART_BYTES, S3_PART_BYTES);
		known = c->sums->parts[c->part].sha256;
	} else {
		if (c->step == S3_COMPLETE)
			r->body = buf_str(&c->document);
		hash_once(HASH_SHA256, r->body, hash);
	}
	buf_add_hex(&r->payload, str_of(known ? known : hash, S3_SHA256_BYTES));
}

static void
add_header(struct request *r, const char *name, struct str value)
{
	invariant(r->header_count < HEADERS_MAX);
	r->headers[r->header_count++] = (struct http_header){ str_c(name), value };
}

/* Those that are signed, sorted by name; the client itself sends Host. */
static void
add_headers(struct request *r, const struct s3_call *c)
{
	struct str token = s3_session_token(c->s3->settings);

	add_header(r, "host", buf_str(&c->s3->host));
	if (c->has_checksum) {
		base64_write(&r->checksum, str_of(c->sums->whole, S3_SHA256_BYTES));
		add_header(r, "x-amz-checksum-sha256", buf_str(&r->checksum));
	}
	add_header(r, "x-amz-content-sha256", buf_str(&r->payload));
	if (c->step == S3_COPY) {
		buf_add_char(&r->source, '/');
		sign_escape(&r->source, c->s3->settings->bucket, false);
		buf_add_char(&r->source, '/');
		sign_escape(&r->source, buf_str(&c->from), true);
		add_header(r, "x-amz-copy-source", buf_str(&r->source));
	}
	add_header(r, "x-amz-date", buf_str(&r->date));
	if (c->step == S3_PUT || c->step == S3_BEGIN) {
		buf_add_hex(&r->sum, str_of(c->sums->whole, S3_SHA256_BYTES));
		add_header(r, "x-amz-meta-sha256", buf_str(&r->sum));
	}
	if (!str_empty(token))
		add_header(r, "x-amz-security-token", token);
}

static void
sign(struct request *r, const struct s3_call *c)
{
	const struct s3_settings *s = c->s3->settings;
	const struct sign_request signed_parts = { .method = str_c(
						       http_method_names[steps[c->step].method]),
		.path = buf_str(&r->path),
		.query = buf_str(&r->query),
		.headers = r->headers,
		.header_count = r->header_count,
		.payload = buf_str(&r->payload),
		.date = buf_str(&r->date) };
	const struct sign_key key = { .access_key = s3_access_key(s),
		.secret_key = s3_secret_key(s),
		.region = s->region,
		.service = STR("s3") };

	sign_request(&r->authorization, &signed_parts, &key);
	add_header(r, "authorization", buf_str(&r->authorization));
}

static void
request_init(struct request *r)
{
	struct buf *all[] = { &r->path, &r->query, &r->url, &r->authorization, &r->payload,
		&r->date, &r->source, &r->sum, &r->checksum };

	*r = (struct request){ .header_count = 0 };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		buf_init(all[i], TEXT_MAX);
}

static void
request_release(struct request *r)
{
	struct buf *all[] = { &r->path, &r->query, &r->url, &r->authorization, &r->payload,
		&r->date, &r->source, &r->sum, &r->checksum };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		buf_release(all[i]);
}

/* How long a try may take when bytes do move, by their number. */
static int64_t
time_for(const struct s3_call *c, struct str body)
{
	uint64_t bytes = c->step == S3_GET ? c->size : c->step == S3_COMPLETE ? c->body.n : body.n;

	return c->s3->settings->timeout_ms + (int64_t)(bytes / S3_SLOWEST) * 1000;
}

void
s3_request_send(struct s3_call *c)
{
	struct http_order order = { .method = steps[c->step].method,
		.body_max = c->step == S3_LIST ? LIST_MAX : ANSWER_MAX,
		.is_streamed = c->step == S3_GET,
		.may_repeat = true,
		.allow_private = true };
	struct request r;

	request_init(&r);
	c->has_checksum = c->step == S3_PUT && !c->is_plain && !c->s3->is_plain;
	sign_date(&r.date, clock_wall_s());
	add_path(&r, c);
	add_query(&r, c);
	add_body(&r, c);
	add_headers(&r, c);
	sign(&r, c);
	buf_add(&r.url, buf_str(&c->s3->base));
	buf_add(&r.url, buf_str(&r.path));
	if (r.query.n > 0) {
		buf_add_char(&r.url, '?');
		buf_add(&r.url, buf_str(&r.query));
	}
	order.url = buf_str(&r.url);
	order.headers = r.headers + 1; /* not Host */
	order.header_count = r.header_count - 1;
	order.body = r.body;
	order.timeout_ms = time_for(c, r.body);
	if (order.timeout_ms > c->s3->settings->timeout_ms && c->step != S3_COMPLETE)
		order.stall_ms = c->s3->settings->timeout_ms;
	if (c->step == S3_GET)
		order.body_max += c->size;
	c->got = 0;
	c->write_fail = FAIL_NONE;
	hash_init(&c->got_hash, HASH_SHA256);
	http_fetch_start(&c->s3->client, &c->fetch, &c->task, &order);
	request_release(&r);
}
