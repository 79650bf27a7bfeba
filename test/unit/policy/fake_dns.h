/*
 * fake_dns.h - a DNS server on loopback that answers from a table, for a fixture's policy.
 *
 * A name without any row does not exist; a name without a row of the type asked for has no such record.
 * Special data: "!fails" is SERVFAIL, "!silent" is no answer at all. What was asked is written down.
 */
#ifndef TEST_POLICY_FAKE_DNS_H
#define TEST_POLICY_FAKE_DNS_H

#include "fixture.h"

/* system */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_row {
	const char *name;
	enum dns_type type;
	const char *data; /* address, name, text */
};

static struct {
	const struct fake_row *rows; /* up to one without a name */
	struct fixture *fixture;
	struct task task, owner;
	struct watch watch;
	struct net net;
	struct dns dns;
	struct dns_settings settings;
	char server[32];
	struct buf asked; /* "name type\n" .. */
} fake;

/* --- packets ------------------------------------------------------------------------------------------ */

static void
fake_add_u16(struct buf *out, size_t n)
{
	buf_add_char(out, (char)(n >> 8));
	buf_add_char(out, (char)n);
}

static void
fake_add_name(struct buf *out, struct str name)
{
	struct str label;

	while (!str_eq(name, STR(".")) && str_next_part(&name, '.', &label)) {
		buf_add_char(out, (char)label.n);
		buf_add(out, label);
	}
	buf_add_char(out, '\0');
}

static void
fake_add_data(struct buf *out, const struct fake_row *row)
{
	struct net_address a;
	struct str data = str_c(row->data);

	switch (row->type) {
	case DNS_A:
	case DNS_AAAA:
		invariant(net_address_parse(data, &a) == FAIL_NONE);
		buf_add(out, str_of(a.bytes, row->type == DNS_A ? 4 : 16));
		break;
	case DNS_MX:
		fake_add_u16(out, 10);
		fake_add_name(out, data);
		break;
	case DNS_TXT:
		while (data.n > 0) {
			struct str piece = str_head(data, 255);

			buf_add_char(out, (char)piece.n);
			buf_add(out, piece);
			data = str_from(data, piece.n);
		}
		break;
	case DNS_PTR: fake_add_name(out, data); break;
	case DNS_CNAME:
	case DNS_SRV:
	case DNS_TLSA:
	case DNS_CAA: break;
	}
}

static void
fake_add_record(struct buf *out, const struct fake_row *row)
{
	struct buf data;

	buf_init(&data, 4000);
	fake_add_data(&data, row);
	fake_add_u16(out, 0xc00c);
	fake_add_u16(out, row->type);
	fake_add_u16(out, 1);
	fake_add_u16(out, 0);
	fake_add_u16(out, 300);
	fake_add_u16(out, data.n);
	buf_add(out, buf_str(&data));
	buf_release(&data);
}

/* Bytes of the question; its name goes to `name`, its type to *type_out. */
static struct str
fake_read_question(struct str packet, struct buf *name, unsigned *type_out)
{
	size_t at = 12;

	while (packet.p[at] != 0) {
		size_t n = (size_t)packet.p[at];

		if (name->n > 0)
			buf_add_char(name, '.');
		for (size_t i = 1; i <= n; i++)
			buf_add_char(name, char_lower(packet.p[at + i]));
		at += n + 1;
	}
	*type_out = (unsigned char)packet.p[at + 2];
	return str_slice(packet, 12, at + 5 - 12);
}

/* False: no answer. */
static bool
fake_answer(struct str packet, struct buf *out)
{
	struct buf name, records;
	struct str question;
	unsigned type, count = 0, code = 3;
	bool is_silent = false;

	buf_init(&name, 300);
	buf_init(&records, 8000);
	question = fake_read_question(packet, &name, &type);
	buf_add(&fake.asked, buf_str(&name));
	buf_add_char(&fake.asked, ' ');
	buf_add_u64(&fake.asked, type);
	buf_add_char(&fake.asked, '\n');
	for (const struct fake_row *row = fake.rows; row->name; row++) {
		if (!str_eq(buf_str(&name), str_c(row->name)))
			continue;
		code = code == 3 ? 0 : code;
		if (row->type != type)
			continue;
		if (strcmp(row->data, "!silent") == 0) {
			is_silent = true;
		} else if (strcmp(row->data, "!fails") == 0) {
			code = 2;
		} else {
			fake_add_record(&records, row);
			count++;
		}
	}
	buf_add(out, str_head(packet, 2));
	fake_add_u16(out, 0x8180 + code);
	fake_add_u16(out, 1);
	fake_add_u16(out, count);
	fake_add_u16(out, 0);
	fake_add_u16(out, 0);
	buf_add(out, question);
	buf_add(out, buf_str(&records));
	buf_release(&name);
	buf_release(&records);
	return !is_silent;
}

static enum step
fake_step(struct task *t)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char p[1500];
	ssize_t got;

	(void)t;
	while ((got = recvfrom(fake.watch.fd, p, sizeof p, 0, (struct sockaddr *)&from, &n)) > 12) {
		struct buf out;

		buf_init(&out, 10000);
		if (fake_answer(str_of(p, (size_t)got), &out))
			sendto(fake.watch.fd, out.p, out.n, 0, (struct sockaddr *)&from, n);
		buf_release(&out);
	}
	return STEP_WAIT;
}

/* --- the stage ---------------------------------------------------------------------------------------- */

static enum step
fake_owner_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
fake_listen(void)
{
	struct net_address any = { .family = NET_ADDRESS_IPV4, .bytes = { 127, 0, 0, 1 } };
	struct sockaddr_storage storage;
	socklen_t n = net_address_to_system(&any, &storage);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	invariant(fd >= 0 && bind(fd, (struct sockaddr *)&storage, n) == 0);
	invariant(getsockname(fd, (struct sockaddr *)&storage, &n) == 0);
	net_address_from_system(&storage, &any);
	snprintf(fake.server, sizeof fake.server, "127.0.0.1:%u", any.port);
	invariant(watch_start(&fake.fixture->loop, &fake.watch, fd, &fake.task) == FAIL_NONE);
}

/* Open the fixture, the server, a resolver that asks it, and a policy that asks that. */
static void
fake_dns_open(struct fixture *f, const char *name, const struct fake_row *rows)
{
	struct buf why = { .max = 1000 };

	fixture_open(f, name);
	policy_close(&f->policy);
	fake.rows = rows;
	fake.fixture = f;
	buf_init(&fake.asked, 100000);
	net_init(&fake.net, &f->loop, &net_settings_default);
	loop_task(&f->loop, &fake.task, fake_step, NULL);
	loop_task(&f->loop, &fake.owner, fake_owner_step, NULL);
	fake_listen();
	fake.settings = dns_settings_default;
	fake.settings.servers = str_c(fake.server);
	fake.settings.timeout_ms = MINUTE_MS;
	fake.settings.tries = 1;
	invariant(dns_init(&fake.dns, &f->loop, &fake.net, &fake.settings, &why) == FAIL_NONE);
	policy_open(&f->policy, &f->loop, f->store, &fake.dns, &f->settings);
	buf_release(&why);
}

/* With the fixture's settings as they are now, and nothing cached. */
static void
fake_dns_restart(void)
{
	struct fixture *f = fake.fixture;
	struct buf why = { .max = 1000 };

	policy_close(&f->policy);
	dns_release(&fake.dns);
	invariant(dns_init(&fake.dns, &f->loop, &fake.net, &fake.settings, &why) == FAIL_NONE);
	policy_open(&f->policy, &f->loop, f->store, &fake.dns, &f->settings);
	buf_clear(&fake.asked);
	buf_release(&why);
}

static void
fake_dns_close(void)
{
	struct fixture *f = fake.fixture;
	int fd = fake.watch.fd;

	policy_close(&f->policy);
	dns_release(&fake.dns);
	watch_stop(&f->loop, &fake.watch);
	close(fd);
	task_cancel(&fake.task);
	net_release(&fake.net);
	buf_release(&fake.asked);
	fixture_stop(f);
}

/* Until the op ends, or nothing more can come: everything goes over loopback, at once. */
static void
fake_dns_wait(const struct op *op)
{
	for (int i = 0; i < 40 && op_pending(op); i++)
		loop_turn(&fake.fixture->loop, 2);
}

static bool
fake_was_asked(const char *text)
{
	return str_find(buf_str(&fake.asked), str_c(text)) != STR_NONE;
}

static int
fake_count_asked(void)
{
	struct str cur = buf_str(&fake.asked), line;
	int n = 0;

	while (str_take_until(&cur, '\n', &line))
		n++;
	return n;
}

#endif
