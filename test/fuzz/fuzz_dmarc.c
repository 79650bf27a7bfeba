/* DMARC records, and header blocks whose From is looked for, on arbitrary bytes. */
#include "mailauth/dmarc_from.h"
#include "mailauth/dmarc_record.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "mailauth/public_suffix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_record(const struct dmarc_record *r)
{
	invariant(r->percent <= 100 && r->failure_options != 0);
	invariant(r->interval_s >= DMARC_INTERVAL_MIN);
	invariant(r->aggregate_count <= DMARC_URIS_MAX && r->failure_count <= DMARC_URIS_MAX);
	for (size_t i = 0; i < r->aggregate_count; i++)
		invariant(str_find_char(r->aggregate[i].uri, ':') != STR_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of(data, size), why, organization;
	struct dmarc_record record;
	struct buf domain;

	if (dmarc_record_parse(text, &record) == FAIL_NONE)
		check_record(&record);
	buf_init(&domain, IDNA_DOMAIN_MAX + 1);
	if (dmarc_from_find(text, &domain, &why) == FAIL_NONE) {
		invariant(domain.n > 0 && domain.n <= IDNA_DOMAIN_MAX);
		organization = public_suffix_organization(buf_str(&domain));
		invariant(organization.n > 0 && str_ends(buf_str(&domain), organization));
	} else {
		invariant(domain.n == 0 && why.n > 0);
	}
	organization = public_suffix_organization(text);
	invariant(str_ends(text, organization) && str_ends(organization, public_suffix(text)));
	buf_release(&domain);
	return 0;
}
