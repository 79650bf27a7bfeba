/*
 * push_subscription.h - the properties of a PushSubscription, as both its methods name them (RFC 8620 7.2).
 */
#ifndef JMAP_PUSH_SUBSCRIPTION_H
#define JMAP_PUSH_SUBSCRIPTION_H

#include <stdbool.h>

/* rooms */
#include "jmap/args.h"
#include "mail/push.h"

/* Past its time: it is not there any more, whether or not its record still is. */
bool push_subscription_is_over(const struct push_subscription *s);

/* The value of "types". */
void push_subscription_types_write(struct json_writer *w, const struct push_subscription *s);

#endif
