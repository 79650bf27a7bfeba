/*
 * ldap_ask.h - the questions of a source (directory/source.h) as searches: fills in the engine's rows.
 */
#ifndef BACKEND_LDAP_ASK_H
#define BACKEND_LDAP_ASK_H

#include "backend/ldap_entry.h"

/* FAIL_TEMP: no answer, whatever rows there are. */
MUST_CHECK enum fail ldap_ask(struct ldap_engine *e, enum source_question question, struct str key);

/*
 * The entry of an account: its DN, and what attribute-changed says, which may be empty. FAIL_MISSING; FAIL_TEMP: also when
 * the filter finds two.
 */
MUST_CHECK enum fail ldap_ask_entry(struct ldap_engine *e, struct str name, struct buf *dn_out,
    struct buf *changed_out);

#endif
