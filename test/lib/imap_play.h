/*
 * imap_play.h - commands at random: saying one, hearing what everybody is told, sets of messages (imap_model.h).
 */
#ifndef TEST_LIB_IMAP_PLAY_H
#define TEST_LIB_IMAP_PLAY_H

#include "lib/imap_model.h"

#define PLAY_CLIENTS  3
#define PLAY_OBSERVER 4 /* its peer */

extern struct client play_clients[PLAY_CLIENTS + 1]; /* from 1 */
extern char play_tag[20];                            /* of the last command */

unsigned play_below(unsigned n); /* of chance.h; n is above 0 */

/* Send a command with a new tag, until nobody has anything to do. */
void play_say(struct client *c, const char *text);

/* The model is as it must be now: look at everything, and at what everybody was told. */
void play_hear(struct client *c);

/* Does it begin so? */
bool play_is_told(const char *text, const char *start);

struct play_pick {
	char text[200];
	bool is_uid;
	uint32_t uids[MODEL_MESSAGES]; /* of messages the client knows */
	size_t count;
	bool has_ghost;
};

/* One to three ranges, by UID or by number, sometimes with "*". */
void play_pick(const struct client *c, struct play_pick *p);

/* Its number or UID in this client's eyes. */
uint32_t play_number(struct client *c, const struct play_pick *p, uint32_t uid);

/* The set behind `before` in a response is exactly these; none: `before` does not stand there. */
void play_set_check(const char *text, const char *before, const uint32_t *want, size_t count);

#endif
