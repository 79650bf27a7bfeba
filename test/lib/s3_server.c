#include "lib/s3_server.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"
#include "http/request.h"

#define BODY_MAX   ((size_t)64 << 20)
#define PREFIX     "pre/"
#define UPLOAD_ID  "up load+1"
#define UPLOAD_ARG "up%20load%2B1"

struct session {
	struct task task;
	struct conn *conn;
	struct s3_server *server;
	struct list_node node;
	struct buf body;
	char method[8], target[4096], hash[65], sum[65], source[2048], checksum[65];
	size_t length;
	bool has_line, has_head, has_authorization, is_ending, is_endless;
};

static void
copy(char *into, size_t size, struct str s)
{
	invariant(s.n < size);
	memcpy(into, s.p, s.n);
	into[s.n] = '\0';
}

/* --- objects ------------------------------------------------------------------------------- */

static void
stored_free(struct s3_stored *o)
{
	list_remove(&o->node);
	buf_release(&o->key);
	buf_release(&o->bytes);
	buf_release(&o->sum);
	mem_free(o);
}

static struct s3_stored *
find(struct list *all, struct str key)
{
	for (struct list_node *n = list_first(all); n; n = list_next(all, n)) {
		struct s3_stored *o = container_of(n, struct s3_stored, node);

		if (str_eq(buf_str(&o->key), key))
			return o;
	}
	return NULL;
}

static struct s3_stored *
store(struct list *all, struct str key, struct str bytes, struct str sum)
{
	struct s3_stored *o = find(all, key), *fresh = mem_new(1, sizeof *fresh);
	struct list_node *before = &all->head;

	buf_init(&fresh->key, 4096);
	buf_init(&fresh->bytes, BODY_MAX);
	buf_init(&fresh->sum, 100);
	buf_add(&fresh->key, key);
	buf_add(&fresh->bytes, bytes);
	buf_add(&fresh->sum, sum);
	if (o)
		stored_free(o);
	for (struct list_node *n = list_first(all); n; n = list_next(all, n)) {
		before = n;
		if (str_cmp(buf_str(&container_of(n, struct s3_stored, node)->key), key) > 0)
			break;
		before = &all->head;
	}
	if (all->head.next == NULL)
		list_init(all);
	fresh->node.next = before;
	fresh->node.prev = before->prev;
	before->prev->next = &fresh->node;
	before->prev = &fresh->node;
	return fresh;
}

static void
forget(struct list *all)
{
	struct list_node *n;

	while ((n = list_first(all)) != NULL)
		stored_free(container_of(n, struct s3_stored, node));
}

static void
prefixed(struct buf *out, struct str key)
{
	buf_init(out, 4096);
	buf_add_c(out, PREFIX);
	buf_add(out, key);
}

struct s3_stored *
s3_server_find(struct s3_server *s, struct str key)
{
	struct buf whole;
	struct s3_stored *o;

	prefixed(&whole, key);
	o = find(&s->objects, buf_str(&whole));
	buf_release(&whole);
	return o;
}

void
s3_server_add(struct s3_server *s, struct str key, struct str bytes)
{
	struct buf whole;

	prefixed(&whole, key);
	store(&s->objects, buf_str(&whole), bytes, STR(""));
	buf_release(&whole);
}

size_t
s3_server_count(const struct s3_server *s)
{
	size_t count = 0;

	for (struct list_node *n = list_first(&s->objects); n; n = list_next(&s->objects, n))
		count++;
	return count;
}

void
s3_server_way(struct s3_server *s, enum s3_way way, int times, const char *method)
{
	s->way = way;
	s->times = times;
	s->method = method;
}

/* --- answers ------------------------------------------------------------------------------- */

static void
answer(struct session *s, const char *status, const char *headers, struct str body)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "HTTP/1.1 ");
	buf_add_c(out, status);
	buf_add_c(out, "\r\n");
	buf_add_c(out, headers);
	buf_add_c(out, "Content-Length: ");
	buf_add_u64(out, body.n);
	buf_add_c(out, "\r\n\r\n");
	buf_add(out, body);
}

static void
error(struct session *s, const char *status, const char *code)
{
	struct buf text;

	buf_init(&text, 1000);
	buf_add_c(&text, "<?xml version=\"1.0\"?>\n<Error><Code>");
	buf_add_c(&text, code);
	buf_add_c(&text, "</Code><Message>so &amp; so</Message></Error>");
	answer(s, status, "", buf_str(&text));
	buf_release(&text);
}

/* What it keeps beside the object, when it was sent. */
static void
add_checksum(struct session *s, struct buf *out, enum s3_way way)
{
	unsigned char hash[HASH_SIZE_MAX];

	if (s->checksum[0] == '\0')
		return;
	hash_once(HASH_SHA256, buf_str(&s->body), hash);
	hash[0] ^= way == S3_WAY_CHECKSUM;
	buf_add_c(out, "x-amz-checksum-sha256: ");
	base64_write(out, str_of(hash, hash_size(HASH_SHA256)));
	buf_add_c(out, "\r\n");
}

static bool
is_checksum_right(const struct session *s)
{
	unsigned char hash[HASH_SIZE_MAX];
	struct buf text;
	bool is_right;

	hash_once(HASH_SHA256, buf_str(&s->body), hash);
	buf_init(&text, 100);
	base64_write(&text, str_of(hash, hash_size(HASH_SHA256)));
	is_right = s->checksum[0] == '\0' || str_eq(buf_str(&text), str_c(s->checksum));
	buf_release(&text);
	return is_right;
}

static void
ok_with_tag(struct session *s, enum s3_way way)
{
	unsigned char hash[HASH_SIZE_MAX];
	struct buf text;

	hash_once(HASH_MD5, buf_str(&s->body), hash);
	hash[0] ^= way == S3_WAY_ETAG;
	buf_init(&text, 200);
	buf_add_c(&text, "ETag: \"");
	buf_add_hex(&text, str_of(hash, hash_size(HASH_MD5)));
	buf_add_c(&text, "\"\r\n");
	add_checksum(s, &text, way);
	answer(s, "200 OK", buf_c(&text), STR(""));
	buf_release(&text);
}

static void
do_get(struct session *s, const struct s3_stored *o, enum s3_way way)
{
	struct buf *out = conn_out(s->conn), copy;
	struct str bytes;

	if (o == NULL) {
		error(s, "404 Not Found", "NoSuchKey");
		return;
	}
	buf_init(&copy, BODY_MAX);
	buf_add(&copy, buf_str(&o->bytes));
	if (way == S3_WAY_LONG)
		buf_add_c(&copy, "more");
	if (way == S3_WAY_SHORT && copy.n > 0)
		buf_truncate(&copy, copy.n - 1);
	if (way == S3_WAY_FALSE && copy.n > 0)
		copy.p[copy.start + copy.n / 2] ^= 1;
	bytes = buf_str(&copy);
	out->max = BODY_MAX;
	buf_add_c(out, "HTTP/1.1 200 OK\r\nx-amz-meta-sha256: ");
	buf_add(out, buf_str(&o->sum));
	buf_add_c(out, "\r\nContent-Length: ");
	buf_add_u64(out, bytes.n);
	buf_add_c(out, "\r\n\r\n");
	s->is_ending = way == S3_WAY_CUT;
	buf_add(out, way == S3_WAY_CUT ? str_head(bytes, bytes.n / 2) : bytes);
	buf_release(&copy);
}

/* The value of a parameter, decoded. */
static bool
parameter(struct session *s, struct arena *a, const char *name, struct str *out)
{
	struct str target = str_c(s->target);
	size_t at = str_find_char(target, '?');

	return http_query_find(str_from(target, at == STR_NONE ? target.n : at + 1), str_c(name), a,
	    out);
}

static void
do_list(struct session *s, struct arena *a, enum s3_way way)
{
	struct s3_server *server = s->server;
	struct str prefix = STR(""), after = STR("");
	size_t count = 0, most = server->page ? server->page : 1000;
	struct buf text;
	bool has_more = false;

	(void)!parameter(s, a, "prefix", &prefix);
	(void)!parameter(s, a, "start-after", &after);
	buf_init(&text, BODY_MAX);
	buf_add_c(&text,
	    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>box</Name>");
	for (struct list_node *n = list_first(&server->objects); n;
	     n = list_next(&server->objects, n)) {
		const struct s3_stored *o = container_of(n, struct s3_stored, node);

		if (!str_starts(buf_str(&o->key), prefix) || str_cmp(buf_str(&o->key), after) <= 0)
			continue;
		has_more = count++ == most;
		if (has_more)
			break;
		buf_add_c(&text, "<Contents><Key>");
		buf_add(&text, buf_str(&o->key));
		buf_add_c(&text, "</Key><Size>");
		buf_add_u64(&text, o->bytes.n);
		buf_add_c(&text, "</Size></Contents>");
	}
	buf_add_c(&text, "<IsTruncated>");
	buf_add_c(&text, has_more ? "true" : "false");
	buf_add_c(&text, "</IsTruncated></ListBucketResult>");
	answer(s, "200 OK", "", str_head(buf_str(&text), way == S3_WAY_XML ? 60 : text.n));
	buf_release(&text);
}

/* --- uploads in parts ---------------------------------------------------------------------- */

static void
do_upload(struct session *s, struct arena *a, struct str key, enum s3_way way)
{
	struct s3_server *server = s->server;
	struct s3_stored *o;
	struct str number, id = STR("");

	(void)!parameter(s, a, "uploadId", &id);
	if (!str_eq(id, STR(UPLOAD_ID)) || way == S3_WAY_FORGET) {
		error(s, "404 Not Found", "NoSuchUpload");
	} else if (str_eq(str_c(s->method), STR("DELETE"))) {
		server->abort_count++;
		forget(&server->parts);
		answer(s, "204 No Content", "", STR(""));
	} else if (parameter(s, a, "partNumber", &number)) {
		store(&server->parts, number, buf_str(&s->body), STR(""));
		ok_with_tag(s, way);
	} else {
		o = store(&server->objects, key, STR(""), str_c(server->upload_sum));
		for (struct list_node *n = list_first(&server->parts); n;
		     n = list_next(&server->parts, n))
			buf_add(&o->bytes,
			    buf_str(&container_of(n, struct s3_stored, node)->bytes));
		forget(&server->parts);
		answer(s, "200 OK", "",
		    STR("<?xml version='1.0'?>\n  <CompleteMultipartUploadResult/>"));
	}
}

static void
do_copy(struct session *s, struct arena *a, struct str key)
{
	struct str from;
	struct s3_stored *o = NULL;

	s->server->copy_count++;
	if (http_unescape(str_c(s->source), a, &from) && str_starts(from, STR("/box/")))
		o = find(&s->server->objects, str_from(from, 5));
	if (o == NULL) {
		error(s, "404 Not Found", "NoSuchKey");
		return;
	}
	store(&s->server->objects, key, buf_str(&o->bytes), buf_str(&o->sum));
	answer(s, "200 OK", "",
	    STR("<CopyObjectResult><ETag>&quot;x&quot;</ETag></CopyObjectResult>"));
}

static void
do_put(struct session *s, struct str key, enum s3_way way)
{
	unsigned char hash[HASH_SIZE_MAX];
	struct buf text;

	s->server->put_count++;
	s->server->checksum_count += s->checksum[0] != '\0';
	hash_once(HASH_SHA256, buf_str(&s->body), hash);
	buf_init(&text, 100);
	buf_add_hex(&text, str_of(hash, hash_size(HASH_SHA256)));
	if (!str_eq(buf_str(&text), str_c(s->hash))) {
		error(s, "400 Bad Request", "XAmzContentSHA256Mismatch");
	} else if (!is_checksum_right(s)) {
		error(s, "400 Bad Request", "BadDigest");
	} else {
		store(&s->server->objects, key, buf_str(&s->body), str_c(s->sum));
		ok_with_tag(s, way);
	}
	buf_release(&text);
}

/* --- requests ------------------------------------------------------------------------------ */

static void
do_request(struct session *s, enum s3_way way)
{
	struct s3_server *server = s->server;
	struct str target = str_c(s->target), key = STR(""), method = str_c(s->method);
	struct arena a;

	arena_init(&a, 100000);
	target = str_head(target, str_find_char(target, '?'));
	if (!str_skip(&target, STR("/box")) || !s->has_authorization) {
		error(s, "403 Forbidden", "AccessDenied");
	} else if (str_empty(target)) {
		do_list(s, &a, way);
	} else if (!str_skip_char(&target, '/') || !http_unescape(target, &a, &key)) {
		error(s, "400 Bad Request", "InvalidURI");
	} else if (str_find(str_c(s->target), STR("?uploads=")) != STR_NONE) {
		server->upload_count++;
		copy(server->upload_sum, sizeof server->upload_sum, str_c(s->sum));
		answer(s, "200 OK", "",
		    STR("<InitiateMultipartUploadResult><UploadId>" UPLOAD_ID
			"</UploadId></InitiateMultipartUploadResult>"));
	} else if (str_find(str_c(s->target), STR("uploadId=" UPLOAD_ARG)) != STR_NONE) {
		do_upload(s, &a, key, way);
	} else if (str_eq(method, STR("GET"))) {
		server->get_count++;
		do_get(s, find(&server->objects, key), way);
	} else if (str_eq(method, STR("DELETE"))) {
		struct s3_stored *o = find(&server->objects, key);

		server->delete_count++;
		if (o)
			stored_free(o);
		answer(s, "204 No Content", "", STR(""));
	} else if (s->source[0]) {
		do_copy(s, &a, key);
	} else {
		do_put(s, key, way);
	}
	arena_release(&a);
}

static enum s3_way
way_of(struct session *s)
{
	struct s3_server *server = s->server;

	if (server->times == 0 ||
	    (server->method && !str_eq(str_c(server->method), str_c(s->method))))
		return S3_WAY_WELL;
	if (server->way == S3_WAY_FORGET &&
	    str_find(str_c(s->target), STR("uploadId=")) == STR_NONE)
		return S3_WAY_WELL;
	if (server->times > 0)
		server->times--;
	return server->way;
}

static void
say(struct session *s, const char *text)
{
	buf_add_c(conn_out(s->conn), text);
	s->is_ending = true;
}

static void
act(struct session *s)
{
	enum s3_way way = way_of(s);

	s->server->request_count++;
	switch (way) {
	case S3_WAY_HANG: break;
	case S3_WAY_CLOSE: s->is_ending = true; break;
	case S3_WAY_500: error(s, "500 Oh", "InternalError"); break;
	case S3_WAY_503: error(s, "503 Slow", "SlowDown"); break;
	case S3_WAY_429: answer(s, "429 Too Many", "", STR("")); break;
	case S3_WAY_403: error(s, "403 Forbidden", "AccessDenied"); break;
	case S3_WAY_EXPIRED: error(s, "400 Bad Request", "ExpiredToken"); break;
	case S3_WAY_PLAIN:
		if (s->checksum[0] != '\0')
			error(s, "501 No", "NotImplemented");
		else
			do_request(s, way);
		break;
	case S3_WAY_SKEW: error(s, "403 Forbidden", "RequestTimeTooSkewed"); break;
	case S3_WAY_BUCKET: error(s, "404 Not Found", "NoSuchBucket"); break;
	case S3_WAY_404: answer(s, "404 Not Found", "", STR("")); break;
	case S3_WAY_REDIRECT:
		answer(s, "301 Moved", "Location: http://127.0.0.1:1/\r\n", STR(""));
		break;
	case S3_WAY_LATE_ERROR: error(s, "200 OK", "InternalError"); break;
	case S3_WAY_HALF: say(s, "HTTP/1.1 20"); break;
	case S3_WAY_GARBAGE: say(s, "220 mail.example.test ESMTP\r\n"); break;
	case S3_WAY_HEADERS:
		buf_add_c(conn_out(s->conn), "HTTP/1.1 200 OK\r\n");
		s->is_endless = true;
		break;
	case S3_WAY_LATE:
		do_request(s, way);
		buf_clear(conn_out(s->conn));
		s->is_ending = true;
		break;
	case S3_WAY_WELL:
	case S3_WAY_CUT:
	case S3_WAY_SHORT:
	case S3_WAY_LONG:
	case S3_WAY_FALSE:
	case S3_WAY_ETAG:
	case S3_WAY_CHECKSUM:
	case S3_WAY_XML:
	case S3_WAY_FORGET: do_request(s, way); break;
	}
}

/* --- a connection -------------------------------------------------------------------------- */

static void
take_line(struct session *s, struct str line)
{
	struct str method, target;
	uint32_t n;

	if (!s->has_line) {
		invariant(
		    str_take_until(&line, ' ', &method) && str_take_until(&line, ' ', &target));
		copy(s->method, sizeof s->method, method);
		copy(s->target, sizeof s->target, target);
		s->has_line = true;
	} else if (str_skip_nocase(&line, STR("Content-Length: ")) &&
	    str_u32(&line, UINT32_MAX, &n)) {
		s->length = n;
	} else if (str_skip_nocase(&line, STR("x-amz-content-sha256: "))) {
		copy(s->hash, sizeof s->hash, line);
	} else if (str_skip_nocase(&line, STR("x-amz-meta-sha256: "))) {
		copy(s->sum, sizeof s->sum, line);
	} else if (str_skip_nocase(&line, STR("x-amz-checksum-sha256: "))) {
		copy(s->checksum, sizeof s->checksum, line);
	} else if (str_skip_nocase(&line, STR("x-amz-copy-source: "))) {
		copy(s->source, sizeof s->source, line);
	} else if (str_starts_nocase(line, STR("Authorization: AWS4-HMAC-SHA256 Credential="))) {
		s->has_authorization = true;
	}
}

static bool
read_request(struct session *s)
{
	struct str line, piece;

	if (!s->has_head) {
		if (conn_line(s->conn, 8000, &line) != LINE_READY)
			return false;
		s->has_head = str_empty(line);
		if (!s->has_head)
			take_line(s, line);
	}
	while (s->has_head && s->body.n < s->length) {
		piece = conn_take(s->conn, s->length - s->body.n);
		if (str_empty(piece))
			return false;
		buf_add(&s->body, piece);
	}
	if (s->has_head) {
		act(s);
		buf_clear(&s->body);
		s->has_head = s->has_line = s->has_authorization = false;
		s->length = 0;
		s->source[0] = s->sum[0] = s->checksum[0] = '\0';
	}
	return true;
}

static enum step
session_step(struct task *t)
{
	struct session *s = container_of(t, struct session, task);

	while (!s->is_ending && !s->is_endless && read_request(s))
		;
	while (s->is_endless && !conn_is_high(s->conn) && !conn_broken(s->conn))
		buf_add_c(conn_out(s->conn),
		    "X-Filler: 0123456789012345678901234567890123456789\r\n");
	if (s->is_ending)
		conn_finish(s->conn);
	if ((s->is_ending && conn_drained(s->conn)) || conn_closed(s->conn) || conn_broken(s->conn))
		return STEP_CLOSE;
	return STEP_WAIT;
}

static void
session_reap(struct task *t)
{
	struct session *s = container_of(t, struct session, task);

	list_remove(&s->node);
	conn_free(&s->conn);
	buf_release(&s->body);
	task_cancel(&s->task);
	mem_free(s);
}

static void
session_accept(struct service *self, struct listener *l, struct conn *c)
{
	struct session *s = mem_new(1, sizeof *s);

	(void)l;
	s->server = container_of(self, struct s3_server, service);
	list_append(&s->server->sessions, &s->node);
	buf_init(&s->body, BODY_MAX);
	loop_task(s->server->listener.net->loop, &s->task, session_step, session_reap);
	s->conn = c;
	conn_attach(c, &s->task);
}

void
s3_server_start(struct s3_server *s, struct net *net)
{
	static char endpoint[64];
	struct buf text, why;

	*s = (struct s3_server){ .service = { .name = "s3", .accept = session_accept } };
	s->listener.service = &s->service;
	buf_init(&why, 1000);
	invariant(listener_start(net, &s->listener, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	buf_release(&why);
	buf_init(&text, sizeof endpoint - 1);
	buf_add_c(&text, "http://127.0.0.1:");
	buf_add_u64(&text, s->listener.address.port);
	copy(endpoint, sizeof endpoint, buf_str(&text));
	buf_release(&text);
	s->settings = s3_settings_default;
	s->settings.endpoint = str_c(endpoint);
	s->settings.bucket = STR("box");
	s->settings.prefix = STR(PREFIX);
	s->settings.access_key = STR("id");
	s->settings.secret_key = STR("secret");
	s->settings.timeout_ms = S3_PATIENCE_MS;
	s->settings.retry_ms = 3000;
}

void
s3_server_forget(struct s3_server *s)
{
	forget(&s->objects);
	forget(&s->parts);
	s->request_count = s->put_count = s->get_count = s->delete_count = 0;
	s->copy_count = s->upload_count = s->abort_count = s->checksum_count = s->page = 0;
}

void
s3_server_stop(struct s3_server *s)
{
	struct list_node *n;

	listener_stop(&s->listener);
	while ((n = list_first(&s->sessions)) != NULL)
		session_reap(&container_of(n, struct session, node)->task);
	forget(&s->objects);
	forget(&s->parts);
}
