/*
 * spf_machine.h - the machine behind spf.h (private to SPF).
 *
 *     RECORD      the TXT answer of the frame's domain is waited for
 *         --its record is good--> TERM
 *         --there is none, several, a bad one, no answer--> the frame ends
 *     TERM        the next term is to be judged
 *         --include--> RECORD, one frame deeper
 *         --a, exists--> ADDRESSES     --mx--> EXCHANGERS     --ptr, %{p}--> POINTERS, once, then TERM again
 *         --all, ip4, ip6, ptr--> the frame ends when it matches, else TERM
 *         --no more, redirect--> RECORD, in the same frame     --no more--> the frame ends
 *     ADDRESSES   of a or exists      --one fits--> the frame ends      --none--> TERM
 *     EXCHANGERS  the MX answer       --names--> HOST     --none--> TERM
 *     HOST        addresses of one of them  --one fits--> the frame ends  --more--> HOST  --no more--> TERM
 *     POINTERS    the client's names  --> NAME
 *     NAME        addresses of one of them  --more--> NAME   --no more--> what wanted the names
 *
 *     the frame ends --it is an include--> TERM of the frame before, or that ends, too
 *                    --it is the first, fail, exp--> EXPLAIN      --it is the first--> DONE
 *
 *     EXPLAIN     the name of the explanation is made   --%{p}--> POINTERS   --> EXPLANATION   --no name--> DONE
 *     EXPLANATION its TXT answer                        --%{p}--> POINTERS   --> DONE
 *
 * Frames are in the arena, which gives one for each lookup that is allowed: no loop of records is endless, and
 * nothing here calls itself. What waits: all but TERM, EXPLAIN and DONE, each for one question.
 */
#ifndef MAILAUTH_SPF_MACHINE_H
#define MAILAUTH_SPF_MACHINE_H

#include "mailauth/spf.h"
#include "mailauth/spf_macro.h"
#include "mailauth/spf_record.h"

struct spf_frame {
	struct spf_frame *parent; /* arena: the one whose include this is; NULL: the first */
	struct str domain;        /* arena */
	struct dns_query text;    /* holds what `record` points into */
	struct spf_record record;
	struct str rest;      /* the terms behind `term` */
	struct spf_term term; /* the one that is judged */
	bool has_void;        /* it was counted */
	bool is_redirected;   /* not the record that was asked for first */
};

/* --- spf.c: each gives the next state ----------------------------------------------------------- */

/* A record one deeper, or instead of this one; the name is text for dns_query_start(). */
enum spf_state spf_frame_begin(struct spf *s, struct str domain);
enum spf_state spf_frame_redirect(struct spf *s, struct str domain);

/* The frame's result is known. */
enum spf_state spf_frame_end(struct spf *s, enum verdict verdict);

/* The same for errors, with a sentence of what is about which term, unless there is one already. */
enum spf_state spf_frame_error(struct spf *s, enum verdict verdict, struct str about,
    const char *why);

/* What macros mean in a record of this domain. */
struct spf_macros spf_macros_of(const struct spf *s, struct str domain);

/* --- spf_mechanism.c ------------------------------------------------------------------------------ */

enum spf_state spf_term_begin(struct spf *s);

/*
 * The frame's term is the one that decides: its verdict. The first record names it; an include is named there, not
 * what it found.
 */
enum verdict spf_term_matched(struct spf *s);

enum spf_state spf_addresses_answered(struct spf *s);
enum spf_state spf_exchangers_answered(struct spf *s);
enum spf_state spf_host_answered(struct spf *s);

/* --- spf_names.c: the client's validated names (5.5) ----------------------------------------------- */

enum spf_state spf_names_begin(struct spf *s, enum spf_state resume);
enum spf_state spf_pointers_answered(struct spf *s);
enum spf_state spf_name_answered(struct spf *s);

/* Is one of them this domain, or below it? */
bool spf_names_lead_to(const struct spf *s, struct str domain);

/* The one for %{p} in this domain's record; empty: there is none (7.3). */
struct str spf_names_pick(const struct spf *s, struct str domain);

/* The type of the client's addresses. */
enum dns_type spf_address_type(const struct spf *s);

#endif
