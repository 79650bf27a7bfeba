/*
 * dmarc_external.h - does who is to get a domain's reports want them (RFC 7489 7.1)?
 *
 * Somebody of the same organization does. Others say so in DNS, at example.org._report._dmarc.their.example; or else
 * anybody's record could have them flooded. They may name another address of the same host.
 *
 * Only mailto: is known: a URI of another kind is FAIL.
 */
#ifndef MAILAUTH_DMARC_EXTERNAL_H
#define MAILAUTH_DMARC_EXTERNAL_H

#include "dns/dns.h"
#include "mailauth/dmarc_record.h"
#include "mailauth/verdict.h"

#define DMARC_ADDRESS_MAX 320 /* bytes of an address: RFC 5321 4.5.3.1 */

/*
 * Append the address of "mailto:ann@example.org?subject=x", with what is encoded in it. False, nothing appended: it is
 * no such URI, or has blanks, controls, several addresses.
 */
MUST_CHECK bool dmarc_uri_address(struct str uri, struct buf *out);

struct dmarc_external {       /* zeroed before the start; fields: read only */
	enum verdict verdict; /* when settled: PASS, FAIL, TEMPERROR */
	struct buf address;   /* own; of PASS: where to send to */
	struct dns_query query;
	bool is_settled;
};

/* May reports about `domain`, whose record has the URI, be sent to it? Both texts are copied. */
void dmarc_external_start(struct dmarc_external *e, struct dns *dns, struct task *owner,
    struct str domain, struct str uri);

/* Go on: true when it is settled. To be called when the owner is woken. */
bool dmarc_external_look(struct dmarc_external *e);

void dmarc_external_release(struct dmarc_external *e);

#endif
