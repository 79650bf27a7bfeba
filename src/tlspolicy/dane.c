#include "tlspolicy/dane.h"

/* base */
#include "base/num.h"

/* rooms */
#include "crypto/hash.h"
#include "tls/chain.h"
#include "codec/der.h"
#include "tls/x509.h"

struct anchors {
	struct tls_anchor list[TLS_ANCHORS_MAX];
	size_t count;
	bool has_match;   /* a record speaks of a certificate of the chain */
	bool has_expired; /* .. that is not valid now */
};

/* --- which records count ------------------------------------------------------------------------------- */

static bool
is_one_element(struct str der)
{
	struct str content;

	return der_take(&der, DER_SEQUENCE, &content) && str_empty(der);
}

/* Whole data has to be what it is said to be (RFC 7671 10.1.1: a record that is not, is unusable). */
static bool
is_full_right(const struct dns_record *r)
{
	struct x509_facts facts;

	if (r->selector == DANE_CERT)
		return x509_parse(r->bytes, &facts) == FAIL_NONE;
	return is_one_element(r->bytes);
}

bool
dane_is_usable(const struct dns_record *r)
{
	if ((r->usage != DANE_TA && r->usage != DANE_EE) || r->selector > DANE_SPKI)
		return false;
	switch (r->matching) {
	case DANE_FULL: return is_full_right(r);
	case DANE_SHA256: return r->bytes.n == hash_size(HASH_SHA256);
	case DANE_SHA512: return r->bytes.n == hash_size(HASH_SHA512);
	default: return false; /* a number of strangers, not an enum of ours */
	}
}

bool
dane_has_usable(const struct dns_record *records, size_t count)
{
	for (size_t i = 0; i < size_min(count, DANE_RECORDS_MAX); i++)
		if (dane_is_usable(&records[i]))
			return true;
	return false;
}

/* RFC 7671 9: there is the same with a stronger hash. */
static bool
is_outdone(const struct dane_question *q, const struct dns_record *r)
{
	if (r->matching != DANE_SHA256)
		return false;
	for (size_t i = 0; i < size_min(q->record_count, DANE_RECORDS_MAX); i++) {
		const struct dns_record *other = &q->records[i];

		if (other->matching == DANE_SHA512 && other->usage == r->usage &&
		    other->selector == r->selector && dane_is_usable(other))
			return true;
	}
	return false;
}

/* The next record of this usage that counts. */
static const struct dns_record *
next_record(const struct dane_question *q, enum dane_usage usage, size_t *at)
{
	while (*at < size_min(q->record_count, DANE_RECORDS_MAX)) {
		const struct dns_record *r = &q->records[(*at)++];

		if (r->usage == usage && dane_is_usable(r) && !is_outdone(q, r))
			return r;
	}
	return NULL;
}

/* --- matching -------------------------------------------------------------------------------------------- */

/* RFC 6698 2.1.2, 2.1.3 */
static bool
speaks_of(const struct dns_record *r, struct str der, const struct x509_facts *facts)
{
	struct str chosen = r->selector == DANE_CERT ? der : facts->spki;
	unsigned char digest[HASH_SIZE_MAX];
	enum hash hash = r->matching == DANE_SHA256 ? HASH_SHA256 : HASH_SHA512;

	if (r->matching == DANE_FULL)
		return str_eq(chosen, r->bytes);
	hash_once(hash, chosen, digest);
	return str_eq(str_of(digest, hash_size(hash)), r->bytes);
}

/* RFC 7672 3.1.1: by key or certificate alone; names, dates and issuers mean nothing. */
static const struct dns_record *
match_server(const struct dane_question *q, struct str der, const struct x509_facts *facts)
{
	const struct dns_record *r;
	size_t at = 0;

	while ((r = next_record(q, DANE_EE, &at)) != NULL)
		if (speaks_of(r, der, facts))
			return r;
	return NULL;
}

static void
add_anchor(struct anchors *a, struct str name, struct str spki)
{
	if (a->count < TLS_ANCHORS_MAX)
		a->list[a->count++] = (struct tls_anchor){ .name = name, .spki = spki };
}

/* Strict: the anchor's own dates count as well, as OpenSSL has it (RFC 7671 5.2 leaves it open). */
static void
add_certificate(struct anchors *a, const struct x509_facts *facts, int64_t now_s)
{
	if (now_s < facts->not_before_s || now_s > facts->not_after_s)
		a->has_expired = true;
	else if (facts->is_ca)
		add_anchor(a, facts->subject, facts->spki);
}

/* A record that holds a whole certificate, or a key, needs none in the chain (RFC 7671 5.2.2). */
static void
add_own(const struct dane_question *q, const struct dns_record *r, struct anchors *a)
{
	struct str chain = q->chain, der;
	struct x509_facts facts;

	if (r->selector == DANE_CERT && x509_parse(r->bytes, &facts) == FAIL_NONE) {
		add_certificate(a, &facts, q->now_s);
		return;
	}
	/* A key has no name: it may be that of any issuer in the chain. */
	for (size_t i = 0; i < TLS_CHAIN_COUNT_MAX && chain_next(&chain, &der); i++)
		if (x509_parse(der, &facts) == FAIL_NONE)
			add_anchor(a, facts.issuer, r->bytes);
}

/* Certificates behind the server's own that a record speaks of. */
static void
add_shown(const struct dane_question *q, const struct dns_record *r, struct anchors *a)
{
	struct str chain = q->chain, der;
	struct x509_facts facts;

	if (!chain_next(&chain, &der))
		return;
	for (size_t i = 1; i < TLS_CHAIN_COUNT_MAX && chain_next(&chain, &der); i++) {
		if (x509_parse(der, &facts) != FAIL_NONE || !speaks_of(r, der, &facts))
			continue;
		a->has_match = true;
		add_certificate(a, &facts, q->now_s);
	}
}

static enum tls_result
match_anchors(const struct dane_question *q, const struct x509_facts *server)
{
	struct anchors a = { .count = 0 };
	const struct dns_record *r;
	size_t at = 0;

	while ((r = next_record(q, DANE_TA, &at)) != NULL) {
		add_shown(q, r, &a);
		if (r->matching == DANE_FULL)
			add_own(q, r, &a);
	}
	if (a.count == 0)
		return a.has_expired ? TLS_RESULT_EXPIRED
		    : a.has_match    ? TLS_RESULT_NOT_TRUSTED
				     : TLS_RESULT_INVALID;
	switch (chain_verify(q->chain, a.list, a.count, q->now_s)) {
	case CHAIN_EXPIRED: return TLS_RESULT_EXPIRED;
	case CHAIN_UNTRUSTED: return TLS_RESULT_NOT_TRUSTED;
	case CHAIN_RIGHT: break;
	}
	for (size_t i = 0; i < q->name_count; i++)
		if (x509_is_for(server, q->names[i]))
			return TLS_RESULT_SUCCESS;
	return TLS_RESULT_HOST_MISMATCH;
}

struct dane_answer
dane_match(const struct dane_question *q)
{
	struct dane_answer answer = { .result = TLS_RESULT_TLSA_INVALID };
	struct str chain = q->chain, der;
	struct x509_facts facts;

	if (!dane_has_usable(q->records, q->record_count))
		return answer;
	answer.result = TLS_RESULT_INVALID;
	if (!chain_next(&chain, &der) || x509_parse(der, &facts) != FAIL_NONE)
		return answer;
	answer.record = match_server(q, der, &facts);
	answer.result = answer.record ? TLS_RESULT_SUCCESS : match_anchors(q, &facts);
	return answer;
}
