/*
 * Request-level errors as problem details (RFC 8620 3.6.1, RFC 9457).
 */
#include "jmap/private.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"

struct jmap_problem
jmap_problem_of(enum jmap_refusal refusal)
{
	static const struct jmap_problem problems[] = {
		[JMAP_TAKEN] = { "", NULL, "" },
		[JMAP_NOT_JSON] = { "notJSON", NULL, "The body is no I-JSON." },
		[JMAP_NOT_REQUEST] = { "notRequest", NULL, "The body is no Request object." },
		[JMAP_UNKNOWN_CAPABILITY] = { "unknownCapability", NULL,
		    "We do not have what `using` names." },
		[JMAP_LIMIT_CALLS] = { "limit", "maxCallsInRequest", "Too many method calls." },
		[JMAP_LIMIT_SIZE] = { "limit", "maxSizeRequest", "The request is too large." },
	};

	return problems[refusal];
}

void
jmap_problem_write(struct json_writer *w, unsigned status, const struct jmap_problem *p)
{
	json_name(w, STR("type"));
	json_string_begin(w);
	json_string_piece(w, STR("urn:ietf:params:jmap:error:"));
	json_string_piece(w, str_c(p->name));
	json_string_end(w);
	json_name_int(w, STR("status"), status);
	json_name_string(w, STR("detail"), str_c(p->detail));
	if (p->limit)
		json_name_string(w, STR("limit"), str_c(p->limit));
}

void
jmap_refuse(struct http_exchange *x, unsigned status, const char *name, const char *limit,
    const char *detail)
{
	struct jmap_problem p = { name, limit, detail };
	struct json_writer w;
	struct buf body;

	buf_init(&body, 1024);
	w = (struct json_writer){ .out = &body };
	json_object_begin(&w);
	jmap_problem_write(&w, status, &p);
	json_object_end(&w);
	http_reply_whole(x, status, "application/problem+json", buf_str(&body));
	buf_release(&body);
}
