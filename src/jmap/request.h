/*
 * request.h - the envelope of an API request, and back-references (RFC 8620 3.3, 3.7).
 *
 * A text goes in, in slices of time where it is long; calls or a request-level error come out. Trees and calls live in the
 * arena.
 */
#ifndef JMAP_REQUEST_H
#define JMAP_REQUEST_H

/* base */
#include "base/arena.h"
#include "base/str.h"

/* rooms */
#include "codec/json_maker.h"
#include "codec/json_picker.h"

enum { /* capabilities as bits; capability.c has their URNs */
	CAPABILITY_CORE = 1,
	CAPABILITY_MAIL = 2,
	CAPABILITY_SUBMISSION = 4,
	CAPABILITY_VACATION = 8,
	CAPABILITY_WEBSOCKET = 16,
	CAPABILITY_VAPID = 32,
	CAPABILITY_BLOB = 64,
	CAPABILITY_QUOTA = 128,
	CAPABILITY_SHARE = 256,
	CAPABILITY_PRINCIPALS = 512,
	CAPABILITY_MDN = 1024,
	CAPABILITY_TICKET = 2048,
};

/* Those that another's account has, too. */
#define CAPABILITIES_SHARED \
	(CAPABILITY_CORE | CAPABILITY_MAIL | CAPABILITY_BLOB | CAPABILITY_SHARE | CAPABILITY_MDN)

/* .. and a group's: nothing is sent from there, and nobody is away; who sends for a group does so from the own account. */
#define CAPABILITIES_GROUP (CAPABILITIES_SHARED | CAPABILITY_QUOTA)

/* The bit of a URN, or 0. */
unsigned jmap_capability(struct str urn);

struct jmap_invocation {
	struct str name, id;
	const struct json *args; /* an object */
};

struct jmap_request { /* fields: read only */
	unsigned using;
	struct jmap_invocation *calls;
	size_t call_count;
	const struct json *created_ids; /* an object of texts, or NULL */
	bool is_typed;                  /* by WebSocket: the Response says its @type and .. */
	struct str typed_id;            /* .. this as requestId; p is NULL: none (RFC 8887 4.3.2) */
};

enum jmap_refusal {
	JMAP_TAKEN,
	JMAP_NOT_JSON,
	JMAP_NOT_REQUEST,
	JMAP_UNKNOWN_CAPABILITY,
	JMAP_LIMIT_CALLS, /* maxCallsInRequest */
	JMAP_LIMIT_SIZE,  /* maxSizeRequest: the tree does not fit */
};

/* A slice of reading the text that `m` was made with. JMAP_TAKEN and *out is NULL: the slice is over, another one follows. */
enum jmap_refusal jmap_request_json(struct json_maker *m, const struct json **out);

/* What the JSON says. */
enum jmap_refusal jmap_request_read(const struct json *root, struct arena *a,
    struct jmap_request *out);

/* What was answered before, for references: the name, call id, and arguments as JSON text. */
struct jmap_answer {
	struct str name, id;
	struct str text;
};

/*
 * The arguments with "#name" members replaced by what they refer to; `args` itself when there are none.
 *
 *     BEGIN -> NEXT --reference--> PICK (its text from an answer) -> MAKE (a tree of it) -> NEXT .. -> end
 */
struct jmap_resolving { /* zeroed at first; fields: private */
	const struct json *args;
	const struct jmap_answer *answers;
	size_t count;
	struct arena *arena;
	struct json_member *members; /* arena; NULL: BEGIN */
	uint32_t at;                 /* the next of them */
	struct json_picker *picker;  /* own; set: PICK */
	struct buf picked;           /* own */
	struct json_maker *maker;    /* own; set: MAKE */
};

/* All is borrowed until the release. */
void jmap_resolve_start(struct jmap_resolving *r, const struct json *args,
    const struct jmap_answer *answers, size_t count, struct arena *a);

/*
 * A step of bounded work. FAIL_NONE and *out is NULL: another one is needed. FAIL_SYNTAX: invalidArguments (a name with
 * and without '#'); FAIL_MISSING: invalidResultReference; FAIL_LIMIT: the arena is full, or what is referred to is
 * larger than JMAP_PICKED_MAX, or there are more than JMAP_REFERENCES_MAX.
 */
MUST_CHECK enum fail jmap_resolve_step(struct jmap_resolving *r, const struct json **out);
void jmap_resolve_release(struct jmap_resolving *r);

#endif
