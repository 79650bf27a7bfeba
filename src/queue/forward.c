/* Senders of forwarded mail (SRS; envelope/srs.h). */
#include "queue/inner.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "directory/address.h"
#include "envelope/srs.h"

enum fail
queue_forward_sender(struct queue *q, struct buf *out, struct str sender, struct str by)
{
	struct str local, domain, secret;
	struct buf ascii;
	enum fail fail;

	/* "<postmaster>" has no domain whose SPF could be broken; forwarded for it, none is known to rewrite to. */
	if (!q->house.settings->has_srs || str_rfind_char(sender, '@') == STR_NONE ||
	    str_rfind_char(by, '@') == STR_NONE) {
		buf_add(out, sender);
		return FAIL_NONE;
	}
	buf_init(&ascii, ADDRESS_MAX);
	fail = address_write(&ascii, by, false);
	if (fail == FAIL_NONE)
		fail = address_split(buf_str(&ascii), false, &local, &domain);
	if (fail == FAIL_NONE)
		fail = queue_secret(q, &secret);
	if (fail == FAIL_NONE)
		fail = srs_forward(out, sender, domain, secret, clock_wall_s());
	buf_release(&ascii);
	return fail;
}

enum fail
queue_reverse_sender(struct queue *q, struct buf *out, struct str address)
{
	struct str secret;

	if (!srs_is_rewritten(address) || queue_secret(q, &secret) != FAIL_NONE ||
	    srs_reverse(out, address, secret, clock_wall_s()) != FAIL_NONE)
		return FAIL_MISSING;
	return FAIL_NONE;
}
