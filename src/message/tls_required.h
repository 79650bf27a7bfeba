/*
 * tls_required.h - the TLS-Required header field (RFC 8689 3): a sender who would rather have a message go in clear than
 * not at all. Pure.
 */
#ifndef MESSAGE_TLS_REQUIRED_H
#define MESSAGE_TLS_REQUIRED_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Does the header say "TLS-Required: No"?
 * Strict: there is one such field, as the RFC has it, and no other one; what is unclear asks for nothing.
 */
bool tls_required_is_no(struct str head);

#endif
