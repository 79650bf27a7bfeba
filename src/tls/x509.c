#include "tls/x509.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/der.h"

/* id-ce-subjectAltName, 2.5.29.17 */
static const struct str oid_names = STR_INIT("\x55\x1d\x11");

/* id-ce-basicConstraints, 2.5.29.19; id-at-commonName, 2.5.4.3 */
static const struct str oid_constraints = STR_INIT("\x55\x1d\x13");
static const struct str oid_common_name = STR_INIT("\x55\x04\x03");

/* The algorithms of issuers: 1.2.840.113549.1.1 (RSA, RFC 8017 A.2.4), 1.2.840.10045.4 (ECDSA, RFC 5758). */
#define OID_RSA   "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define OID_ECDSA "\x2a\x86\x48\xce\x3d\x04"

/* In place of MD5 and SHA-1 stands SHA-256 (RFC 5929 4.1). */
static const struct {
	struct str oid;
	enum hash hash;
} binding_hashes[] = {
	{ STR_INIT(OID_RSA "\x04"), HASH_SHA256 },
	{ STR_INIT(OID_RSA "\x05"), HASH_SHA256 },
	{ STR_INIT(OID_RSA "\x0b"), HASH_SHA256 },
	{ STR_INIT(OID_RSA "\x0c"), HASH_SHA384 },
	{ STR_INIT(OID_RSA "\x0d"), HASH_SHA512 },
	{ STR_INIT(OID_ECDSA "\x01"), HASH_SHA256 },
	{ STR_INIT(OID_ECDSA "\x03\x02"), HASH_SHA256 },
	{ STR_INIT(OID_ECDSA "\x03\x03"), HASH_SHA384 },
	{ STR_INIT(OID_ECDSA "\x03\x04"), HASH_SHA512 },
};

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t
days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool
digits(struct str *cur, size_t n, unsigned *out)
{
	struct str part;
	uint32_t value;

	if (!str_take(cur, n, &part) || !str_u32(&part, 9999, &value) || part.n > 0)
		return false;
	*out = value;
	return true;
}

/* Time ::= UTCTime YYMMDDHHMMSSZ / GeneralizedTime YYYYMMDDHHMMSSZ (RFC 5280 4.1.2.5) */
static bool
take_time(struct str *cur, int64_t *out)
{
	struct str text;
	unsigned year, month, day, hour, minute, second;
	uint8_t tag;

	if (!der_next(cur, &tag, &text) || (tag != DER_UTC_TIME && tag != DER_TIME) ||
	    !digits(&text, tag == DER_TIME ? 4 : 2, &year) || !digits(&text, 2, &month) ||
	    !digits(&text, 2, &day) || !digits(&text, 2, &hour) || !digits(&text, 2, &minute) ||
	    !digits(&text, 2, &second) || !str_eq(text, STR("Z")) || month < 1 || month > 12)
		return false;
	if (tag == DER_UTC_TIME)
		year += year < 50 ? 2000 : 1900;
	*out = days_of(year, month, day) * 86400 + (int64_t)hour * 3600 + minute * 60 + second;
	return true;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, .. } (RFC 5280 4.2.1.9) */
static bool
take_constraints(struct str value, struct x509_facts *out)
{
	struct str list, is_ca;

	if (!der_take(&value, DER_SEQUENCE, &list))
		return false;
	out->is_ca = der_take(&list, DER_BOOLEAN, &is_ca) && !str_eq(is_ca, STR("\0"));
	return true;
}

/* Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue OCTET STRING } */
static bool
take_extensions(struct str list, struct x509_facts *out)
{
	struct str extension, oid, critical, value, names;

	while (list.n > 0) {
		if (!der_take(&list, DER_SEQUENCE, &extension) ||
		    !der_take(&extension, DER_OID, &oid))
			return false;
		(void)!der_take(&extension, DER_BOOLEAN, &critical);
		if (!der_take(&extension, DER_OCTET_STRING, &value))
			return false;
		if (str_eq(oid, oid_names)) {
			if (!der_take(&value, DER_SEQUENCE, &names))
				return false;
			out->names = names;
		}
		if (str_eq(oid, oid_constraints) && !take_constraints(value, out))
			return false;
	}
	return true;
}

/* The next element as a whole, when it is a SEQUENCE. */
static bool
take_whole(struct str *cur, struct str *out)
{
	struct str before = *cur, content;

	if (!der_take(cur, DER_SEQUENCE, &content))
		return false;
	*out = str_head(before, before.n - cur->n);
	return true;
}

enum fail
x509_parse(struct str der, struct x509_facts *out)
{
	struct str cert, tbs, part, validity, list;
	struct x509_facts facts = { 0 };

	/* Certificate: TBSCertificate, signatureAlgorithm, signature */
	if (!der_take(&der, DER_SEQUENCE, &cert) || der.n > 0 ||
	    !der_take(&cert, DER_SEQUENCE, &tbs) ||
	    !der_take(&cert, DER_SEQUENCE, &facts.signed_by))
		return FAIL_SYNTAX;
	/* TBSCertificate: version, serial, signature, issuer, validity, subject, SPKI, .. */
	(void)!der_take(&tbs, DER_CONSTRUCTED(0), &part);
	if (!der_take(&tbs, DER_INTEGER, &part) || !der_take(&tbs, DER_SEQUENCE, &part) ||
	    !take_whole(&tbs, &facts.issuer) || !der_take(&tbs, DER_SEQUENCE, &validity) ||
	    !take_time(&validity, &facts.not_before_s) ||
	    !take_time(&validity, &facts.not_after_s) || !take_whole(&tbs, &facts.subject) ||
	    !take_whole(&tbs, &facts.spki))
		return FAIL_SYNTAX;
	/* issuerUniqueID and subjectUniqueID, then the extensions */
	(void)!der_take(&tbs, DER_CONTEXT(1), &part);
	(void)!der_take(&tbs, DER_CONTEXT(2), &part);
	if (der_take(&tbs, DER_CONSTRUCTED(3), &part) &&
	    (!der_take(&part, DER_SEQUENCE, &list) || !take_extensions(list, &facts)))
		return FAIL_SYNTAX;
	*out = facts;
	return FAIL_NONE;
}

bool
x509_binding_hash(struct str signed_by, enum hash *out)
{
	struct str oid;

	if (!der_take(&signed_by, DER_OID, &oid))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(binding_hashes); i++) {
		if (str_eq(oid, binding_hashes[i].oid)) {
			*out = binding_hashes[i].hash;
			return true;
		}
	}
	return false;
}

bool
x509_next_name(struct str *names, struct str *name_out)
{
	struct str value;
	uint8_t tag;

	while (der_next(names, &tag, &value)) {
		if (tag == DER_CONTEXT(2) && value.n > 0) { /* dNSName */
			*name_out = value;
			return true;
		}
	}
	return false;
}

enum x509_match
x509_match_name(struct str pattern, struct str host)
{
	struct str rest = pattern;
	size_t dot;

	if (str_eq_nocase(pattern, host))
		return X509_MATCH_EXACT;
	dot = str_find_char(host, '.');
	if (dot != STR_NONE && dot > 0 && str_skip(&rest, STR("*.")) &&
	    str_eq_nocase(rest, str_from(host, dot + 1)))
		return X509_MATCH_WILD;
	return X509_MATCH_NONE;
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value }; the last common name is the most specific. */
static struct str
common_name(struct str subject)
{
	struct str list, set, pair, oid, value, found = STR("");
	uint8_t tag;

	if (!der_take(&subject, DER_SEQUENCE, &list))
		return found;
	while (der_take(&list, DER_SET, &set)) {
		while (der_take(&set, DER_SEQUENCE, &pair)) {
			if (der_take(&pair, DER_OID, &oid) && der_next(&pair, &tag, &value) &&
			    str_eq(oid, oid_common_name))
				found = value;
		}
	}
	return found;
}

bool
x509_is_for(const struct x509_facts *facts, struct str host)
{
	struct str names = facts->names, name;
	bool has_names = false;

	while (x509_next_name(&names, &name)) {
		has_names = true;
		if (x509_match_name(name, host) != X509_MATCH_NONE)
			return true;
	}
	return !has_names && x509_match_name(common_name(facts->subject), host) != X509_MATCH_NONE;
}
