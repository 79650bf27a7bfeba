/*
 * email_create.h - Email/set create: the message is made, written in slices, and added (RFC 8621 4.6).
 *
 *     IDLE --email_make(), all contents are there--> WRITING --a slice ends--> WRITING (SET_YIELD) --all is written-->
 *       \--some are to be decoded--> LOADING (SET_YIELD) --they are there--> IDLE                     added, IDLE
 *
 * The functions are those of struct jmap_set_type. One Email is under way at a time, and what it needs is held
 * until it is added or refused; blobs are read in place.
 */
#ifndef JMAP_EMAIL_CREATE_H
#define JMAP_EMAIL_CREATE_H

/* rooms */
#include "jmap/set.h"

bool email_create_begin(struct jmap_call *c, void **more_out);
enum jmap_set_said email_create(struct jmap_call *c, void *more, const struct json *object,
    uint64_t *id_out, struct jmap_set_error *e);
enum fail email_created(struct jmap_call *c, void *more, uint64_t id);
void email_create_end(void *more);

#endif
