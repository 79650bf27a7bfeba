/*
 * One push: the object, encrypted when the client gave keys, as a POST (RFC 8620 7.2, RFC 8030 5).
 */
#include "jmap/push_inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/state_change.h"
#include "mail/id.h"
#include "message/date.h"

#define HEADERS_MAX 6

/* RFC 8030 5.2: a code is of no use later; the newest states are until the subscription ends. */
#define TTL_CODE  STR("3600")
#define TTL_STATE STR("604800")

static void
write_verification(const struct push_target *t, struct json_writer *w)
{
	struct id_text id = id_text(ID_PUSH, t->sub.id);

	json_object_begin(w);
	json_name_string(w, STR("@type"), STR("PushVerification"));
	json_name_string(w, STR("pushSubscriptionId"), id_str(&id));
	json_name_string(w, STR("verificationCode"), t->sub.code);
	json_object_end(w);
}

/* What is said, into t->body. */
static enum fail
write_body(struct push_target *t)
{
	struct web_push_keys keys = { t->sub.p256dh, t->sub.auth };
	struct json_writer w;
	struct buf plain;
	enum fail fail = FAIL_NONE;

	buf_init(&plain, WEB_PUSH_PLAIN_MAX);
	w = (struct json_writer){ .out = &plain };
	if (t->is_asking)
		write_verification(t, &w);
	else
		t->is_all =
		    state_change_write(&w, t->owner->listener.user, &t->debt, t->types, false);
	buf_release(&t->body);
	buf_init(&t->body, WEB_PUSH_RECORD_BYTES);
	if (!buf_ok(&plain))
		fail = FAIL_LIMIT;
	else if (str_empty(t->sub.p256dh))
		buf_add(&t->body, buf_str(&plain));
	else
		fail = web_push_encrypt(&keys, buf_str(&plain), &t->body);
	buf_release(&plain);
	return fail;
}

/* "https://push.example.net:8443": the origin of a URL, which is what a token is for (RFC 8292 2). */
static void
write_origin(const struct http_url *url, struct buf *out)
{
	bool is_bracketed = str_find_char(url->host, ':') != STR_NONE;

	buf_add_c(out, url->is_tls ? "https://" : "http://");
	if (is_bracketed)
		buf_add_char(out, '[');
	buf_add(out, url->host);
	if (is_bracketed)
		buf_add_char(out, ']');
	if (url->port != (url->is_tls ? 443 : 80)) {
		buf_add_char(out, ':');
		buf_add_u64(out, url->port);
	}
}

static void
write_contact(const struct push_target *t, struct buf *out)
{
	struct str name = t->owner->account->name,
		   contact = t->owner->push->house.settings->push_contact;

	if (!str_empty(contact)) {
		if (!str_starts(contact, STR("https:")) && !str_starts(contact, STR("mailto:")))
			buf_add_c(out, "mailto:"); /* Liberal: an owner may write an address */
		buf_add(out, contact);
		return;
	}
	buf_add_c(out, "mailto:postmaster@");
	buf_add(out, str_from(name, str_rfind_char(name, '@') + 1));
}

static void
write_authorization(const struct push_target *t, const struct http_url *url, struct buf *out)
{
	struct buf origin, contact;

	buf_init(&origin, HTTP_HOST_MAX + 32);
	buf_init(&contact, 1024);
	write_origin(url, &origin);
	write_contact(t, &contact);
	vapid_write(t->owner->push->secret, buf_str(&origin), buf_str(&contact), clock_wall_s(),
	    out);
	buf_release(&origin);
	buf_release(&contact);
}

/* Whom https trusts is read when it is needed first, which takes some 50 ms. */
static void
need_trust(struct jmap_push *push)
{
	struct buf why;

	if (push->house.client->trust || push->has_tried_trust)
		return;
	push->has_tried_trust = true;
	buf_init(&why, 1024);
	if (http_client_trust(push->house.client->settings, &push->trust, &why) != FAIL_NONE)
		log_warn(&push->log, "jmap.push.authorities",
		    LOG_TEXT("why", str_trim(buf_str(&why))));
	push->house.client->trust = push->trust;
	buf_release(&why);
}

/* Somebody may wait for that. */
static bool
brings_mail(const struct push_target *t)
{
	return state_debt_types(&t->had, t->owner->listener.user,
		   t->types & state_type(STR("EmailDelivery"))) != 0;
}

static void
start_fetch(struct push_target *t, const struct http_url *url)
{
	struct jmap_push *push = t->owner->push;
	struct http_header headers[HEADERS_MAX];
	struct http_order order = { .method = HTTP_POST,
		.url = t->sub.url,
		.headers = headers,
		.body = buf_str(&t->body),
		.body_max = PUSH_REPLY_MAX,
		.timeout_ms = PUSH_TIMEOUT_MS,
		.is_discarded = true,
		.may_repeat = true,
		.allow_private = push->house.settings->push_private };
	struct buf token;
	size_t n = 0;

	buf_init(&token, 4096);
	headers[n++] = (struct http_header){ STR("Content-Type"), STR("application/json") };
	headers[n++] = (struct http_header){ STR("TTL"), t->is_asking ? TTL_CODE : TTL_STATE };
	headers[n++] = (struct http_header){ STR("Urgency"),
		t->is_asking || brings_mail(t) ? STR("normal") : STR("low") };
	if (!t->is_asking) /* a newer one takes the place of one that waits (RFC 8030 5.4) */
		headers[n++] = (struct http_header){ STR("Topic"), STR("StateChange") };
	if (!str_empty(t->sub.p256dh))
		headers[n++] = (struct http_header){ STR("Content-Encoding"), STR("aes128gcm") };
	if (push->has_secret) {
		write_authorization(t, url, &token);
		headers[n++] = (struct http_header){ STR("Authorization"), buf_str(&token) };
	}
	order.header_count = n;
	http_fetch_start(push->house.client, &t->fetch, &t->owner->task, &order);
	buf_release(&token);
}

void
push_send(struct push_target *t)
{
	struct http_url url;
	enum fail fail = http_url_parse(t->sub.url, &url);

	t->is_asking = !t->sub.is_verified;
	t->had = t->debt;
	t->sent_to = t->owner->account->modseq;
	t->sent_others = state_others(t->owner->listener.user);
	http_fetch_release(&t->fetch);
	if (fail == FAIL_NONE)
		fail = write_body(t);
	if (fail) { /* the method that made it checked both */
		op_begin(&t->fetch.op, &t->owner->task);
		op_finish(&t->fetch.op, fail);
		return;
	}
	if (url.is_tls)
		need_trust(t->owner->push);
	start_fetch(t, &url);
}

/* Retry-After = HTTP-date / delay-seconds (RFC 9110 10.2.3) */
int64_t
push_retry_after_ms(const struct http_fetch *f)
{
	struct str value = http_fetch_header(f, STR("retry-after")), digits = value;
	int64_t seconds;
	struct date date;
	uint64_t n;

	if (!value.p)
		return 0;
	if (str_u64(&digits, PUSH_RETRY_MAX_S, &n) && str_empty(digits))
		seconds = (int64_t)n;
	else if (date_parse(value, &date) == FAIL_NONE)
		seconds = date.unix_s - clock_wall_s();
	else
		seconds = char_is_digit(value.n > 0 ? value.p[0] : 'x') ? PUSH_RETRY_MAX_S : 0;
	if (seconds > PUSH_RETRY_MAX_S)
		seconds = PUSH_RETRY_MAX_S;
	return seconds > 0 ? 1000 * seconds : 0;
}
