/*
 * Whole conversations with a host that says arbitrary bytes, a line per turn; the first byte chooses what is
 * asked of it: everybody gets an answer, and it ends with the host.
 */

/* system */
#include <stdlib.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "net/memory.h"
#include "smtpc/smtpc_private.h"

#include "unit/smtpc/fake_seven.h"

#define MESSAGES    4
#define TURNS_MAX   2000
#define CONTENT_MAX 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LMTP = 1, LOGIN = 2, TLS = 4, BIG = 8, WIDE = 16, FAR = 32 };

static struct stage {
	struct loop loop;
	struct net net;
	struct task owner;
	struct smtpc_settings settings;
	char content[CONTENT_MAX];
	bool is_open;
} stage;

static const struct envelope plain = { .sender = STR_INIT("s@a.test"), .id = STR_INIT("a=b") };
static const struct envelope wide = { .sender = STR_INIT("\xc3\xa4@a.test"),
	.is_utf8 = true,
	.by = BY_RETURN,
	.by_s = 500,
	.priority = 3,
	.ret = RETURN_FULL };
static const struct envelope_rcpt rcpts[] = { { .address = STR_INIT("1@b.test"), .notify = 14 },
	{ .address = STR_INIT("2@\xc3\xa4.test") }, { .address = STR_INIT("\xc3\xa4@b.test") } };

static enum step
owner_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
close_stage(void)
{
	task_cancel(&stage.owner);
	net_release(&stage.net);
	loop_release(&stage.loop);
}

static void
open_stage(void)
{
	invariant(atexit(close_stage) == 0);
	log_set_level(LOG_LEVEL_ERROR);
	log_capture(NULL, NULL);
	clock_fake(1000, 1000000);
	invariant(loop_init(&stage.loop) == FAIL_NONE);
	net_init(&stage.net, &stage.loop, &net_settings_default);
	loop_task(&stage.loop, &stage.owner, owner_step, NULL);
	stage.settings = smtpc_settings_default;
	for (size_t i = 0; i + 1 < CONTENT_MAX; i += 2) {
		stage.content[i] = i % 60 == 58 ? '\r' : '.';
		stage.content[i + 1] = i % 60 == 58 ? '\n' : 'x';
	}
	stage.is_open = true;
}

static void
discard(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

/* The next message, when the last one is done and there is somebody to send to. */
static void
go_on(struct smtpc *s, struct smtpc_rcpt *asked, struct smtpc_message *m, unsigned flags,
    unsigned *sent)
{
	if (op_pending(&s->op))
		return;
	for (size_t i = 0; i<m->rcpt_count && * sent> 0; i++)
		invariant(asked[i].fail == FAIL_NONE || asked[i].fail == FAIL_TEMP ||
		    asked[i].fail == FAIL_PERM);
	if (!s->is_open || *sent == MESSAGES)
		return;
	for (size_t i = 0; i < ARRAY_LEN(rcpts); i++)
		asked[i] = (struct smtpc_rcpt){ .rcpt = &rcpts[i], .fail = FAIL_COUNT };
	*m = (struct smtpc_message){ .envelope = flags & WIDE ? &wide : &plain,
		.rcpts = asked,
		.rcpt_count = s->rcpt_max < ARRAY_LEN(rcpts) ? s->rcpt_max : ARRAY_LEN(rcpts),
		.fields = STR("Received: by me.test\r\n"),
		.content = flags & BIG ? str_of(stage.content, CONTENT_MAX)
				       : STR("Subject: \xc3\xa4\r\n\r\n.\r\ntext"),
		.now_s = 100 };
	++*sent;
	smtpc_send_start(s, &stage.owner, m);
}

static struct smtpc_order
order_of(unsigned flags)
{
	return (struct smtpc_order){ .host = STR("mx.test"),
		.helo = STR("me.test"),
		.is_lmtp = flags & LMTP,
		.tls = flags & TLS ? SMTPC_TLS_MAY : SMTPC_TLS_NEVER,
		.auth = flags & LOGIN ? SMTPC_AUTH_ANY : SMTPC_AUTH_NONE,
		.user = STR("ann"),
		.secret = STR("secret") };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of(data, size);
	struct smtpc s = { 0 };
	struct smtpc_order order;
	struct smtpc_rcpt asked[ARRAY_LEN(rcpts)];
	struct smtpc_message m = { 0 };
	unsigned flags, sent = 0;
	struct conn *c;

	if (!stage.is_open)
		open_stage();
	if (size == 0)
		return 0;
	log_capture(discard, NULL);
	flags = data[0];
	rest = str_from(rest, 1);
	order = order_of(flags);
	c = conn_memory(&stage.net, NULL, flags & FAR ? STR("192.0.2.1") : STR("127.0.0.1"));
	smtpc_open_on_start(&s, &stage.loop, NULL, &stage.settings, &stage.owner, &order, c);
	for (unsigned i = 0; i < TURNS_MAX && s.inner->state != SMTPC_OFF; i++) {
		size_t at = str_find_char(rest, '\n');
		struct str line = at == STR_NONE ? rest : str_head(rest, at + 1);

		loop_turn(&stage.loop, 0);
		go_on(&s, asked, &m, flags, &sent);
		if (s.inner->state == SMTPC_OFF || s.inner->conn == NULL)
			continue;
		if (str_empty(line))
			conn_memory_end(c);
		else
			conn_memory_feed(c, line);
		rest = str_from(rest, line.n);
	}
	invariant(str_find_char(rest, '\n') != STR_NONE || s.inner->state == SMTPC_OFF);
	go_on(&s, asked, &m, flags, &sent);
	smtpc_release(&s);
	loop_turn(&stage.loop, 0);
	return 0;
}
