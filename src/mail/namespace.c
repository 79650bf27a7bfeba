#include "mail/namespace.h"

/* base */
#include "base/buf.h"

/* rooms */
#include "mail/mailbox.h"

const struct str namespace_names[NAMESPACE_COUNT] = { STR_INIT("Other Users"), STR_INIT("Shared") };

enum mail_namespace
namespace_of(const struct account *a, const struct acl_user *who)
{
	return acl_owns(a, who) ? NAMESPACE_SHARED : NAMESPACE_OTHERS;
}

void
namespace_path_write(const struct mailbox *m, const struct acl_user *who, struct buf *out)
{
	buf_add(out, namespace_names[namespace_of(m->account, who)]);
	buf_add_char(out, '/');
	buf_add(out, m->account->name);
	buf_add_char(out, '/');
	mailbox_path_write(m->account, m, out);
}
