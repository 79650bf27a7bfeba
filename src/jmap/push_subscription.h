/*
 * push_subscription.h - the properties of a PushSubscription, as both its methods name them (RFC 8620 7.2).
 */
#ifndef JMAP_PUSH_SUBSCRIPTION_H
#define JMAP_PUSH_SUBSCRIPTION_H

#include <stdbool.h>

/* rooms */
#include "jmap/args.h"
#include "jmap/run.h"
#include "mail/push.h"

/* Is it there for this request: its time is not over, and it was made with the credentials that the request has? */
bool push_subscription_is_shown(const struct jmap_call *c, const struct push_subscription *s);

/* The value of "types". */
void push_subscription_types_write(struct json_writer *w, const struct push_subscription *s);

#endif
