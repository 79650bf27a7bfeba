/*
 * fake_dns.h - a resolver without servers, for sessions that are played in-process.
 *
 * It stands in for dns.c: a program that uses it never links the real one. What is known:
 *
 *     elsewhere.test, example.org   MX mx.elsewhere.test (192.0.2.25)
 *     nullmx.test                   MX "."
 *     gone.test                     no such name, nor any other that is not named here
 *     down.test and all below       no answer
 *     good.test                     192.0.2.1, whose reverse name it is
 *     forged.test                   the reverse name of 192.0.2.2, with another address
 *     bl.test                       a list: 8.8.8.66 is on it ("listed for a test")
 *     wl.test                       a list: 8.8.8.67 is on it; bl.test has it, too
 *     strict.test, quiet.test       mail comes from 192.0.2.1 only (SPF); what does not is rejected, is junk (DMARC)
 *     told.test                     .. is rejected, and wants to hear of it
 *     mx.strict.test                is 192.0.2.1 only, too (SPF)
 *     nobody                        192.0.2.9 has no reverse name; that of 192.0.2.8 is not answered
 *
 * A resolver that has a zone (dns/zone.h) knows what stands there instead.
 */
#ifndef TEST_LIB_FAKE_DNS_H
#define TEST_LIB_FAKE_DNS_H

#include <stdbool.h>

/* From now on answers wait for fake_dns_release(); or do not. */
void fake_dns_hold(bool is_held);

/* Give the answers that were held back; false when there were none. */
bool fake_dns_release(void);

#endif
