/*
 * imap_watch - many sessions in IDLE on one mailbox, and how soon all of them hear of a delivery.
 *
 *     imap_watch IMAP_PORT LMTP_PORT CONNECTIONS USER PASSWORD
 *
 * Goes to 127.0.0.1 and prints "ready" when all are in IDLE. For each line of its input it delivers a message by
 * LMTP and prints the milliseconds from reading its 250 to reading the first and the last EXISTS (below zero: it
 * came before), when all have heard.
 */
/* system */
#include <stdio.h>

/* base */
#include "base/clock.h"

/* rooms */
#include "lib/load.h"

#define MESSAGE_BYTES 1000

struct watch {
	struct load load;
	struct load_link *lmtp;
	const char *user, *password;
	uint32_t idling, heard, messages;
	int replies;                                      /* of LMTP, still to come */
	int64_t stored_us, first_heard_us, last_heard_us; /* of the delivery under way */
};

static void
take_imap(struct watch *w, struct load_link *k, struct str line)
{
	if (str_starts(line, STR("* OK "))) {
		if (k->user == NULL)
			load_login_write(&k->out, "a", w->user, w->password);
		k->user = w;
	} else if (str_starts(line, STR("a OK"))) {
		buf_add_c(&k->out, "b SELECT INBOX\r\n");
	} else if (str_starts(line, STR("b OK"))) {
		buf_add_c(&k->out, "c IDLE\r\n");
	} else if (str_starts(line, STR("+ "))) {
		w->idling++;
	} else if (!str_starts(line, STR("* "))) {
		load_die(&w->load, "refused", line);
	} else if (w->idling == w->load.count - 1 && str_find(line, STR(" EXISTS")) != STR_NONE) {
		w->last_heard_us = clock_precise_us();
		if (w->heard++ == 0)
			w->first_heard_us = w->last_heard_us;
	}
}

static void
take_lmtp(struct watch *w, struct str line)
{
	if (line.n < 4 || (line.p[0] != '2' && line.p[0] != '3'))
		load_die(&w->load, "refused", line);
	if (line.p[3] != '-' && --w->replies == 0)
		w->stored_us = clock_precise_us();
}

static void
take(struct load_link *k, struct str line, void *arg)
{
	struct watch *w = arg;

	if (k == w->lmtp)
		take_lmtp(w, line);
	else
		take_imap(w, k, line);
}

/* All of it at once but the content, which waits for the reply to DATA. */
static void
deliver(struct watch *w)
{
	struct buf *out = &w->lmtp->out;

	w->heard = 0;
	buf_add_c(out, "MAIL FROM:<sender@client.test>\r\nRCPT TO:<");
	buf_add_c(out, w->user);
	buf_add_c(out, ">\r\nDATA\r\n");
	w->replies = 3;
	load_send(&w->load, w->lmtp);
	while (w->replies > 0)
		load_turn(&w->load, take, w);
	load_message_write(out, w->user, w->messages++, MESSAGE_BYTES);
	buf_add_c(out, ".\r\n");
	w->replies = 1;
	load_send(&w->load, w->lmtp);
	while (w->replies > 0 || w->heard < w->idling)
		load_turn(&w->load, take, w);
	printf("%.3f %.3f\n", (double)(w->first_heard_us - w->stored_us) / 1e3,
	    (double)(w->last_heard_us - w->stored_us) / 1e3);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct watch w = { .replies = 2 };
	uint32_t connections;
	char line[100];

	load_init(&w.load, "imap_watch");
	if (argc != 6)
		load_die(&w.load, "usage",
		    STR("imap_watch IMAP_PORT LMTP_PORT CONNECTIONS USER PASSWORD"));
	connections = load_number(&w.load, argv[3]);
	w.user = argv[4];
	w.password = argv[5];
	w.lmtp = load_dial(&w.load, (uint16_t)load_number(&w.load, argv[2]));
	buf_add_c(&w.lmtp->out, "LHLO client.test\r\n");
	load_send(&w.load, w.lmtp);
	for (uint32_t i = 0; i < connections; i++) {
		load_dial(&w.load, (uint16_t)load_number(&w.load, argv[1]));
		while (w.load.count - 1 - w.idling >
		    20) /* not all at once: a queue of connects is short */
			load_turn(&w.load, take, &w);
	}
	while (w.idling < connections || w.replies > 0)
		load_turn(&w.load, take, &w);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		deliver(&w);
	load_release(&w.load);
	return 0;
}
