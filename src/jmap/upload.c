/*
 * Upload (RFC 8620 6.1): the body streams into a blob file, which becomes an upload of the account.
 */
#include "mail/upload.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/private.h"
#include "mail/id.h"

struct upload_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
	struct jmap_access access; /* own: whose account it goes to */
	struct blob_writer writer;
	struct blob_wait wait; /* for the place of its file */
	bool is_writing;
};

static enum http_step
too_large(struct http_exchange *x)
{
	jmap_refuse(x, 413, "limit", "maxSizeUpload", "The upload is too large.");
	return HTTP_DONE;
}

static enum http_step
store_failed(struct http_exchange *x)
{
	http_reply_problem(x, 503, NULL, "The store cannot take it now.");
	return HTTP_DONE;
}

/* "/jmap/upload/{accountId}/" */
static enum fail
open_account(struct upload_request *u, const struct http_exchange *x)
{
	struct str path = x->request.path, id;

	if (!str_skip(&path, STR("/jmap/upload/")) || !str_next_part(&path, '/', &id) ||
	    !str_empty(path))
		return FAIL_MISSING;
	return jmap_access_open(&u->access, u->login.account, buf_str(&u->login.groups), id);
}

static enum http_step
refused(struct http_exchange *x, unsigned status, const char *detail)
{
	http_reply_problem(x, status, NULL, detail);
	return HTTP_DONE;
}

static enum http_step
begin(struct upload_request *u, struct http_exchange *x)
{
	enum fail fail = open_account(u, x);

	if (fail == FAIL_TEMP)
		return store_failed(x);
	if (fail)
		return refused(x, 404, "There is no such account.");
	if (!jmap_may_somewhere(&u->access, MAY_ADD_ITEMS))
		return refused(x, 403, "Nothing may be added to this account.");
	if (x->request.has_length && x->request.length > (uint64_t)u->jmap->settings.upload_bytes)
		return too_large(x);
	if (!jmap_login_count(&u->login, x, true))
		return HTTP_DONE;
	if (blob_write_start(mail_blobs(u->jmap->mail), &u->writer, u->access.account->name))
		return store_failed(x);
	u->is_writing = true;
	return HTTP_YIELD;
}

/* A media type as it may stand in a header; anything else is octets. */
static struct str
media_type(const struct http_exchange *x)
{
	struct str type = http_request_header(&x->request, STR("content-type"));

	return str_empty(type) || type.n > UPLOAD_TYPE_MAX ? STR("application/octet-stream") : type;
}

static void
reply(struct upload_request *u, struct http_exchange *x, uint64_t id, uint64_t size)
{
	struct id_text account = id_text(ID_ACCOUNT, u->access.account->id);
	struct id_text blob = id_text(ID_UPLOAD, id);
	struct json_writer w;
	struct buf body;

	buf_init(&body, 4096);
	w = (struct json_writer){ .out = &body };
	json_object_begin(&w);
	json_name_string(&w, STR("accountId"), id_str(&account));
	json_name_string(&w, STR("blobId"), id_str(&blob));
	json_name_string(&w, STR("type"), media_type(x));
	json_name_int(&w, STR("size"), (int64_t)size);
	json_object_end(&w);
	http_reply_whole(x, 201, "application/json", buf_str(&body));
	buf_release(&body);
}

/* All is there: once the file is where it is kept, name it in the same turn (blob.h). */
static enum http_step
finish(struct upload_request *u, struct http_exchange *x)
{
	uint64_t size = u->writer.size, id;
	struct blob_name name;
	enum fail fail = blob_finish_wait(&u->writer, &u->wait, x->task, &name);

	if (op_pending(&u->wait.op))
		return HTTP_WAIT;
	if (fail)
		return store_failed(x);
	fail = upload_add(u->access.account, blob_name_str(&name), size, media_type(x),
	    u->login.account->id, &id);
	if (fail == FAIL_LIMIT)
		return too_large(x);
	if (fail)
		return store_failed(x);
	reply(u, x, id, size);
	return HTTP_DONE;
}

static enum http_step
take_body(struct upload_request *u, struct http_exchange *x)
{
	struct str piece;

	for (;;) {
		switch (http_body_next(x, &piece)) {
		case HTTP_BODY_WAIT: return HTTP_WAIT;
		case HTTP_BODY_BROKEN: return HTTP_DONE;
		case HTTP_BODY_END: return finish(u, x);
		case HTTP_BODY_PIECE:
			if (u->writer.size + piece.n > (uint64_t)u->jmap->settings.upload_bytes)
				return too_large(x);
			if (blob_write(&u->writer, piece))
				return store_failed(x);
			break;
		}
	}
}

static enum http_step
upload_step(struct http_handler *h, struct http_exchange *x)
{
	struct upload_request *u = container_of(h, struct upload_request, handler);
	enum http_step step;

	if (!jmap_login_ready(&u->login, u->jmap, x, &step))
		return step;
	if (!u->is_writing && begin(u, x) == HTTP_DONE)
		return HTTP_DONE;
	return blob_wait_is_started(&u->wait) ? finish(u, x) : take_body(u, x);
}

static void
upload_release(struct http_handler *h)
{
	struct upload_request *u = container_of(h, struct upload_request, handler);

	blob_wait_release(&u->wait);
	blob_write_cancel(&u->writer);
	jmap_access_release(&u->access);
	jmap_login_release(&u->login);
	mem_free(u);
}

struct http_handler *
jmap_upload_open(void *room, struct http_exchange *x)
{
	struct upload_request *u = mem_new(1, sizeof(*u));

	(void)x;
	u->handler = (struct http_handler){ upload_step, upload_release };
	u->jmap = room;
	return &u->handler;
}
