/* Records of what hangs on mailboxes beside messages (record.h). */
#include "mail/record.h"

enum { RECORD_VERSION = 1 };

void
annotation_record_write(struct buf *out, struct str text)
{
	record_begin(out, RECORD_VERSION);
	record_add_bytes(out, text);
}

enum fail
annotation_record_read(struct str value, struct str *out)
{
	struct record r;

	record_read(&r, value);
	*out = record_bytes(&r);
	return record_end(&r);
}

size_t
annotation_record_size(struct str value)
{
	struct str text;

	return annotation_record_read(value, &text) == FAIL_NONE ? text.n : 0;
}
