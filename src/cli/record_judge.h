/*
 * record_judge.h - what was found in DNS against what should be there (private to record.h's files). Pure.
 */
#ifndef CLI_RECORD_JUDGE_H
#define CLI_RECORD_JUDGE_H

#include "cli/record.h"

struct record_found { /* borrow: the answers */
	const struct dns_record *records;
	size_t count;
};

struct record_answer {
	struct record_found first, second; /* second: AAAA, where the first is A */
	struct record_found host4, host6;  /* the addresses of this server */
	struct str host;
	bool is_secure;
};

/*
 * Judge what is there, at least one record of the first or second: RECORD_OK, _WRONG, or _MISSING when those that are
 * there are about other things. Those that it is about are appended to `got`, as a zone has them; *but_out as in
 * struct record, static.
 */
enum record_state record_judge(const struct record *r, const struct record_answer *answer,
    struct buf *got, const char **but_out);

#endif
