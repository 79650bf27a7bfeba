/* LIMITS (RFC 9422): the client learns what we would refuse before it tries. */
#include "smtp/extension.h"

static void
add_limits(const struct smtp_session *s, struct buf *out)
{
	buf_add(out, STR(" RCPTMAX="));
	buf_add_i64(out, s->service->settings->recipients);
	buf_add(out, STR(" MAILMAX="));
	buf_add_i64(out, s->service->settings->messages);
}

const struct smtp_extension smtp_ext_limits = { .keyword = "LIMITS", .add_words = add_limits };
