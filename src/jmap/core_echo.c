/*
 * Core/echo (RFC 8620 4): the arguments come back as they are.
 */
#include "jmap/methods.h"

enum jmap_step
jmap_core_echo(struct jmap_call *c)
{
	json_write_value(&c->w, c->args);
	return JMAP_DONE;
}
