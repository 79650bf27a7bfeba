/*
 * url.h - relative URLs of messages and parts (RFC 5092), as CATENATE has them (RFC 4469 3).
 *
 *     /Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.MIME/;PARTIAL=0.1000
 *     ;UID=20/;SECTION=HEADER        of the selected mailbox
 *
 * Not done: URLs with a scheme or a server, and those of searches: CATENATE has no use for them.
 */
#ifndef IMAP_URL_H
#define IMAP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/fetch.h"

enum imap_url_base {
	URL_ROOT,     /* the mailbox is a whole path */
	URL_SIBLING,  /* it stands beside the selected one (RFC 3986 5.2.3) */
	URL_SELECTED, /* no mailbox was named: the selected one */
};

struct imap_url {
	enum imap_url_base base;
	struct str mailbox;    /* arena; decoded, UTF-8 */
	uint32_t uid_validity; /* 0: any */
	uint32_t uid;
	struct imap_fetch_item item; /* the section, as FETCH BODY[..] would have it */
};

/* False: not such a URL, or the arena is full. */
MUST_CHECK bool imap_url_parse(struct arena *arena, struct str text, struct imap_url *out);

/* url-resp-text of BADURL: what may not stand there is percent-encoded. */
void imap_url_write(struct buf *out, struct str text);

#endif
