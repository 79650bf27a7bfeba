/*
 * jmap_stage.h - JMAP requests of alice, with a queue and other hosts beside (queue_stage.h): what is sent by them.
 *
 * Requests and answers are written with ' for " to be readable. Rows of a story run one after the other.
 */
#ifndef TEST_LIB_JMAP_STAGE_H
#define TEST_LIB_JMAP_STAGE_H

/* rooms */
#include "jmap/jmap.h"
#include "lib/queue_stage.h"
#include "policy/policy.h"
#include "policy/settings.h"

struct jmap_row {
	const char *name, *calls, *want; /* method calls, method responses */
};

struct jmap_stage {
	struct policy *policy;
	struct policy_settings checks;
	struct jmap *jmap;
	struct account *account; /* alice's */
	struct jmap_sending sending;
	struct buf got;        /* the last answer */
	void (*between)(void); /* NULL, or called in each turn of a request: others do something */
	bool is_unlimited,
	    has_catch_all; /* before a story begins: no limits of sending; @any.test is alice's */
};

extern struct jmap_stage jmap_stage;

/* A new stage with these Emails in alice's Drafts (e1, e2 ..), and its end: records and logs must agree. */
void jmap_stage_begin(const char *name, const char *const *emails, size_t count);
void jmap_stage_end(void);

/* sending changed */
void jmap_stage_send_anew(void);

void jmap_stage_run(const char *calls);

/* The rows, each settled; whole answers are compared. */
void jmap_stage_play(const struct jmap_row *rows, size_t count);

/* The last answer has this text in it; shows it when not. */
void jmap_stage_has(const char *name, const char *text);

#endif
