/*
 * limits.h - the room's limits; the session resource tells clients the first group (RFC 8620 2).
 */
#ifndef JMAP_LIMITS_H
#define JMAP_LIMITS_H

#define JMAP_REQUEST_MAX    (10 * 1000 * 1000) /* bytes of one request: maxSizeRequest */
#define JMAP_CONCURRENT_MAX 10   /* requests of one user at once: maxConcurrentRequests */
#define JMAP_UPLOADS_MAX    10   /* uploads of one user at once: maxConcurrentUpload */
#define JMAP_CALLS_MAX      64   /* method calls in one request: maxCallsInRequest */
#define JMAP_GET_MAX        1000 /* ids of one /get: maxObjectsInGet */
#define JMAP_SET_MAX        1000 /* objects of one /set: maxObjectsInSet */
#define JMAP_MAILBOXES_MAX  50   /* mailboxes of one Email: maxMailboxesPerEmail */

#define JMAP_SOURCES_MAX  100               /* sources of one blob: maxDataSources */
#define JMAP_BLOB_SET_MAX (8 * 1000 * 1000) /* bytes of a blob made of sources: maxSizeBlobSet */
#define JMAP_BLOB_DATA_MAX \
	(4 * 1000 * 1000) /* bytes of a blob in a response; larger ones are for downloads */
/* Bytes of a part that is decoded in memory; of all that are decoded to find the contents of one Email. */
#define JMAP_DECODED_MAX (64 * 1024 * 1024)

#define JMAP_RESPONSE_MAX (48 * 1024 * 1024) /* bytes of one response; past it requestTooLarge */
#define JMAP_LARGE_BYTES \
	(256 * \
	    1024) /* a larger request waits for other such: of a smaller one, the tree has a few MB */
#define JMAP_TREE_MAX (96 * 1024 * 1024) /* bytes of a request as a tree, references too */
#define JMAP_CALL_MAX (64 * 1024 * 1024) /* bytes that one method call may use */
/* Bytes of all contents of one Email that is created; as base64 it is what other hosts may still take. */
#define JMAP_ATTACHMENTS_MAX (50 * 1000 * 1000)

#define JMAP_PROPERTIES_MAX 500 /* properties named in one list: far more than any type has */
#define JMAP_HEADERS_MAX    50  /* "header:.." among them: each is looked for in every header */
#define JMAP_REFERENCES_MAX 16 /* of one call: each may walk through all that was answered before */
#define JMAP_PICKED_MAX     (1000 * 1000) /* bytes that one leads to: 3000 ids of the longest kind */
#define JMAP_PATCH_MAX      500 /* paths of one patch: an Email has fewer keywords and mailboxes */

#define JMAP_QUERY_MAX   10000       /* ids of one /query answer; the response then says "limit" */
#define JMAP_FILTER_MAX  200         /* conditions, operators, words and listed ids of one filter */
#define JMAP_WORDS_MAX   (64 * 1024) /* bytes of all its texts: each is looked for in each Email */
#define JMAP_SORT_MAX    10          /* comparators of one sort */
#define JMAP_CHANGES_MAX 5000        /* ids of one /changes answer */
#define JMAP_MOVES_MAX \
	20000 /* things looked at for one /queryChanges, past it the client asks anew */
#define JMAP_CREATED_MAX  5000 /* creation ids of one request */
#define JMAP_ACCOUNTS_MAX 16   /* other accounts that one request may use */
#define JMAP_SHARED_MAX \
	300 /* other accounts in the session, and that are watched: each is opened and looked through */
#define JMAP_ID_MAX 255 /* bytes of an Id (RFC 8620 1.2) */

#endif
