#include "imap/command.h"

/* rooms */
#include "imap/context.h"

/* "CANCELUPDATE" 1*(SP quoted) (RFC 5267 4.3.5). A tag without updates has none to cancel: that is OK. */
enum imap_state
imap_cmd_cancelupdate(struct imap_session *s, struct imap_cursor *args)
{
	struct imap_cursor check = *args;
	struct str tag;

	do {
		if (!imap_astring(&check, &tag))
			return imap_wrong(s, &check);
	} while (imap_sp(&check));
	if (!imap_at_end(&check))
		return imap_wrong(s, &check);
	do {
		if (imap_astring(args, &tag))
			imap_context_cancel(s, tag);
	} while (imap_sp(args));
	return imap_ok(s, NULL, "No further updates");
}
