#include "lib/zone_server.h"

/* system */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/name.h"
#include "dns/packet.h"
#include "dns/zone.h"

#define HEADER_BYTES   12
#define QUESTION_BYTES 512
#define STRING_MAX     255
#define TTL_S          1
#define SERVFAIL       2
#define NXDOMAIN       3

static void
add_u16(struct buf *out, size_t n)
{
	buf_add_char(out, (char)(n >> 8));
	buf_add_char(out, (char)n);
}

/* As a question has it, but for the header and the type and class. */
static void
add_name(struct buf *out, struct str name)
{
	struct buf question;

	if (str_eq(name, STR("."))) {
		buf_add_char(out, '\0');
		return;
	}
	buf_init(&question, QUESTION_BYTES);
	dns_question_write(&question, 0, name, DNS_A, false);
	buf_add(out, str_slice(buf_str(&question), HEADER_BYTES, question.n - HEADER_BYTES - 4));
	buf_release(&question);
}

static void
add_strings(struct buf *out, struct str text)
{
	do {
		struct str part = str_head(text, STRING_MAX);

		buf_add_char(out, (char)part.n);
		buf_add(out, part);
		text = str_from(text, part.n);
	} while (!str_empty(text));
}

static void
add_record(struct buf *out, enum dns_type type, const struct dns_record *r)
{
	struct buf data;

	buf_init(&data, DNS_PACKET_MAX);
	if (type == DNS_A || type == DNS_AAAA)
		buf_add(&data, str_of(r->address.bytes, type == DNS_A ? 4 : 16));
	if (type == DNS_MX)
		add_u16(&data, r->priority);
	if (type == DNS_MX || type == DNS_PTR)
		add_name(&data, r->name);
	if (type == DNS_TXT)
		add_strings(&data, r->bytes);
	buf_add(out, str_of("\xc0\x0c", 2)); /* the name of the question */
	add_u16(out, type);
	add_u16(out, 1);
	add_u16(out, 0);
	add_u16(out, TTL_S);
	add_u16(out, data.n);
	buf_add(out, buf_str(&data));
	buf_release(&data);
}

/* The name and where it ends; the questions of our own resolver are well made. */
static size_t
read_name(struct str packet, struct buf *name)
{
	size_t at = HEADER_BYTES;

	while (packet.p[at] != 0) {
		size_t n = (size_t)packet.p[at];

		if (name->n > 0)
			buf_add_char(name, '.');
		dns_name_write(name, str_slice(packet, at + 1, n));
		at += n + 1;
	}
	return at + 1;
}

static void
answer(struct zone_server *z, struct str packet, struct buf *out)
{
	struct dns_query q = { 0 };
	enum dns_type type;
	struct buf name;
	size_t end;
	unsigned code = 0;

	buf_init(&name, DNS_NAME_MAX);
	end = read_name(packet, &name);
	type = (enum dns_type)packet.p[end + 1];
	dns_query_start(&z->zone, &q, &z->task, buf_str(&name), type);
	if (q.op.fail != FAIL_NONE)
		code = q.op.fail != FAIL_MISSING ? SERVFAIL : q.is_name_missing ? NXDOMAIN : 0;
	buf_add(out, str_head(packet, 2));
	add_u16(out, 0x8180 + code);
	add_u16(out, 1);
	add_u16(out, q.record_count);
	add_u16(out, 0);
	add_u16(out, 0);
	buf_add(out, str_slice(packet, HEADER_BYTES, end + 4 - HEADER_BYTES));
	for (size_t i = 0; i < q.record_count; i++)
		add_record(out, type, &q.records[i]);
	dns_query_release(&q);
	buf_release(&name);
}

static enum step
server_step(struct task *t)
{
	struct zone_server *z = container_of(t, struct zone_server, task);
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char p[QUESTION_BYTES];
	ssize_t got;

	while ((got = recvfrom(z->watch.fd, p, sizeof p, 0, (struct sockaddr *)&from, &n)) >
	    HEADER_BYTES) {
		struct buf out;

		buf_init(&out, DNS_PACKET_MAX);
		z->questions++;
		answer(z, str_of(p, (size_t)got), &out);
		sendto(z->watch.fd, out.p, out.n, 0, (struct sockaddr *)&from, n);
		buf_release(&out);
	}
	return STEP_WAIT;
}

void
zone_server_start(struct zone_server *z, struct loop *loop, struct str text)
{
	struct net_address any = { .family = NET_ADDRESS_IPV4, .bytes = { 127, 0, 0, 1 } };
	struct sockaddr_storage storage;
	socklen_t n = net_address_to_system(&any, &storage);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct buf why;

	*z = (struct zone_server){ .loop = loop };
	buf_init(&why, 1000);
	invariant(dns_init(&z->zone, loop, NULL, &dns_settings_default, &why) == FAIL_NONE);
	invariant(dns_zone_read(&z->zone, text, &why) == FAIL_NONE);
	buf_release(&why);
	invariant(bind(fd, (struct sockaddr *)&storage, n) == 0);
	n = sizeof storage;
	invariant(getsockname(fd, (struct sockaddr *)&storage, &n) == 0);
	net_address_from_system(&storage, &any);
	snprintf(z->address, sizeof z->address, "127.0.0.1:%u", any.port);
	loop_task(loop, &z->task, server_step, NULL);
	invariant(watch_start(loop, &z->watch, fd, &z->task) == FAIL_NONE);
}

void
zone_server_stop(struct zone_server *z)
{
	int fd = z->watch.fd;

	watch_stop(z->loop, &z->watch);
	close(fd);
	task_cancel(&z->task);
	dns_release(&z->zone);
}
