/*
 * ours.h - is this domain one of the directory's? For requests of strangers about a domain that they name.
 */
#ifndef WEB_OURS_H
#define WEB_OURS_H

#include "directory/directory.h"
#include "http/server.h"

struct ours {                           /* zeroed before the first look */
	struct directory_query domains; /* own */
	bool is_asked;
};

/*
 * True: it is. False: *step_out is what the handler answers, for the directory has not told yet, or 404 (the domain is
 * not ours) or 503 (the directory does not answer) was replied. `domain` in any form; the same in each call.
 */
bool ours_look(struct ours *o, struct directory *d, struct http_exchange *x, struct str domain,
    enum http_step *step_out);

/* 404: nothing is served under this name. */
enum http_step ours_missing(struct http_exchange *x);

void ours_release(struct ours *o);

/* The host that the client named, without port, when `prefix` stands before it; false: it does not. */
bool ours_host(const struct http_exchange *x, struct str prefix, struct str *domain_out);

#endif
