/*
 * tls_row.h - how a conversation with a host went (TLS-RPT, RFC 8460), as the bytes of a row (tally.h) and back. Pure.
 *
 * Texts are cut, so that whatever DNS says fits into a row; `domain` is the subject's and not in it.
 *
 * Ownership: what is read points into the bytes.
 */
#ifndef REPORTS_TLS_ROW_H
#define REPORTS_TLS_ROW_H

#include "base/buf.h"
#include "base/fail.h"
#include "tlspolicy/rpt_session.h"

#define TLS_ROW_NAME_MAX 255 /* bytes of a name (RFC 1035 2.3.4), an address, a reason */

void tls_row_write(struct buf *out, const struct rpt_session *s);

/* FAIL_PERM: damaged. */
MUST_CHECK enum fail tls_row_read(struct str row, struct rpt_session *out);

#endif
