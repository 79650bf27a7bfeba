/*
 * zone.h - answers from a text instead of a network: for commands that judge a message, and for tests.
 *
 * One record per line, as in a zone file (RFC 1035 5.1), but names are whole and there is no TTL:
 *
 *     example.test       TXT      "v=spf1 " "-all"      ; strings are joined; \" \\ \DDD
 *     example.test       MX       10 mx.example.test
 *     example.test       TIMEOUT                        ; no answer, for all types without a record
 *     slow.example.test  TXT      TIMEOUT               ; no answer, for this type
 *     example.test       SECURE                         ; DNSSEC proved its answers, "none" too
 *
 * Bytes of names that are not plain (name.h) are written as \DDD.
 * Types: A AAAA CAA CNAME MX PTR SRV TLSA TXT. CNAMEs are followed. Names that have no line do not exist.
 *
 * Ownership: the text is read and not kept. Private to the room but for dns_zone_read().
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "dns/dns.h"

/*
 * From now on `d` answers from this text and asks nobody. FAIL_SYNTAX with one line in `why`, or FAIL_LIMIT: d is as
 * before. To be called once, before the first question.
 */
MUST_CHECK enum fail dns_zone_read(struct dns *d, struct str text, struct buf *why);

/* The answer for a name from dns_name_parse(); done on return. */
void zone_answer(const struct dns_zone *z, struct dns_query *q, struct str name,
    enum dns_type type);

void zone_free(struct dns_zone *z);

#endif
