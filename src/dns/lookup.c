#include "dns/lookup.h"

/* system */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "sys/sys.h"

/* rooms */
#include "dns/name.h"

#define SENDS_MAX     12 /* packets and connections of one lookup over all servers and names */
#define PARTIAL_MAX   8  /* further questions for one that got only a CNAME */
#define PORT_TRIES    8  /* random source ports tried before the kernel chooses */
#define PORT_FIRST    1024
#define DATAGRAMS_MAX 64 /* taken per step: a flood of forgeries must not hold the loop */
#define WAIT_MS       20000 /* for its turn, at most: as long as a check of SPF takes (RFC 7208 4.6.4) */
#define CROWDED_MS    1000 /* a try while others wait: what is known somewhere comes in that time */

static const struct log dns_log = { .room = "dns" };

enum lookup_state {
	LOOKUP_QUEUED, /* waits for its turn (turns.h) */
	LOOKUP_SEND,   /* next: a datagram to the current server */
	LOOKUP_UDP,    /* a datagram was sent */
	LOOKUP_DIAL,   /* the answer was cut: connecting */
	LOOKUP_TCP,    /* the question was sent over the connection */
	LOOKUP_DONE,
};

struct dns_lookup {
	struct task task;
	struct list_node node; /* dns->lookups */
	struct turn turn;
	int64_t wait_ms; /* monotonic: does not wait for its turn longer */
	struct dns *dns;
	struct dns_entry *entry; /* borrow: its owner; NULL when done */
	enum lookup_state state;
	enum dns_type type;
	struct buf name; /* what is asked now: the entry's name, or what its CNAMEs lead to */
	struct watch watch;
	struct timer timer;
	struct conn_dial dial;
	struct conn *conn;
	size_t server; /* index of the current one */
	unsigned sends, partials, failures;
	uint16_t id;
	bool has_no_edns; /* the current server does not know it */
	bool is_secure;   /* so far, over several questions */
	uint32_t ttl_s;   /* smallest so far */
};

/* --- sockets -------------------------------------------------------------------------------- */

static void
close_udp(struct dns_lookup *l)
{
	int fd = l->watch.fd;

	if (fd < 0)
		return;
	watch_stop(l->dns->loop, &l->watch);
	sys.close(fd);
	l->watch.fd = -1;
}

static void
close_all(struct dns_lookup *l)
{
	close_udp(l);
	conn_dial_cancel(&l->dial);
	l->dial = (struct conn_dial){ 0 };
	conn_free(&l->conn);
	timer_stop(l->dns->loop, &l->timer);
}

/* A random source port makes a forger guess 16 bits more (RFC 5452 4.5). */
static void
bind_somewhere(int fd, int family)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		struct net_address any = { .family = family == AF_INET ? NET_ADDRESS_IPV4
								       : NET_ADDRESS_IPV6 };
		struct sockaddr_storage storage;
		socklen_t n;

		sys_random(&any.port, sizeof any.port);
		if (any.port < PORT_FIRST)
			continue;
		n = net_address_to_system(&any, &storage);
		if (bind(fd, (struct sockaddr *)&storage, n) == 0)
			return;
	}
}

/* A fresh socket, connected, so that only the server's datagrams arrive. */
static bool
open_udp(struct dns_lookup *l)
{
	struct sockaddr_storage to;
	socklen_t n = net_address_to_system(&l->dns->servers[l->server].address, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	bind_somewhere(fd, to.ss_family);
	if (sys.connect(fd, (struct sockaddr *)&to, n) == 0 &&
	    watch_start(l->dns->loop, &l->watch, fd, &l->task) == FAIL_NONE)
		return true;
	sys.close(fd);
	l->watch.fd = -1;
	return false;
}

static void
set_timer(struct dns_lookup *l)
{
	int64_t ms = l->dns->settings->timeout_ms;

	if (l->dns->turns.waiting > 0 && ms > CROWDED_MS)
		ms = CROWDED_MS;
	timer_start(l->dns->loop, &l->timer, &l->task, clock_mono_ms() + ms);
}

/* Start what waits, as far as the limit allows. */
static void
start_queued(struct dns *d)
{
	struct turn *t;

	while ((t = turn_next(&d->turns)) != NULL) {
		struct dns_lookup *l = container_of(t, struct dns_lookup, turn);

		timer_stop(d->loop, &l->timer);
		l->state = LOOKUP_SEND;
		task_wake(&l->task);
	}
}

/* --- the end -------------------------------------------------------------------------------- */

static enum lookup_state
finish(struct dns_lookup *l, enum fail fail, const struct dns_answer *answer)
{
	struct dns_entry *e = l->entry;

	close_all(l);
	turn_end(&l->dns->turns, &l->turn);
	l->entry = NULL;
	e->lookup = NULL;
	entry_finish(l->dns, e, fail, answer, l->is_secure);
	return LOOKUP_DONE;
}

static enum lookup_state
give_up(struct dns_lookup *l, const char *reason)
{
	log_info(&dns_log, "dns.failed", LOG_TEXT("name", buf_str(&l->name)),
	    LOG_NUM("type", l->type), LOG_TEXT("reason", str_c(reason)));
	return finish(l, FAIL_TEMP, NULL);
}

/* This try failed: the next server, or the end. */
static enum lookup_state
next_try(struct dns_lookup *l, const char *reason)
{
	size_t most = (size_t)l->dns->settings->tries * l->dns->server_count;

	log_debug(&dns_log, "dns.try.failed", LOG_TEXT("name", buf_str(&l->name)),
	    LOG_NUM("type", l->type), LOG_TEXT("reason", str_c(reason)));
	close_all(l);
	l->failures++;
	l->server = (l->server + 1) % size_max(l->dns->server_count, 1);
	l->has_no_edns = false;
	if (l->failures < most && l->sends < SENDS_MAX && !list_empty(&l->entry->waiting))
		return LOOKUP_SEND;
	return give_up(l, reason);
}

/* Nobody answered: others have their turn. */
static enum lookup_state
no_answer(struct dns_lookup *l)
{
	enum lookup_state next = next_try(l, "no answer in time");

	if (next != LOOKUP_SEND || l->dns->turns.waiting == 0)
		return next;
	turn_park(&l->dns->turns, &l->turn);
	timer_start(l->dns->loop, &l->timer, &l->task, l->wait_ms);
	l->state = LOOKUP_QUEUED;
	start_queued(l->dns);
	return l->state;
}

static enum lookup_state
step_queued(struct dns_lookup *l)
{
	return l->timer.has_fired ? give_up(l, "too much else is asked") : LOOKUP_QUEUED;
}

static bool
is_trusted(const struct dns_lookup *l)
{
	switch ((enum dns_trust)l->dns->settings->trust) {
	case DNS_TRUST_LOOPBACK:
		return net_address_is_loopback(&l->dns->servers[l->server].address);
	case DNS_TRUST_ALL: return true;
	case DNS_TRUST_NONE: break;
	}
	return false;
}

/* A good answer: the records, that there are none, or only a CNAME, which we ask for then. */
static enum lookup_state
take_answer(struct dns_lookup *l, struct dns_answer *answer)
{
	l->ttl_s = answer->ttl_s = answer->ttl_s < l->ttl_s ? answer->ttl_s : l->ttl_s;
	l->dns->server_first = l->server;
	l->is_secure = l->is_secure && answer->is_authentic && is_trusted(l);
	if (answer->is_partial && l->partials++ < PARTIAL_MAX) {
		close_all(l);
		if (dns_name_parse(answer->canonical, &l->name) != FAIL_NONE)
			return finish(l, FAIL_MISSING, answer);
		return LOOKUP_SEND;
	}
	return finish(l, answer->record_count > 0 ? FAIL_NONE : FAIL_MISSING, answer);
}

/* A packet with our id; LOOKUP_UDP or LOOKUP_TCP (no change) when it is not our answer. */
static enum lookup_state
judge(struct dns_lookup *l, struct str packet)
{
	struct dns_answer answer;

	arena_reset(&l->dns->scratch);
	if (dns_answer_parse(packet, buf_str(&l->name), l->type, &l->dns->scratch, &answer) !=
	    FAIL_NONE)
		return l->state;
	if (answer.is_truncated && l->state == LOOKUP_UDP) {
		close_udp(l);
		return LOOKUP_DIAL;
	}
	if ((answer.rcode == DNS_RCODE_FORMAT || answer.rcode == DNS_RCODE_UNKNOWN) &&
	    !l->has_no_edns) { /* RFC 6891 7 */
		close_all(l);
		l->has_no_edns = true;
		return LOOKUP_SEND;
	}
	if (answer.is_truncated || (answer.rcode != DNS_RCODE_OK && answer.rcode != DNS_RCODE_NAME))
		return next_try(l, "the server refused or failed");
	return take_answer(l, &answer);
}

/* --- the states ----------------------------------------------------------------------------- */

static enum lookup_state
step_send(struct dns_lookup *l)
{
	char bytes[512];
	struct buf packet;
	ssize_t n;

	l->sends++;
	l->dns->counts.sent++;
	if (l->dns->server_count == 0 || !open_udp(l))
		return next_try(l, "no server can be reached");
	sys_random(&l->id, sizeof l->id);
	buf_init(&packet, sizeof bytes);
	dns_question_write(&packet, l->id, buf_str(&l->name), l->type, !l->has_no_edns);
	n = sys.send(l->watch.fd, packet.p, packet.n, 0);
	buf_release(&packet);
	if (n < 0)
		return next_try(l, "the server cannot be reached");
	set_timer(l);
	return LOOKUP_UDP;
}

static enum lookup_state
step_udp(struct dns_lookup *l)
{
	for (unsigned i = 0; i <= DATAGRAMS_MAX; i++) {
		char *p = l->dns->net->scratch;
		ssize_t n = sys.recv(l->watch.fd, p, CONN_READ_BYTES, 0);
		uint16_t id;
		enum lookup_state state;

		if (i == DATAGRAMS_MAX)
			task_wake(&l->task); /* more may be there: soon, after the others */
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return next_try(l, "nobody listens there");
		if (n < 0)
			break;
		if (!dns_packet_id(str_of(p, (size_t)n), &id) || id != l->id)
			continue;
		state = judge(l, str_of(p, (size_t)n));
		if (state != LOOKUP_UDP)
			return state;
	}
	return l->timer.has_fired ? no_answer(l) : LOOKUP_UDP;
}

static enum lookup_state
step_dial(struct dns_lookup *l)
{
	struct buf question, *out;

	if (l->dial.net == NULL) {
		l->sends++;
		l->dns->counts.tcp++;
		conn_dial_start(&l->dial, l->dns->net, &l->task,
		    &l->dns->servers[l->server].address, l->dns->settings->timeout_ms);
	}
	if (op_pending(&l->dial.op))
		return LOOKUP_DIAL;
	if (l->dial.op.fail != FAIL_NONE)
		return next_try(l, "no connection");
	l->conn = l->dial.conn;
	l->dial = (struct conn_dial){ 0 };
	conn_attach(l->conn, &l->task);
	buf_init(&question, 512);
	dns_question_write(&question, l->id, buf_str(&l->name), l->type, !l->has_no_edns);
	out = conn_out(l->conn);
	buf_add_char(out, (char)(question.n >> 8)); /* RFC 7766 8: the length first */
	buf_add_char(out, (char)question.n);
	buf_add(out, buf_str(&question));
	buf_release(&question);
	set_timer(l);
	return LOOKUP_TCP;
}

static enum lookup_state
step_tcp(struct dns_lookup *l)
{
	struct str s = conn_peek(l->conn);
	enum lookup_state state;
	uint16_t id;
	size_t n;

	for (;;) {
		n = s.n < 2 ? 0 : ((size_t)(unsigned char)s.p[0] << 8 | (unsigned char)s.p[1]);
		if (s.n >= 2 && s.n - 2 >= n)
			break;
		if (!conn_more(l->conn)) {
			if (conn_closed(l->conn))
				return next_try(l, "the connection closed");
			return l->timer.has_fired ? no_answer(l) : LOOKUP_TCP;
		}
		s = conn_peek(l->conn);
	}
	s = str_slice(s, 2, n);
	if (!dns_packet_id(s, &id) || id != l->id)
		return next_try(l, "not an answer");
	state = judge(l, s);
	return state == LOOKUP_TCP ? next_try(l, "not an answer") : state;
}

static enum step
lookup_step(struct task *t)
{
	struct dns_lookup *l = container_of(t, struct dns_lookup, task);
	enum lookup_state before;

	do {
		before = l->state;
		switch (before) {
		case LOOKUP_QUEUED: l->state = step_queued(l); break;
		case LOOKUP_SEND: l->state = step_send(l); break;
		case LOOKUP_UDP: l->state = step_udp(l); break;
		case LOOKUP_DIAL: l->state = step_dial(l); break;
		case LOOKUP_TCP: l->state = step_tcp(l); break;
		case LOOKUP_DONE: return STEP_CLOSE;
		}
	} while (l->state != before || before == LOOKUP_SEND);
	return STEP_WAIT;
}

/* --- life ----------------------------------------------------------------------------------- */

void
lookup_free(struct dns_lookup *l)
{
	close_all(l);
	if (l->entry) { /* not finished, or never started */
		l->entry->lookup = NULL;
		turn_end(&l->dns->turns, &l->turn);
	}
	list_remove(&l->node);
	task_cancel(&l->task);
	buf_release(&l->name);
	mem_free(l);
}

struct dns_lookup *
lookup_of(struct list_node *node)
{
	return container_of(node, struct dns_lookup, node);
}

struct dns *
lookup_waits_for(const struct dns_lookup *l)
{
	return l->state == LOOKUP_QUEUED ? l->dns : NULL;
}

static void
lookup_reap(struct task *t)
{
	struct dns_lookup *l = container_of(t, struct dns_lookup, task);
	struct dns *d = l->dns;

	lookup_free(l);
	start_queued(d);
}

void
lookup_start(struct dns *d, struct dns_entry *e, const struct task *asker)
{
	struct dns_lookup *l = mem_new(1, sizeof *l);

	loop_task(d->loop, &l->task, lookup_step, lookup_reap);
	l->dns = d;
	l->entry = e;
	l->type = (enum dns_type)((unsigned char)e->key.p[0] << 8 | (unsigned char)e->key.p[1]);
	l->watch.fd = -1;
	l->is_secure = true;
	l->ttl_s = UINT32_MAX;
	buf_init(&l->name, DNS_NAME_MAX);
	buf_add(&l->name, str_from(e->key, 2));
	e->lookup = l;
	l->wait_ms = clock_mono_ms() + WAIT_MS;
	l->server = d->server_first < d->server_count ? d->server_first : 0;
	list_append(&d->lookups, &l->node);
	turn_begin(&d->turns, &l->turn, asker);
	start_queued(d);
	if (l->state == LOOKUP_QUEUED)
		timer_start(d->loop, &l->timer, &l->task, l->wait_ms);
}
