/*
 * rights.h - rights as letters (RFC 4314 2.1), and the flags that they let somebody change (pure).
 */
#ifndef IMAP_RIGHTS_H
#define IMAP_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/acl.h"

/* What MYRIGHTS needs one of, and METADATA beside "l" (RFC 4314 4, RFC 5464 3.3). */
#define RIGHTS_ANY \
	(ACL_LOOKUP | ACL_READ | ACL_INSERT | ACL_CREATE | ACL_DELETE_MAILBOX | ACL_ADMINISTER)
#define RIGHTS_OF_CONTENT (ACL_READ | ACL_SEEN | ACL_WRITE | ACL_INSERT | ACL_POST)

/* What opens a mailbox for writing (RFC 4314 5.2). */
#define RIGHTS_TO_WRITE (ACL_INSERT | ACL_EXPUNGE | ACL_SEEN | ACL_WRITE | ACL_DELETE)

/* How a modification changes rights. */
enum rights_how { RIGHTS_REPLACE, RIGHTS_ADD, RIGHTS_REMOVE };

/* ["+" / "-"] rights; "c" and "d" are their names before RFC 4314. False: a letter is not known. */
MUST_CHECK bool imap_rights_parse(struct str text, enum rights_how *how_out, unsigned *rights_out);

/* "lrswipkxtea", with "c" and "d" where a part of them is given (RFC 4314 2.1.1). */
void imap_rights_write(struct buf *out, unsigned rights);

/* The flags that may be set and taken away. */
uint64_t imap_rights_flags(unsigned rights);

#endif
