/*
 * record.h - what a domain should have in DNS: a list of records, written as a zone, and compared with what is there.
 *
 *     struct records records;
 *     records_init(&records, STR("mail.example.org"));
 *     r = records_add(&records, RECORD_MX, STR("example.org"), STR("10 mail.example.org."), "Mail comes here.");
 *     records_write_zone(&records, &out);
 *     records_check(&records, &dns);  records_write_report(&records, &out);
 *
 * A zone is lines of NAME TYPE DATA, as RFC 1035 5.1 has them, behind comments that say what for.
 *
 * Ownership: texts are copied into the list's arena.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "base/arena.h"
#include "cli/ask.h"
#include "tls/pin.h"

#define RECORDS_MAX \
	128 /* of one domain: 64 keys, a dozen certificates, two dozen others; more are left out */

/* What is compared, and how. */
enum record_rule {
	RECORD_MX,      /* one of them is `target` */
	RECORD_ADDRESS, /* a host that has an address */
	RECORD_REVERSE, /* the name of such an address is `target` */
	RECORD_SPF,     /* RFC 7208: one, and it allows the host */
	RECORD_DKIM,    /* RFC 6376: one, with this key */
	RECORD_NO_DKIM, /* there is no key to ask for */
	RECORD_DMARC,   /* RFC 7489 */
	RECORD_MTA_STS, /* RFC 8461 */
	RECORD_TLS_RPT, /* RFC 8460 */
	RECORD_TLSA,    /* RFC 6698: one of them has this pin */
	RECORD_SRV,     /* one of them is `target` with `port` */
	RECORD_ALIAS,   /* a name with an address of the host */
	RECORD_CAA,     /* RFC 8659: there are some */
	RECORD_RULE_COUNT
};

enum record_state {
	RECORD_OK,
	RECORD_MISSING,
	RECORD_WRONG,
	RECORD_UNKNOWN, /* DNS did not answer */
	RECORD_STATE_COUNT
};

struct record {
	enum record_rule rule;
	struct str name; /* ASCII, no dot at the end */
	struct str data; /* as a zone has it; of TXT the text itself */
	struct str why;  /* sentences */
	struct str target;
	uint16_t port;
	struct tls_pin pin;
	bool is_needed;         /* mail suffers where it is missing */
	bool is_coming;         /* for what is used later: others in its place are nothing wrong */
	bool lacks_certificate; /* that what is there by TLS has this name */
	bool is_elsewhere;      /* another zone's: a comment of this one */
	bool is_example; /* the owner has to fill something in: it is a comment of the zone */
	/* from records_check() */
	enum record_state state;
	struct str got;  /* what is there, as a zone has it; "": nothing */
	const char *but; /* what is wrong with it, or to be known; "": nothing */
};

struct records {
	struct arena arena;
	struct str host; /* this server's name */
	bool is_sender;  /* it sends to everybody itself, so that its addresses are looked at */
	struct record items[RECORDS_MAX];
	size_t count;
};

void records_init(struct records *rs, struct str host);
void records_release(struct records *rs);

/* One more, needed; the caller fills in what the rule wants besides. Never more than RECORDS_MAX. */
struct record *records_add(struct records *rs, enum record_rule rule, struct str name,
    struct str data, struct str why);

/* Keep a text as long as the list. */
struct str records_keep(struct records *rs, const struct buf *text);

/* "MX", "TXT" .. */
const char *record_type(const struct record *r);

/*
 * Ask for all of them at once, and fill in what came of it; as long as DNS takes. Of a sender, the reverse names of its
 * public addresses are added.
 */
void records_check(struct records *rs, struct cli_dns *dns);

/* Something is there that should not be, or is missing and needed, or DNS did not answer. */
bool records_have_trouble(const struct records *rs);

/* --- texts (record_write.c) ------------------------------------------------------------------- */

/*
 * "NAME. TYPE DATA", with an end of line; TXT in strings of at most 255 bytes (RFC 1035 3.3), more than one behind a
 * comment about them.
 */
void record_write_line(const struct record *r, struct buf *out);

/* A string of a zone in its quotes; what is not printable as \DDD. */
void record_write_string(struct str text, struct buf *out);

/* All lines, each behind its sentences as a comment. */
void records_write_zone(const struct records *rs, struct buf *out);

/* One line each: ok, missing, wrong; what is there, what should be. */
void records_write_report(const struct records *rs, struct buf *out);

/* An array of objects; `is_checked`: with what came of it. */
void records_write_json(const struct records *rs, bool is_checked, struct buf *out);

#endif
