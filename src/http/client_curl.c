/* How libcurl runs. Its callbacks only take bytes and note what it wants. */

/* system */
#include <curl/curl.h>
#include <poll.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "http/client_private.h"

#define TIMER_SLACK_MS 2 /* its clock is finer than ours: woken too early, it would not ask again */
#define BODY_PIECE_MAX (CURL_MAX_WRITE_SIZE) /* bytes of one call */

/* --- what libcurl gives us ------------------------------------------------------------------ */

static size_t
take_body(char *p, size_t size, size_t count, void *arg)
{
	struct http_fetch *f = arg;
	size_t n = size * count;

	if (f->body_max - f->body_bytes < n) {
		fetch_doom(f, FAIL_LIMIT);
		return CURL_WRITEFUNC_ERROR;
	}
	if (f->is_streamed && f->body.n > 0 && f->body.n + n > HTTP_STREAM_MAX) {
		f->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	f->body_bytes += n;
	if (!f->is_discarded)
		buf_add(&f->body, str_of(p, n));
	invariant(buf_ok(&f->body));
	if (f->is_streamed)
		task_wake(f->op.owner);
	return n;
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ]; libcurl checked it */
static void
take_status(struct http_fetch *f, struct str line)
{
	struct str version;
	uint32_t status;

	if (str_take_until(&line, ' ', &version) && str_u32(&line, 999, &status))
		f->status = status;
	f->is_head_done = false;
	buf_clear(&f->headers);
}

/* Heads come line by line; that of a 1xx is forgotten when the next begins (RFC 9110 15.2). */
static size_t
take_header(char *p, size_t size, size_t count, void *arg)
{
	struct http_fetch *f = arg;
	struct str line = str_of(p, size * count);

	if (str_starts_nocase(line, STR("HTTP/")) && f->status < 200)
		take_status(f, line);
	else if (str_empty(str_trim(line)))
		f->is_head_done = true;
	else if (!f->is_head_done)
		buf_add(&f->headers, line);
	if (buf_ok(&f->headers))
		return line.n;
	fetch_doom(f, FAIL_LIMIT);
	return CURL_WRITEFUNC_ERROR;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	(void)address;
	return tunnel_open(arg);
}

static int
is_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int
close_socket(void *arg, curl_socket_t fd)
{
	struct http_tunnel *t = tunnel_find(arg, fd);

	invariant(t != NULL);
	tunnel_shut(t);
	return 0;
}

static int
note_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct http_tunnel *t = tunnel_find(arg, fd);
	char *private = NULL;

	(void)unused;
	if (t == NULL)
		return 0;
	t->wants = 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		t->wants |= WATCH_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		t->wants |= WATCH_WRITE;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	if (t->wants != 0 && private)
		tunnel_lend(t, (void *)private);
	return 0;
}

static int
note_timer(CURLM *multi, long in_ms, void *arg)
{
	struct http_client *c = arg;

	(void)multi;
	timer_stop(c->loop, &c->timer);
	c->timer.has_fired = false;
	c->is_due = in_ms == 0;
	if (in_ms > 0)
		timer_start(c->loop, &c->timer, &c->task, clock_mono_ms() + in_ms + TIMER_SLACK_MS);
	if (in_ms == 0)
		task_wake(&c->task);
	return 0;
}

/* --- one fetch ----------------------------------------------------------------------------- */

static void
set_rules(struct http_fetch *f)
{
	CURL *e = f->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, f);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "Staunch");
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, is_connected);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, f->client);
}

enum fail
curl_prepare(struct http_fetch *f, const struct http_order *order, const struct http_url *url)
{
	f->is_tls = url->is_tls;
	f->allow_private = order->allow_private;
	f->port = url->port;
	f->address = url->address;
	memcpy(f->host, url->host.p, url->host.n);
	f->is_streamed = order->is_streamed;
	f->is_discarded = order->is_discarded;
	f->body_max = order->body_max;
	buf_init(&f->headers, HTTP_REPLY_HEADERS_MAX);
	buf_init(&f->body, HTTP_STREAM_MAX + BODY_PIECE_MAX);
	if (!f->is_streamed)
		buf_init(&f->body, f->body_max < SIZE_MAX ? (size_t)f->body_max : SIZE_MAX);
	f->easy = curl_easy_init();
	invariant(f->easy != NULL);
	set_rules(f);
	if (curl_set_order(f, order, url) == FAIL_NONE)
		return FAIL_NONE;
	curl_forget(f);
	return FAIL_SYNTAX;
}

/* --- the multi handle ----------------------------------------------------------------------- */

static void
make_multi(struct http_client *c)
{
	long all = (long)i64_min(c->settings->connections, HTTP_TUNNELS_MAX);

	c->multi = curl_multi_init();
	invariant(c->multi != NULL);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, note_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, note_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, all);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, all);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
	    (long)c->settings->connections_per_host);
}

void
curl_begin(struct http_fetch *f)
{
	if (f->client->multi == NULL)
		make_multi(f->client);
	if (curl_multi_add_handle(f->client->multi, f->easy) != CURLM_OK)
		fetch_doom(f, FAIL_TEMP);
}

void
curl_forget(struct http_fetch *f)
{
	if (f->easy && f->state == HTTP_FETCH_RUNNING)
		curl_multi_remove_handle(f->client->multi, f->easy);
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->header_lines);
	curl_slist_free_all(f->connect_to);
	f->easy = f->header_lines = f->connect_to = NULL;
}

static bool
run_timer(struct http_client *c)
{
	int running;

	if (!c->is_due && !c->timer.has_fired)
		return false;
	c->is_due = c->timer.has_fired = false;
	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	return true;
}

/* Level triggered on purpose: libcurl need not read until it meets EAGAIN. */
static bool
run_sockets(struct http_client *c)
{
	struct pollfd polls[HTTP_TUNNELS_MAX];
	nfds_t count = 0;
	bool has_moved = false;
	int running;

	for (struct list_node *n = list_first(&c->tunnels); n; n = list_next(&c->tunnels, n)) {
		struct http_tunnel *t = container_of(n, struct http_tunnel, node);

		if (t->curls.fd < 0 || t->wants == 0)
			continue;
		polls[count] = (struct pollfd){ .fd = t->curls.fd };
		if (t->wants & WATCH_READ)
			polls[count].events |= POLLIN;
		if (t->wants & WATCH_WRITE)
			polls[count].events |= POLLOUT;
		count++;
	}
	if (count == 0 || poll(polls, count, 0) <= 0)
		return false;
	for (nfds_t i = 0; i < count; i++) {
		struct http_tunnel *t = tunnel_find(c, polls[i].fd);
		int bits = 0;

		if (polls[i].revents & (POLLIN | POLLHUP | POLLERR))
			bits |= CURL_CSELECT_IN;
		if (polls[i].revents & POLLOUT)
			bits |= CURL_CSELECT_OUT;
		if (bits == 0 || t == NULL || t->wants == 0)
			continue;
		curl_multi_socket_action(c->multi, polls[i].fd, bits, &running);
		has_moved = true;
	}
	return has_moved;
}

static bool
run_paused(struct http_client *c)
{
	bool has_moved = false;

	for (struct list_node *n = list_first(&c->fetches); n; n = list_next(&c->fetches, n)) {
		struct http_fetch *f = container_of(n, struct http_fetch, node);

		if (!f->wants_more || f->state != HTTP_FETCH_RUNNING)
			continue;
		f->wants_more = f->is_paused = false;
		curl_easy_pause(f->easy, CURLPAUSE_CONT);
		has_moved = true;
	}
	return has_moved;
}

bool
curl_run(struct http_client *c)
{
	bool has_moved;

	if (c->multi == NULL)
		return false;
	has_moved = run_timer(c);
	has_moved |= run_paused(c);
	has_moved |= run_sockets(c);
	return has_moved;
}

/* Without a length only the end of the connection ends a body: it must be a proper one (9112 9.8). */
static bool
is_cut_short(const struct http_fetch *f)
{
	return f->is_cut && http_fetch_header(f, STR("Content-Length")).p == NULL &&
	    http_fetch_header(f, STR("Transfer-Encoding")).p == NULL;
}

static enum fail
fail_of(const struct http_fetch *f, CURLcode code)
{
	if (f->why != FAIL_NONE)
		return f->why;
	switch ((int)code) {
	case CURLE_OK: return is_cut_short(f) ? FAIL_TEMP : FAIL_NONE;
	case CURLE_URL_MALFORMAT: return FAIL_SYNTAX;
	case CURLE_TOO_LARGE:
	case CURLE_FILESIZE_EXCEEDED: return FAIL_LIMIT;
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which anything is */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING: return FAIL_PERM;
	default: return FAIL_TEMP;
	}
}

struct http_fetch *
curl_next_ended(struct http_client *c, enum fail *fail_out)
{
	const CURLMsg *message;
	struct http_fetch *f;
	char *private = NULL;
	long made = 0;
	int left;

	if (c->multi == NULL || (message = curl_multi_info_read(c->multi, &left)) == NULL)
		return NULL;
	invariant(message->msg == CURLMSG_DONE);
	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
	curl_easy_getinfo(message->easy_handle, CURLINFO_NUM_CONNECTS, &made);
	f = (void *)private;
	f->is_reused = made == 0 && f->status != 0;
	*fail_out = fail_of(f, message->data.result);
	return f;
}

void
curl_rest(struct http_client *c)
{
	if (c->multi)
		curl_multi_cleanup(c->multi);
	c->multi = NULL;
	c->is_due = false;
	timer_stop(c->loop, &c->timer);
	c->timer.has_fired = false;
}

void
curl_start(void)
{
	invariant(curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK);
}

void
curl_stop(void)
{
	curl_global_cleanup();
}

const char *
http_client_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
