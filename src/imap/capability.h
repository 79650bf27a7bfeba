/*
 * capability.h - what this server can do beyond the base protocol, by name (RFC 9051 6.1.1; private to the room).
 *
 * A row of command.c, and whoever reads an option that an extension brought, asks imap_offers(): what the owner
 * switched off ([imap] without) is as unknown as what nobody wrote. Which of them are true at a moment, such as
 * STARTTLS, is the table's affair in capability.c.
 */
#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct imap_session;

/* Their names, CAP_BASE left out; NULL at the end. For [imap] without, too. */
extern const char *const imap_capability_names[];

enum imap_capability { /* in the order of the list */
	CAP_BASE,      /* of the base protocol: it has no name and cannot be switched off */
	CAP_REV1,      /* RFC 3501 */
	CAP_REV2,      /* RFC 9051 */
	CAP_LITERAL,   /* LITERAL+: RFC 7888 */
	CAP_SASL_IR,   /* RFC 4959 */
	CAP_ID,        /* RFC 2971 */
	CAP_ENABLE,    /* RFC 5161 */
	CAP_IDLE,      /* RFC 2177 */
	CAP_STARTTLS,  /* RFC 9051 6.2.1 */
	CAP_LOGINDISABLED,
	CAP_NAMESPACE,          /* RFC 2342 */
	CAP_CHILDREN,           /* RFC 3348 */
	CAP_LIST_EXTENDED,      /* RFC 5258 */
	CAP_LIST_STATUS,        /* RFC 5819 */
	CAP_ACL,                /* RFC 4314 */
	CAP_RIGHTS,             /* RFC 4314 5.1.1 */
	CAP_LIST_MYRIGHTS,      /* RFC 8440 */
	CAP_LIST_METADATA,      /* RFC 9590 */
	CAP_METADATA,           /* RFC 5464 */
	CAP_METADATA_SERVER,    /* RFC 5464: the empty name alone */
	CAP_QUOTA,              /* RFC 9208 */
	CAP_QUOTA_STORAGE,      /* RFC 9208 5.1 */
	CAP_QUOTA_MESSAGE,      /* RFC 9208 5.2 */
	CAP_QUOTASET,           /* RFC 9208 4.1.3 */
	CAP_SPECIAL_USE,        /* RFC 6154 */
	CAP_CREATE_SPECIAL_USE, /* RFC 6154 */
	CAP_STATUS_SIZE,        /* RFC 8438 */
	CAP_UNSELECT,           /* RFC 3691 */
	CAP_UIDPLUS,            /* RFC 4315 */
	CAP_MOVE,               /* RFC 6851 */
	CAP_ESEARCH,            /* RFC 4731 */
	CAP_SEARCHRES,          /* RFC 5182 */
	CAP_SORT,               /* RFC 5256 */
	CAP_SORT_DISPLAY,       /* RFC 5957 */
	CAP_ESORT,              /* RFC 5267 */
	CAP_PARTIAL,            /* RFC 9394 */
	CAP_WITHIN,             /* RFC 5032 */
	CAP_FILTERS,            /* RFC 5466 */
	CAP_SEARCH_FUZZY,       /* RFC 6203 */
	CAP_I18NLEVEL_1,        /* RFC 5255: i;unicode-casemap everywhere */
	CAP_BINARY,             /* RFC 3516 */
	CAP_OBJECTID,           /* RFC 8474 */
	CAP_MULTIAPPEND,        /* RFC 3502 */
	CAP_CATENATE,           /* RFC 4469 */
	CAP_APPENDLIMIT,        /* RFC 7889 */
	CAP_REPLACE,            /* RFC 8508 */
	CAP_UTF8_ACCEPT,        /* RFC 6855, RFC 9755 */
	CAP_COMPRESS,           /* RFC 4978 */
	CAP_CONDSTORE,          /* RFC 7162 */
	CAP_QRESYNC,            /* RFC 7162 */
	/* RFC 5256; REFS: draft-ietf-morg-inthread */
	CAP_THREAD_ORDEREDSUBJECT,
	CAP_THREAD_REFERENCES,
	CAP_THREAD_REFS,
	CAP_MULTISEARCH,    /* RFC 7377 */
	CAP_UNAUTHENTICATE, /* RFC 8437 */
	CAP_PREVIEW,        /* RFC 8970 */
	CAP_JMAPACCESS,     /* RFC 9698 */
	CAP_CONTEXT_SEARCH, /* RFC 5267 */
	CAP_CONTEXT_SORT,   /* RFC 5267 */
	CAP_UIDONLY,        /* RFC 9586 */
	CAP_SAVEDATE,       /* RFC 8514 */
	CAP_INPROGRESS,     /* RFC 9585 */
	CAP_NOTIFY,         /* RFC 5465 */
	CAP_MESSAGELIMIT,   /* RFC 9738 */
	CAP_COUNT
};

struct imap_capabilities { /* a set of them */
	uint64_t bits[(CAP_COUNT + 63) / 64];
};

/* Add to what is off those that a list of names (of imap_capability_names, in any case) has, and what needs them. */
void imap_capabilities_add(struct imap_capabilities *set, struct str names);

/* Add one; CAP_BASE is none. */
void imap_capabilities_put(struct imap_capabilities *set, enum imap_capability c);

/* Not switched off for this session: one; all of a set. */
/* Switch off for this session what the owner did, for all and for its account. */
void imap_capabilities_choose(struct imap_session *s);
/* Not switched off for this session. */
bool imap_offers(const struct imap_session *s, enum imap_capability c);
bool imap_offers_all(const struct imap_session *s, const struct imap_capabilities *set);

/* "CAPABILITY IMAP4rev2 .." as it is true now, without line end. */
void imap_capability_write(struct imap_session *s, struct buf *out);

#endif
