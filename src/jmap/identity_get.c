/*
 * Identity/get (RFC 8621 6.1).
 */
#include "mail/identity.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/private.h"

enum property {
	PROPERTY_ID,
	PROPERTY_NAME,
	PROPERTY_EMAIL,
	PROPERTY_REPLY_TO,
	PROPERTY_BCC,
	PROPERTY_TEXT_SIGNATURE,
	PROPERTY_HTML_SIGNATURE,
	PROPERTY_MAY_DELETE,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("name"), STR_INIT("email"),
	STR_INIT("replyTo"), STR_INIT("bcc"), STR_INIT("textSignature"), STR_INIT("htmlSignature"),
	STR_INIT("mayDelete") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

bool
jmap_identities_ready(struct jmap_call *c)
{
	const struct directory_account *user = c->run->host.user;
	enum fail fail = FAIL_NONE;

	if (user)
		fail = identities_follow(c->run->account, user->addresses, user->address_count,
		    user->display_name);
	if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE;
}

/* "@example.org" is every address there that nobody else has, and its owner's to use. */
static bool
is_in_domain(struct str address, struct str catch_all)
{
	size_t at = str_rfind_char(address, '@');

	return str_starts(catch_all, STR("@")) && at != STR_NONE && at > 0 &&
	    str_eq_nocase(str_from(address, at), catch_all);
}

bool
jmap_may_send_as(const struct jmap_call *c, struct str address)
{
	const struct jmap_host *host = &c->run->host;

	struct str own = str_starts(address, STR("*@")) ? str_from(address, 1) : address;

	for (size_t i = 0; host->user && i < host->user->address_count; i++)
		if (str_eq_nocase(host->user->addresses[i], own) ||
		    is_in_domain(own, host->user->addresses[i]))
			return true;
	return host->user && host->jmap && host->jmap->directory &&
	    directory_may_send_as(host->jmap->directory, host->user, address);
}

static enum fail
all(struct jmap_call *c, uint64_t **ids_out, size_t *count_out)
{
	return identity_ids(c->account, &c->arena, ids_out, count_out);
}

static void
write_list(struct json_writer *w, const struct identity_list *list)
{
	if (!list->is_set) {
		json_null(w);
		return;
	}
	json_array_begin(w);
	for (size_t i = 0; i < list->count; i++) {
		json_object_begin(w);
		if (list->items[i].name.p)
			json_name_string(w, STR("name"), list->items[i].name);
		else
			json_name_null(w, STR("name"));
		json_name_string(w, STR("email"), list->items[i].email);
		json_object_end(w);
	}
	json_array_end(w);
}

static void
write_property(struct json_writer *w, const struct identity *i, enum property property)
{
	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: jmap_write_id(w, ID_IDENTITY, i->id); break;
	case PROPERTY_NAME: json_string(w, i->name); break;
	case PROPERTY_EMAIL: json_string(w, i->email); break;
	case PROPERTY_REPLY_TO: write_list(w, &i->reply_to); break;
	case PROPERTY_BCC: write_list(w, &i->bcc); break;
	case PROPERTY_TEXT_SIGNATURE: json_string(w, i->text_signature); break;
	case PROPERTY_HTML_SIGNATURE: json_string(w, i->html_signature); break;
	case PROPERTY_MAY_DELETE: json_bool(w, !i->is_own); break;
	case PROPERTY_COUNT: break;
	}
}

static enum fail
write_identity(struct jmap_call *c, uint32_t asked, uint64_t id)
{
	struct identity *i;
	enum fail fail = identity_get(c->account, id, &c->arena, &i);

	if (fail)
		return fail;
	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT; p++)
		if (asked & (uint32_t)1 << p)
			write_property(&c->w, i, (enum property)p);
	json_object_end(&c->w);
	return FAIL_NONE;
}

static enum fail
one(struct jmap_call *c, void *more, uint64_t id)
{
	const uint32_t *asked = more;

	return write_identity(c, *asked, id);
}

enum fail
jmap_identity_write(struct jmap_call *c, uint64_t id)
{
	return write_identity(c, (1 << PROPERTY_COUNT) - 1, id);
}

static const struct jmap_get_type identity_type = {
	.kind = ID_IDENTITY,
	.change = CHANGE_IDENTITY,
	.all = all,
	.names = property_names,
	.name_count = PROPERTY_COUNT,
	.one = one,
};

enum jmap_step
jmap_identity_get(struct jmap_call *c)
{
	if (!c->state && !jmap_identities_ready(c))
		return JMAP_DONE;
	return jmap_get(c, &identity_type);
}
