/* What an answer means: done, again, or why not. */
#include "s3/inner.h"

/* system */
#include <errno.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "sys/sys.h"

static enum s3_verdict
again(struct s3_call *c, const char *reason)
{
	c->reason = reason;
	return S3_AGAIN;
}

static enum s3_verdict
failed(struct s3_call *c, enum fail fail, const char *reason, enum fail *fail_out)
{
	c->reason = reason;
	*fail_out = fail;
	return S3_FAILED;
}

/* --- answers that say no ------------------------------------------------------------------- */

enum sort {
	SORT_AGAIN,
	SORT_RESTART,
	SORT_CLOCK,
	SORT_BUCKET,
	SORT_REGION,
	SORT_KEYS,
	SORT_MISSING,
};

static const struct {
	struct str code;
	enum sort sort;
} codes[] = {
	{ STR_INIT("NoSuchKey"), SORT_MISSING },
	{ STR_INIT("NoSuchBucket"), SORT_BUCKET },
	{ STR_INIT("AuthorizationHeaderMalformed"), SORT_REGION },
	{ STR_INIT("NoSuchUpload"), SORT_RESTART },
	{ STR_INIT("InvalidPart"), SORT_RESTART },
	{ STR_INIT("ExpiredToken"), SORT_KEYS },
	{ STR_INIT("InvalidToken"), SORT_KEYS },
	{ STR_INIT("RequestTimeTooSkewed"), SORT_CLOCK },
	{ STR_INIT("RequestExpired"), SORT_CLOCK },
	{ STR_INIT("InternalError"), SORT_AGAIN },
	{ STR_INIT("SlowDown"), SORT_AGAIN },
	{ STR_INIT("ServiceUnavailable"), SORT_AGAIN },
	{ STR_INIT("RequestTimeout"), SORT_AGAIN },
	{ STR_INIT("OperationAborted"), SORT_AGAIN },
	{ STR_INIT("BadDigest"), SORT_AGAIN },
	{ STR_INIT("XAmzContentSHA256Mismatch"), SORT_AGAIN },
	{ STR_INIT("XAmzContentChecksumMismatch"), SORT_AGAIN },
	{ STR_INIT("IncompleteBody"), SORT_AGAIN },
};

static enum s3_verdict
sorted(struct s3_call *c, enum sort sort, enum fail *fail_out)
{
	bool is_done = c->step == S3_DELETE || c->step == S3_ABORT;

	switch (sort) {
	case SORT_AGAIN: return again(c, "the server cannot now");
	case SORT_RESTART:
		return is_done ? S3_DONE : (c->reason = "the server forgot the upload", S3_RESTART);
	case SORT_CLOCK:
		return failed(c, FAIL_TEMP, "the clocks of this host and the server differ",
		    fail_out);
	case SORT_BUCKET:
		return failed(c, FAIL_DENIED, "there is no such bucket ([s3] bucket)", fail_out);
	case SORT_REGION:
		return failed(c, FAIL_PERM, "another region has the bucket ([s3] region)",
		    fail_out);
	case SORT_KEYS:
		return failed(c, FAIL_DENIED, "the keys were for a time, and it is over", fail_out);
	case SORT_MISSING: break;
	}
	return is_done ? S3_DONE : failed(c, FAIL_MISSING, "there is no such object", fail_out);
}

static enum s3_verdict
said_no(struct s3_call *c, enum fail *fail_out)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (str_eq(c->error.code, codes[i].code))
			return sorted(c, codes[i].sort, fail_out);
	if (c->has_checksum && (c->status == 400 || c->status == 501))
		return S3_PLAIN;
	if (c->status == 401 || c->status == 403)
		return failed(c, FAIL_DENIED,
		    "[s3] access-key or secret-key is wrong, or may not do that", fail_out);
	if (c->status == 404 || c->status == 408 || c->status == 429 || c->status >= 500)
		return again(c, "the server cannot now");
	if (c->status >= 300 && c->status < 400)
		return failed(c, FAIL_PERM,
		    "another server or region has the bucket ([s3] endpoint, region)", fail_out);
	return failed(c, FAIL_PERM, "the server does not want that", fail_out);
}

/* No answer, or none that is whole. */
static enum s3_verdict
no_answer(struct s3_call *c, enum fail fail, enum fail *fail_out)
{
	switch (fail) {
	case FAIL_DENIED:
		return again(c,
		    "no valid certificate for the server's name ([s3] endpoint, ca-file)");
	case FAIL_MISSING: return again(c, "there is no host of that name ([s3] endpoint)");
	case FAIL_LIMIT: return again(c, "the answer is too long");
	case FAIL_PERM: return again(c, "the answer is not HTTP");
	case FAIL_SYNTAX: return failed(c, FAIL_PERM, "the request cannot be made", fail_out);
	case FAIL_NONE:
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return again(c, "no answer, or not all of it");
}

/* --- objects that come --------------------------------------------------------------------- */

static bool
write_at(struct s3_call *c, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = sys.pwrite(c->fd, bytes.p, bytes.n, (off_t)c->got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			c->write_fail =
			    fail_because(&s3_log, FAIL_TEMP, "s3.write", n == 0 ? ENOSPC : errno);
			return false;
		}
		hash_add(&c->got_hash, str_head(bytes, (size_t)n));
		c->got += (uint64_t)n;
		bytes = str_from(bytes, (size_t)n);
	}
	return true;
}

bool
s3_take_bytes(struct s3_call *c)
{
	struct str bytes = buf_str(&c->fetch.body);

	if (c->fetch.status != 200)
		return bytes.n <= HTTP_STREAM_MAX / 2;
	if (bytes.n > c->size - c->got) {
		c->got = c->size + 1;
		return false;
	}
	if (!write_at(c, bytes))
		return false;
	buf_consume(&c->fetch.body, bytes.n);
	http_fetch_more(&c->fetch);
	return true;
}

static enum s3_verdict
judge_get(struct s3_call *c, enum fail *fail_out)
{
	struct str length = http_fetch_header(&c->fetch, STR("Content-Length"));
	struct str sum = http_fetch_header(&c->fetch, STR("x-amz-meta-sha256"));
	unsigned char hash[S3_SHA256_BYTES];
	struct buf text;
	uint64_t n;
	bool is_same;

	if (c->write_fail != FAIL_NONE)
		return failed(c, c->write_fail, "what came cannot be written here", fail_out);
	if (length.p && (!str_u64(&length, UINT64_MAX, &n) || length.n > 0 || n != c->size))
		return again(c, "the object has another length");
	if (c->got != c->size)
		return again(c, "the object has another length");
	if (sum.p == NULL)
		return S3_DONE;
	hash_get(&c->got_hash, hash);
	buf_init(&text, sizeof hash * 2);
	buf_add_hex(&text, str_of(hash, sizeof hash));
	is_same = str_eq_nocase(buf_str(&text), sum);
	buf_release(&text);
	return is_same ? S3_DONE : again(c, "the object has another checksum");
}

/* --- answers that say yes ------------------------------------------------------------------ */

/* The ETag is the MD5 of what was stored, unless keys of the server's key service encrypt it. */
static bool
is_etag_right(const struct s3_call *c)
{
	struct str etag = http_fetch_header(&c->fetch, STR("ETag"));
	struct str by = http_fetch_header(&c->fetch, STR("x-amz-server-side-encryption"));
	size_t part = c->step == S3_PART ? c->part : 0;
	struct buf want;
	bool is_right;

	if (str_starts(by, STR("aws:")))
		return etag.p != NULL;
	buf_init(&want, 2 * S3_MD5_BYTES + 2);
	buf_add_char(&want, '"');
	buf_add_hex(&want, str_of(c->sums->parts[part].md5, S3_MD5_BYTES));
	buf_add_char(&want, '"');
	is_right = str_eq_nocase(etag, buf_str(&want)) ||
	    str_eq_nocase(etag, str_slice(buf_str(&want), 1, (size_t)2 * S3_MD5_BYTES));
	buf_release(&want);
	return is_right;
}

/* 200, perhaps said before the work was done: the body tells. */
static enum s3_verdict
judge_late(struct s3_call *c, struct str root, enum fail *fail_out)
{
	struct str body = buf_str(&c->fetch.body);

	if (s3_answer_error(body, &c->error)) {
		enum s3_verdict verdict = said_no(c, fail_out);

		return verdict == S3_FAILED && *fail_out == FAIL_PERM
		    ? again(c, "an error behind 200")
		    : verdict;
	}
	return s3_answer_is(body, root) == FAIL_NONE ? S3_DONE
						     : again(c, "the answer is malformed");
}

/* Keys that were asked for, and without the prefix. */
static bool
is_page_right(struct s3_call *c)
{
	struct str first = str_empty(buf_str(&c->from)) ? STR("") : buf_str(&c->from);
	size_t prefix = c->s3->settings->prefix.n;

	for (size_t i = 0; i < c->page.count; i++) {
		struct s3_object *o = &c->page.objects[i];

		if (!str_starts(o->key, buf_str(&c->key)) || str_cmp(o->key, first) <= 0)
			return false;
		o->key = str_from(o->key, prefix);
	}
	return true;
}

/* What it kept beside the object, where it keeps one, also of what it encrypts. */
static bool
is_checksum_right(const struct s3_call *c)
{
	struct str kept = http_fetch_header(&c->fetch, STR("x-amz-checksum-sha256"));
	struct buf want;
	bool is_right;

	if (!c->has_checksum || kept.p == NULL)
		return true;
	buf_init(&want, base64_length(S3_SHA256_BYTES));
	base64_write(&want, str_of(c->sums->whole, S3_SHA256_BYTES));
	is_right = str_eq(kept, buf_str(&want));
	buf_release(&want);
	return is_right;
}

static enum s3_verdict
said_yes(struct s3_call *c, enum fail *fail_out)
{
	struct str body = buf_str(&c->fetch.body);

	switch (c->step) {
	case S3_PUT:
	case S3_PART:
		return is_etag_right(c) && is_checksum_right(c)
		    ? S3_DONE
		    : again(c, "what was stored has another checksum");
	case S3_BEGIN:
		buf_clear(&c->upload_id);
		return s3_answer_upload(body, &c->upload_id) == FAIL_NONE
		    ? S3_DONE
		    : again(c, "the answer is malformed");
	case S3_COMPLETE: return judge_late(c, STR("CompleteMultipartUploadResult"), fail_out);
	case S3_COPY: return judge_late(c, STR("CopyObjectResult"), fail_out);
	case S3_GET: return judge_get(c, fail_out);
	case S3_LIST:
		s3_page_release(&c->page);
		return s3_answer_list(body, &c->page) == FAIL_NONE && is_page_right(c)
		    ? S3_DONE
		    : again(c, "the answer is malformed");
	case S3_DELETE:
	case S3_ABORT:
	case S3_STEP_COUNT: break;
	}
	return S3_DONE;
}

enum s3_verdict
s3_judge(struct s3_call *c, enum fail *fail_out)
{
	struct http_fetch *f = &c->fetch;
	bool is_good;

	c->status = f->status;
	c->error = (struct s3_error){ .code = STR("") };
	*fail_out = FAIL_NONE;
	if (c->write_fail != FAIL_NONE || c->got > c->size)
		return judge_get(c, fail_out);
	if (f->op.fail != FAIL_NONE)
		return no_answer(c, f->op.fail, fail_out);
	is_good =
	    f->status == 200 || (f->status == 204 && (c->step == S3_DELETE || c->step == S3_ABORT));
	if (is_good)
		return said_yes(c, fail_out);
	if (!s3_answer_error(buf_str(&f->body), &c->error))
		c->error = (struct s3_error){ .code = STR("") };
	return said_no(c, fail_out);
}
