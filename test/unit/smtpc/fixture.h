/*
 * fixture.h - a host that follows a script, and a client that talks to it over a socket or in memory.
 *
 * A script has an instruction per line, its first character says what is done:
 *
 *     S text   say a line                       C text   expect exactly this line
 *     R text   say it, "|" for line ends        Q        expect that nothing more came yet
 *     B text   expect "BDAT text" and the chunk D        expect content up to the dot
 *     T        TLS from here on                 A word   SCRAM: the password is this
 *     X        close                            W        do nothing for ever
 *
 * Behind its end only QUIT may come. Anything else fails the test and closes the connection.
 */
#ifndef TEST_SMTPC_FIXTURE_H
#define TEST_SMTPC_FIXTURE_H

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/scram.h"
#include "net/memory.h"
#include "net/net.h"
#include "net/private.h"
#include "smtpc/smtpc_private.h"
#include "tls/tls.h"

#define CONTENT_MAX ((size_t)16 << 20)
#define PATIENCE    4000 /* turns */

enum way { OVER_SOCKET, IN_MEMORY, BYTE_BY_BYTE, WAY_COUNT };

static const char *const way_names[] = { "socket", "memory", "bytes" };

enum breakage { /* what happens in place of one thing that the host says */
	BREAK_NOT,
	BREAK_CLOSE,
	BREAK_HANG,
	BREAK_421,
	BREAK_GARBAGE,
	BREAK_BARE_LF,
	BREAK_MIXED,        /* two codes in one reply */
	BREAK_ENDLESS,      /* a reply that does not end */
	BREAK_ENDLESS_LINE, /* a line that does not end */
	BREAK_DRIP,         /* a byte now and then */
	BREAK_COUNT
};

static const char *const break_names[BREAK_COUNT] = { "not", "close", "hang", "421", "garbage",
	"bare LF", "mixed", "endless", "endless line", "drip" };

static struct {
	struct loop loop;
	struct net net;
	struct service service;
	struct listener listener;
	struct tls_context *context;
	struct tls_trust *trust, *other_trust; /* who signed the host's certificate, and somebody */
	struct task owner;
	struct smtpc_settings settings;
	enum way way;
	struct conn *client; /* borrow: in memory; may be gone */
} stage;

static struct host {
	struct task task;
	struct timer timer;
	struct conn *conn;
	struct str script;
	struct buf content; /* own: all that came as content */
	size_t chunk_left;
	struct dots_state dots;
	struct scram scram;
	int scram_step;
	int said; /* S and T instructions */
	int break_at;
	enum breakage breakage;
	bool is_broken; /* .. has happened */
	bool has_quit, is_over, is_wrong;
	size_t drips;
} host;

/* --- the host ------------------------------------------------------------------------------- */

static void
host_say(const char *text)
{
	buf_add_c(conn_out(host.conn), text);
}

static bool
host_wrong(struct str got, struct str want)
{
	CHECK_STR(got, want);
	host.is_wrong = host.is_over = true;
	return false;
}

static void
host_say_raw(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '|')
			host_say("\r\n");
		else
			buf_add_char(conn_out(host.conn), text.p[i]);
	}
}

/* A whole line; false when there is none yet. */
static bool
host_line(struct str *line)
{
	return conn_line(host.conn, 20000, line) == LINE_READY;
}

static bool
host_expect(struct str want)
{
	struct str line;

	if (!host_line(&line))
		return false;
	return str_eq(line, want) || host_wrong(line, want);
}

static bool
host_content(void)
{
	struct str piece;

	for (;;) {
		switch (conn_dots(host.conn, &host.dots, &piece)) {
		case DOTS_NONE: return false;
		case DOTS_TEXT: buf_add(&host.content, piece); break;
		case DOTS_END: host.dots = (struct dots_state){ 0 }; return true;
		case DOTS_BARE: return host_wrong(STR("a bare CR or LF"), STR("CRLF"));
		}
	}
}

static bool
host_chunk(struct str want)
{
	struct str line, piece;
	uint32_t n;

	if (host.chunk_left == 0) {
		if (!host_line(&line))
			return false;
		if (!str_skip(&line, STR("BDAT ")) || !str_eq(line, want) ||
		    !str_u32(&line, UINT32_MAX, &n))
			return host_wrong(line, want);
		host.chunk_left = (size_t)n + 1;
	}
	while (host.chunk_left > 1) {
		piece = conn_take(host.conn, host.chunk_left - 1);
		if (str_empty(piece))
			return false;
		buf_add(&host.content, piece);
		host.chunk_left -= piece.n;
	}
	host.chunk_left = 0;
	return true;
}

static void
host_say_base64(const char *before, struct str message)
{
	host_say(before);
	base64_write(conn_out(host.conn), message);
	host_say("\r\n");
}

/* The server's side of AUTH SCRAM-SHA-256. */
static bool
host_scram(struct str secret)
{
	struct buf message = { .max = 5000 }, out = { .max = 5000 };
	struct scram_keys keys;
	struct str line;
	bool is_done = false;

	if (!host_line(&line))
		return false;
	if (host.scram_step == 0 && !str_skip(&line, STR("AUTH SCRAM-SHA-256 ")))
		return host_wrong(line, STR("AUTH SCRAM-SHA-256"));
	CHECK(base64_parse(&message, line) == FAIL_NONE);
	switch (host.scram_step++) {
	case 0:
		scram_init(&host.scram);
		scram_keys_create(&keys, HASH_SHA256, secret);
		CHECK(
		    scram_client_first(&host.scram, SCRAM_UNBOUND, buf_str(&message)) == FAIL_NONE);
		CHECK_STR(buf_str(&host.scram.user), STR("ann"));
		scram_server_first(&host.scram, &keys, STR("5678"), &out);
		host_say_base64("334 ", buf_str(&out));
		break;
	case 1:
		if (scram_client_final(&host.scram, buf_str(&message), &out) == FAIL_NONE)
			host_say_base64("334 ", buf_str(&out));
		else
			is_done = true;
		break;
	case 2:
		CHECK_NUM(message.n, 0);
		is_done = true;
		break;
	}
	buf_release(&message);
	buf_release(&out);
	return is_done;
}

/* In place of what the script says. */
static void
host_break(void)
{
	host.is_broken = true;
	switch (host.breakage) {
	case BREAK_NOT: break;
	case BREAK_CLOSE: host.is_over = true; break;
	case BREAK_HANG:
	case BREAK_DRIP:
	case BREAK_COUNT: break;
	case BREAK_421: host_say("421 4.3.2 going down\r\n"); break;
	case BREAK_GARBAGE: host_say("what?\r\n"); break;
	case BREAK_BARE_LF: host_say("250 Ok\n"); break;
	case BREAK_MIXED: host_say("250-a\r\n251 b\r\n"); break;
	case BREAK_ENDLESS:
		for (int i = 0; i < 1000; i++)
			host_say("250-more\r\n");
		break;
	case BREAK_ENDLESS_LINE:
		for (int i = 0; i < 100000; i++)
			host_say("abcde");
		break;
	}
}

static bool
host_instruction(char what, struct str text)
{
	switch (what) {
	case 'S':
	case 'T':
	case 'R':
		if (host.said++ == host.break_at && host.breakage != BREAK_NOT) {
			host_break();
			return true;
		}
		if (what == 'T') {
			CHECK(tls_accept(host.conn, stage.context) == FAIL_NONE);
			return true;
		}
		if (what == 'R') {
			host_say_raw(text);
			return true;
		}
		buf_add(conn_out(host.conn), text);
		host_say("\r\n");
		return true;
	case 'C': return host_expect(text);
	case 'Q':
		if (!str_empty(conn_peek(host.conn)))
			return host_wrong(conn_peek(host.conn), STR("nothing"));
		return true;
	case 'D': return host_content();
	case 'B': return host_chunk(text);
	case 'A': return host_scram(text);
	case 'X': host.is_over = true; return true;
	case 'W':
		while (!str_empty(conn_take(host.conn, 100000)))
			continue;
		return false;
	}
	return host_wrong(str_of(&what, 1), STR("an instruction"));
}

/* The script's end: the client may say that it goes, once. */
static bool
host_after(void)
{
	struct str line;

	if (!host_line(&line))
		return false;
	if (!str_eq(line, STR("QUIT")) || host.has_quit)
		return host_wrong(line, STR("QUIT"));
	host.has_quit = true;
	return true;
}

static bool
host_run(void)
{
	struct str rest = host.script, line;

	if (host.is_over)
		return false;
	if (host.is_broken) /* whatever comes now is not looked at */
		return !str_empty(conn_take(host.conn, 100000));
	if (str_empty(rest))
		return host_after();
	CHECK(str_next_part(&rest, '\n', &line));
	if (!host_instruction(line.p[0], str_from(line, 2)))
		return false;
	host.script = rest;
	return true;
}

static enum step
host_step(struct task *t)
{
	(void)t;
	while (host_run())
		continue;
	if (host.is_broken && host.breakage == BREAK_DRIP &&
	    host.timer.deadline_ms <= clock_mono_ms()) {
		host_say(host.drips++ == 0 ? "250-" : "a");
		timer_start(&stage.loop, &host.timer, &host.task, clock_mono_ms() + 5);
	}
	if (conn_closed(host.conn))
		host.is_over = true;
	if (host.is_over)
		conn_finish(host.conn);
	return STEP_WAIT;
}

static void
host_take(struct conn *c)
{
	host.conn = c;
	loop_task(&stage.loop, &host.task, host_step, NULL);
	conn_attach(c, &host.task);
}

static void
host_accept(struct service *self, struct listener *l, struct conn *c)
{
	(void)self;
	(void)l;
	invariant(host.conn == NULL);
	host_take(c);
}

/* Get ready for one conversation. */
static void
host_start(const char *script)
{
	host = (struct host){ .script = str_c(script) };
	buf_init(&host.content, CONTENT_MAX);
}

static void
host_stop(void)
{
	timer_stop(&stage.loop, &host.timer);
	conn_free(&host.conn);
	task_cancel(&host.task);
	buf_release(&host.content);
	scram_release(&host.scram);
	loop_turn(&stage.loop, 0);
}

/* --- the client ----------------------------------------------------------------------------- */

static enum step
owner_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

/* A connection outlives its owner while its last words leave. */
static bool
is_client_there(void)
{
	struct list *all = &stage.net.conns;

	for (struct list_node *n = list_first(all); n; n = list_next(all, n)) {
		if (container_of(n, struct conn, node) == stage.client)
			return true;
	}
	return false;
}

/* One turn. In memory it takes a millisecond of a clock of its own, and what was sent is carried. */
static void
turn(void)
{
	if (stage.way == OVER_SOCKET) {
		loop_turn(&stage.loop, 2);
		return;
	}
	clock_fake(clock_mono_ms() + 1, clock_wall_ms() + 1);
	loop_turn(&stage.loop, 0);
	if (host.conn && is_client_there())
		conn_memory_pump(stage.client, host.conn, stage.way == IN_MEMORY ? SIZE_MAX : 1);
	else if (host.conn)
		conn_memory_end(host.conn);
}

/* False: it took too long. */
static bool
wait_for(struct smtpc *s)
{
	int64_t until_us = clock_precise_us() + (int64_t)20 * 1000 * 1000;

	while (op_pending(&s->op) && clock_precise_us() < until_us)
		turn();
	return CHECK(!op_pending(&s->op));
}

/* Until the host has seen the end. */
static void
wait_for_host(void)
{
	for (int i = 0; i < PATIENCE && !host.is_over; i++)
		turn();
	CHECK(host.is_over);
}

static void
open_in_memory(struct smtpc *s, const struct smtpc_order *order, struct str host_address)
{
	host_take(conn_memory(&stage.net, &stage.listener, STR("192.0.2.1")));
	stage.client = conn_memory(&stage.net, NULL, host_address);
	smtpc_open_on_start(s, &stage.loop, stage.trust, &stage.settings, &stage.owner, order,
	    stage.client);
}

static void
open_start(struct smtpc *s, struct smtpc_order order)
{
	order.host = str_empty(order.host) ? STR("mx.test") : order.host;
	order.helo = str_empty(order.helo) ? STR("me.test") : order.helo;
	if (stage.way == OVER_SOCKET) {
		order.to = stage.listener.address;
		smtpc_open_start(s, &stage.loop, &stage.net, stage.trust, &stage.settings,
		    &stage.owner, &order);
		return;
	}
	open_in_memory(s, &order, STR("127.0.0.1"));
}

static void
make_certificate(const char *name, struct tls_context **context, struct tls_trust **trust)
{
	char chain[256], key[256];
	struct buf why = { .max = 1000 };
	struct tls_files files;
	struct tls_options options = { .files = &files, .file_count = 1 };

	snprintf(chain, sizeof chain, "%s/%s.chain.pem", test_folder(), name);
	snprintf(key, sizeof key, "%s/%s.key.pem", test_folder(), name);
	files = (struct tls_files){ str_c(chain), str_c(key) };
	invariant(tls_write_self_signed(str_c(name), 30, &files, &why) == FAIL_NONE);
	invariant(tls_trust_load(trust, str_c(chain), &why) == FAIL_NONE);
	if (context)
		invariant(tls_context_load(context, &options, &why) == FAIL_NONE);
	buf_release(&why);
}

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

static void
stage_start(void)
{
	struct buf why = { .max = 1000 };

	log_capture(quiet, NULL);
	log_set_debug(STR("smtpc"));
	invariant(loop_init(&stage.loop) == FAIL_NONE);
	net_init(&stage.net, &stage.loop, &net_settings_default);
	loop_task(&stage.loop, &stage.owner, owner_step, NULL);
	stage.service = (struct service){ .name = "smtp", .accept = host_accept };
	stage.listener.service = &stage.service;
	invariant(
	    listener_start(&stage.net, &stage.listener, STR("127.0.0.1:0"), &why) == FAIL_NONE);
	make_certificate("mx.test", &stage.context, &stage.trust);
	make_certificate("other.test", NULL, &stage.other_trust);
	stage.settings = smtpc_settings_default;
	buf_release(&why);
}

static void
stage_stop(void)
{
	listener_stop(&stage.listener);
	tls_context_free(&stage.context);
	tls_trust_free(&stage.trust);
	tls_trust_free(&stage.other_trust);
	loop_turn(&stage.loop, 0);
	net_release(&stage.net);
	task_cancel(&stage.owner);
	loop_release(&stage.loop);
}

#endif
