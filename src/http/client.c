#include "http/client.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "http/client_private.h"

/* --- a fetch -------------------------------------------------------------------------------- */

void
fetch_doom(struct http_fetch *f, enum fail fail)
{
	if (f->why == FAIL_NONE)
		f->why = fail;
	task_wake(&f->client->task);
}

/* Out of everything, as after its end; the answer stays. */
static void
detach(struct http_fetch *f)
{
	if (f->state == HTTP_FETCH_OFF)
		return;
	curl_forget(f);
	if (f->tunnel)
		tunnel_lend(f->tunnel, NULL);
	timer_stop(f->client->loop, &f->timer);
	list_remove(&f->node);
	f->state = HTTP_FETCH_OFF;
}

static void
end(struct http_fetch *f, enum fail fail)
{
	f->client->counts.failed += fail != FAIL_NONE;
	detach(f);
	op_finish(&f->op, fail);
}

void
http_fetch_start(struct http_client *c, struct http_fetch *f, struct task *owner,
    const struct http_order *order)
{
	struct http_url url;
	enum fail fail = http_url_parse(order->url, &url);

	invariant(!op_pending(&f->op) && order->timeout_ms > 0);
	http_fetch_release(f);
	op_begin(&f->op, owner);
	f->client = c;
	c->counts.fetches++;
	if (fail == FAIL_NONE)
		fail = curl_prepare(f, order, &url);
	if (fail != FAIL_NONE) {
		end(f, fail);
		return;
	}
	f->state = HTTP_FETCH_WAITING;
	list_append(&c->fetches, &f->node);
	timer_start(c->loop, &f->timer, &c->task, clock_mono_ms() + order->timeout_ms);
	task_wake(&c->task);
}

void
http_fetch_more(struct http_fetch *f)
{
	if (f->is_paused && f->body.n <= HTTP_STREAM_MAX / 2) {
		f->wants_more = true;
		task_wake(&f->client->task);
	}
}

struct str
http_fetch_header(const struct http_fetch *f, struct str name)
{
	struct str cur = buf_str(&f->headers), line, field;

	while (str_take_until(&cur, '\n', &line))
		if (str_take_until(&line, ':', &field) && str_eq_nocase(field, name))
			return str_trim(line);
	return (struct str){ 0 };
}

void
http_fetch_cancel(struct http_fetch *f)
{
	if (f->client)
		detach(f);
	op_drop(&f->op);
}

void
http_fetch_release(struct http_fetch *f)
{
	http_fetch_cancel(f);
	buf_release(&f->headers);
	buf_release(&f->body);
	*f = (struct http_fetch){ 0 };
}

/* --- the client's task ---------------------------------------------------------------------- */

/* Begin those that wait, end those that are doomed or late. */
static bool
look_at_fetches(struct http_client *c)
{
	struct list_node *next;
	bool has_moved = false;

	for (struct list_node *n = list_first(&c->fetches); n; n = next) {
		struct http_fetch *f = container_of(n, struct http_fetch, node);

		next = list_next(&c->fetches, n);
		if (f->why == FAIL_NONE && f->timer.has_fired)
			f->why = FAIL_TEMP;
		if (f->why != FAIL_NONE) {
			end(f, f->why);
			has_moved = true;
		} else if (f->state == HTTP_FETCH_WAITING) {
			f->state = HTTP_FETCH_RUNNING;
			curl_begin(f);
			has_moved = true;
		}
	}
	return has_moved;
}

static bool
take_ended(struct http_client *c)
{
	struct http_fetch *f;
	enum fail fail;
	bool has_moved = false;

	while ((f = curl_next_ended(c, &fail)) != NULL) {
		end(f, fail);
		has_moved = true;
	}
	return has_moved;
}

/* Nothing runs and no connection is worth keeping: libcurl's memory goes. */
static void
rest(struct http_client *c)
{
	if (c->multi == NULL || !list_empty(&c->fetches))
		return;
	for (struct list_node *n = list_first(&c->tunnels); n; n = list_next(&c->tunnels, n)) {
		struct http_tunnel *t = container_of(n, struct http_tunnel, node);

		if (t->state != HTTP_TUNNEL_DRAIN && t->curls.fd >= 0)
			return;
	}
	curl_rest(c);
}

static enum step
client_step(struct task *task)
{
	struct http_client *c = container_of(task, struct http_client, task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		bool has_moved = look_at_fetches(c);

		has_moved |= curl_run(c);
		has_moved |= take_ended(c);
		if (!has_moved) {
			rest(c);
			return STEP_WAIT;
		}
	}
	return STEP_YIELD;
}

void
http_client_init(struct http_client *c, struct loop *loop, struct net *net, struct dns *dns,
    struct tls_trust *trust, const struct http_client_settings *settings)
{
	*c = (struct http_client){ .loop = loop,
		.net = net,
		.dns = dns,
		.trust = trust,
		.settings = settings };
	loop_task(loop, &c->task, client_step, NULL);
	curl_start();
}

void
http_client_release(struct http_client *c)
{
	struct list_node *n;

	invariant(list_empty(&c->fetches));
	curl_rest(c);
	while ((n = list_first(&c->tunnels)) != NULL)
		tunnel_free(container_of(n, struct http_tunnel, node));
	task_cancel(&c->task);
	curl_stop();
}

enum fail
http_client_trust(const struct http_client_settings *settings, struct tls_trust **out,
    struct buf *why)
{
	enum fail fail = tls_trust_load(out, STR(""), why);

	if (str_empty(settings->ca_file))
		return fail;
	if (fail != FAIL_NONE) { /* a machine without the system's: the owner's alone */
		buf_clear(why);
		return tls_trust_load(out, settings->ca_file, why);
	}
	fail = tls_trust_add(*out, settings->ca_file, why);
	if (fail != FAIL_NONE)
		tls_trust_free(out);
	return fail;
}
