/*
 * imap_stage.h - IMAP sessions over the stage of lib/dialogue.h, logged in as alice.
 *
 * Directives of its dialogues, before the first session:
 *
 *     @separator .         [imap] separator
 *     @prefix TEXT         [imap] prefix
 *     @admin               [imap] admin: alice@example.test
 *     @messagelimit N      [imap] message-limit, lower than an owner may set it
 */
#ifndef TEST_LIB_IMAP_STAGE_H
#define TEST_LIB_IMAP_STAGE_H

#include "imap/imap.h"
#include "lib/dialogue.h"

struct imap_stage {
	struct imap_service service;
	struct imap_listener kind;
	struct imap_settings rules; /* the service's, unless a test gives it others */
	struct listener listener;
};

extern struct imap_stage imap_stage;
extern const struct dialogue_room imap_stage_room;

/* What the peer is told for this; valid until the next. */
struct str imap_ask(struct dialogue_peer *p, const char *lines);
struct str imap_ask_bytes(struct dialogue_peer *p, struct str bytes);

#endif
