/*
 * jmap_watch - many EventSource listeners, and how soon all of them hear of a delivery.
 *
 *     jmap_watch HTTP_PORT LMTP_PORT CONNECTIONS PASSWORD USER..
 *
 * Goes to 127.0.0.1; the users take turns. It prints "ready" when all listen. For each line of its input it delivers a
 * message to all users by LMTP and prints the milliseconds from reading the first 250 to reading the first and the last
 * StateChange (below zero: it came before), when all have heard.
 */
/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"

/* rooms */
#include "codec/base64.h"
#include "lib/load.h"

#define MESSAGE_BYTES 1000
#define DIALED_MAX    20 /* not all at once: a queue of connects is short */

struct watch {
	struct load load;
	struct load_link *lmtp;
	char **users;
	uint32_t user_count, listening, heard, messages;
	const char *password;
	uint32_t replies;                                 /* of LMTP, still to come */
	int64_t stored_us, first_heard_us, last_heard_us; /* of the delivery under way */
};

static void
add_request(struct watch *w, struct load_link *k)
{
	struct buf plain;

	buf_init(&plain, 1000);
	buf_add_c(&plain, w->users[k->number % w->user_count]);
	buf_add_char(&plain, ':');
	buf_add_c(&plain, w->password);
	buf_add_c(&k->out,
	    "GET /jmap/eventsource?types=*&closeafter=no&ping=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	    "Authorization: Basic ");
	base64_write(&k->out, buf_str(&plain));
	buf_add_c(&k->out, "\r\n\r\n");
	buf_release(&plain);
}

static void
take_event(struct watch *w, struct load_link *k, struct str line)
{
	if (str_starts(line, STR("HTTP/1.1 "))) {
		if (!str_starts(line, STR("HTTP/1.1 200")))
			load_die(&w->load, "refused", line);
	} else if (str_starts(line, STR(": open"))) {
		w->listening++;
	} else if (str_starts(line, STR("data: ")) && k->user != &w->messages) {
		k->user = &w->messages; /* it has heard of this one */
		w->last_heard_us = clock_precise_us();
		if (w->heard++ == 0)
			w->first_heard_us = w->last_heard_us;
	}
}

static void
take(struct load_link *k, struct str line, void *arg)
{
	struct watch *w = arg;

	if (k != w->lmtp) {
		take_event(w, k, line);
		return;
	}
	if (line.n < 4 || (line.p[0] != '2' && line.p[0] != '3'))
		load_die(&w->load, "refused", line);
	if (line.p[3] == '-')
		return;
	if (w->stored_us == 0 && str_starts(line, STR("250")))
		w->stored_us = clock_precise_us();
	w->replies--;
}

/* Send what LMTP is to be told, and wait for its replies. */
static void
converse(struct watch *w, uint32_t replies)
{
	w->replies = replies;
	load_send(&w->load, w->lmtp);
	while (w->replies > 0)
		load_turn(&w->load, take, w);
}

/* All of it at once but the content, which waits for the reply to DATA. */
static void
deliver(struct watch *w)
{
	struct buf *out = &w->lmtp->out;

	w->heard = 0;
	for (uint32_t i = 0; i < w->load.count; i++)
		w->load.links[i]->user = NULL;
	buf_add_c(out, "MAIL FROM:<sender@client.test>\r\n");
	for (uint32_t i = 0; i < w->user_count; i++) {
		buf_add_c(out, "RCPT TO:<");
		buf_add_c(out, w->users[i]);
		buf_add_c(out, ">\r\n");
	}
	buf_add_c(out, "DATA\r\n");
	converse(w, w->user_count + 2);
	load_message_write(out, w->users[0], w->messages++, MESSAGE_BYTES);
	buf_add_c(out, ".\r\n");
	w->stored_us = 0;
	converse(w, w->user_count);
	while (w->heard < w->listening)
		load_turn(&w->load, take, w);
	printf("%.3f %.3f\n", (double)(w->first_heard_us - w->stored_us) / 1e3,
	    (double)(w->last_heard_us - w->stored_us) / 1e3);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct watch w = { .messages = 0 };
	uint32_t connections;
	char line[100];

	load_init(&w.load, "jmap_watch");
	if (argc < 6)
		load_die(&w.load, "usage",
		    STR("jmap_watch HTTP_PORT LMTP_PORT CONNECTIONS PASSWORD USER.."));
	connections = load_number(&w.load, argv[3]);
	w.password = argv[4];
	w.users = argv + 5;
	w.user_count = (uint32_t)argc - 5;
	w.lmtp = load_dial(&w.load, (uint16_t)load_number(&w.load, argv[2]));
	buf_add_c(&w.lmtp->out, "LHLO client.test\r\n");
	converse(&w, 2);
	for (uint32_t i = 0; i < connections; i++) {
		struct load_link *k = load_dial(&w.load, (uint16_t)load_number(&w.load, argv[1]));

		add_request(&w, k);
		load_send(&w.load, k);
		while (i + 1 - w.listening > DIALED_MAX)
			load_turn(&w.load, take, &w);
	}
	while (w.listening < connections)
		load_turn(&w.load, take, &w);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		deliver(&w);
	load_release(&w.load);
	return 0;
}
