/*
 * spf.h - may this host send mail in that domain's name? Sender Policy Framework (RFC 7208).
 *
 * check_host() for one identity: MAIL FROM (2.4), or, when the sender is null, HELO (2.3), which is "postmaster" at
 * the HELO name then. It asks one question at a time, 10 terms that ask and 11 records at most (SPF_LOOKUPS_MAX), and
 * does SPF_STEPS_MAX steps in one look, so that hostile records cost bounded time; memory is SPF_BYTES_MAX and what
 * the answers take that it holds: 11 records and three more. Records of type TXT only (3.1). Internationalised
 * domains are looked up by their A-labels (RFC 8616 4).
 *
 * Ownership: what is asked is copied; the results live until spf_release().
 */
#ifndef MAILAUTH_SPF_H
#define MAILAUTH_SPF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/dns.h"
#include "mailauth/verdict.h"
#include "net/address.h"

#define SPF_LOOKUPS_MAX     10    /* terms that ask DNS (4.6.4) */
#define SPF_HOSTS_MAX       10    /* names of an MX or PTR answer that are asked about (4.6.4) */
#define SPF_VOIDS_MAX       2     /* terms whose answer was that there is nothing (4.6.4) */
#define SPF_TIME_MS         20000 /* all of it, and what the last question takes (4.6.4) */
#define SPF_STEPS_MAX       64    /* of one look: about as many terms */
#define SPF_TEXT_MAX        2048  /* bytes of each text of a claim: a line of SMTP */
#define SPF_BYTES_MAX       65536 /* arena: the claim, a name and a frame for each lookup */
#define SPF_EXPLANATION_MAX 400   /* bytes: in a reply line of 512 (RFC 5321 4.5.3.1.5) */
#define SPF_MECHANISM_MAX   255   /* bytes of a mechanism that are told */
#define SPF_WHY_MAX         400   /* bytes of a sentence */

struct spf_claim { /* what a client says of itself */
	struct net_address client;
	struct str hello;    /* the argument of HELO or EHLO */
	struct str sender;   /* of MAIL FROM, without "<>"; empty: null */
	struct str receiver; /* who we are, for explanations (%{r}); may be empty */
	int64_t now_s;       /* for explanations (%{t}) */
};

enum spf_state { /* spf_machine.h has the diagram */
	SPF_DONE,
	SPF_RECORD,
	SPF_TERM,
	SPF_ADDRESSES,
	SPF_EXCHANGERS,
	SPF_HOST,
	SPF_POINTERS,
	SPF_NAME,
	SPF_EXPLAIN,
	SPF_EXPLANATION,
};

struct spf { /* zeroed before the start; fields: read only */
	/* the results, when it is settled */
	enum verdict verdict;   /* not VERDICT_POLICY */
	bool is_hello;          /* the identity: HELO, else MAIL FROM */
	struct str domain;      /* that was checked, as A-labels; empty: it is none */
	struct str mechanism;   /* that matched, in the first record; empty: none did */
	struct buf explanation; /* of VERDICT_FAIL, by the domain: printable ASCII; or empty */
	struct buf why;         /* of errors: one sentence, printable ASCII */
	unsigned lookups, voids;

	/* what was asked */
	struct net_address client; /* never IPv4-mapped */
	struct str hello, sender, receiver;
	int64_t now_s;

	/* the machine */
	enum spf_state state;
	struct dns *dns;         /* borrow */
	struct task *owner;      /* borrow */
	int64_t deadline_ms;     /* of the monotonic clock */
	struct arena arena;      /* frames and names */
	struct spf_frame *frame; /* arena: the record that is judged; includes stand behind it */
	struct str mailbox;      /* arena: for %{s}; the next two are in it */
	struct str local, domain_of_sender; /* for %{l}, %{o} */
	struct dns_query query;             /* addresses, exchangers, or the explanation */
	struct dns_query host;              /* the addresses of one of `query`, or of `pointers` */
	struct dns_query pointers;          /* the client's names (5.5) */
	size_t at;             /* of the records of query or pointers: whom `host` asks about */
	unsigned asked;        /* how many of them were */
	uint16_t validated;    /* bits: which of the first names lead back */
	bool has_names;        /* that is known */
	enum spf_state resume; /* what wanted to know it */
};

/* A claim that is longer than SPF_TEXT_MAX somewhere, or not of the Internet, comes to VERDICT_NONE. */
void spf_start(struct spf *s, struct dns *dns, struct task *owner, const struct spf_claim *claim);

/* Go on: true when it is settled. To be called when the owner is woken, and once after the start. */
bool spf_look(struct spf *s);

/* Safe in any state; zeroes it. */
void spf_release(struct spf *s);

/* --- what is told of it (spf_told.c) ------------------------------------------------------------ */

/*
 * The header field Received-SPF (9.1) with its CRLF, folded, of a settled check: result, a comment, client-ip,
 * envelope-from, helo, receiver, identity, mechanism, problem. Bytes that could not stand in it become "?".
 */
void spf_received_write(struct buf *out, const struct spf *s);

/*
 * For Authentication-Results (RFC 8601 2.7.2): "smtp.mailfrom" or "smtp.helo", and what the client said there; of
 * MAIL FROM only the domain, because nobody vouched for what stands in front of it.
 */
struct str spf_property(const struct spf *s);
struct str spf_property_value(const struct spf *s);

#endif
