#include "imap/rights.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/keyword.h"

static const char letters[] = "lrswipkxtea"; /* by bit of ACL_LOOKUP .. */

static_assert(sizeof(letters) - 1 == ACL_RIGHTS_COUNT, "every right has its letter");

#define RIGHTS_C (ACL_CREATE | ACL_DELETE_MAILBOX)
#define RIGHTS_D (ACL_DELETE | ACL_EXPUNGE)

bool
imap_rights_parse(struct str text, enum rights_how *how_out, unsigned *rights_out)
{
	unsigned rights = 0;

	*how_out = RIGHTS_REPLACE;
	if (str_skip_char(&text, '+'))
		*how_out = RIGHTS_ADD;
	else if (str_skip_char(&text, '-'))
		*how_out = RIGHTS_REMOVE;
	for (size_t i = 0; i < text.n; i++) {
		size_t bit = str_find_char(str_c(letters), text.p[i]);

		if (bit != STR_NONE)
			rights |= 1u << bit;
		else if (text.p[i] == 'c')
			rights |= RIGHTS_C;
		else if (text.p[i] == 'd')
			rights |= RIGHTS_D;
		else
			return false;
	}
	*rights_out = rights;
	return true;
}

void
imap_rights_write(struct buf *out, unsigned rights)
{
	for (size_t bit = 0; bit < ACL_RIGHTS_COUNT; bit++)
		if (rights & 1u << bit)
			buf_add_char(out, letters[bit]);
	if (rights & RIGHTS_C)
		buf_add_char(out, 'c');
	if (rights & RIGHTS_D)
		buf_add_char(out, 'd');
}

uint64_t
imap_rights_flags(unsigned rights)
{
	uint64_t flags = 0;

	if (rights & ACL_SEEN)
		flags |= FLAG_SEEN;
	if (rights & ACL_DELETE)
		flags |= FLAG_DELETED;
	if (rights & ACL_WRITE)
		flags |= ~(FLAG_SEEN | FLAG_DELETED);
	return flags;
}
