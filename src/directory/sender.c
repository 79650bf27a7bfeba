/* Whose address a sender's is. */
#include "directory/directory.h"

/* rooms */
#include "directory/address.h"
#include "directory/house.h"

/* "@domain" is owned by who gets all of the domain's mail. */
static bool
owns(const struct directory_account *account, struct str address)
{
	size_t at = str_rfind_char(address, '@');

	for (size_t i = 0; i < account->address_count; i++) {
		struct str own = account->addresses[i];

		if (str_eq_nocase(own, address) ||
		    (str_starts(own, STR("@")) && str_eq_nocase(own, str_from(address, at))))
			return true;
	}
	return false;
}

bool
directory_may_send_as(const struct directory *d, const struct directory_account *account,
    struct str address)
{
	struct buf whole, untagged;
	struct str local, domain, user, tag;
	bool may = false;

	buf_init(&whole, ADDRESS_MAX);
	buf_init(&untagged, ADDRESS_MAX);
	if (address_write(&whole, address, false) == FAIL_NONE &&
	    address_split(buf_str(&whole), false, &local, &domain) == FAIL_NONE) {
		may = owns(account, buf_str(&whole));
		if (!may && address_tag(local, d->settings->separator, &user, &tag)) {
			buf_add(&untagged, user);
			buf_add_char(&untagged, '@');
			buf_add(&untagged, domain);
			may = owns(account, buf_str(&untagged));
		}
	}
	buf_release(&whole);
	buf_release(&untagged);
	return may;
}
