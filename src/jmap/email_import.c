/*
 * Email/import (RFC 8621 4.8): an uploaded message becomes an Email.
 */
#include "jmap/blob.h"
#include "jmap/email_patch.h"
#include "jmap/methods.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/creations.h"
#include "jmap/email_new.h"
#include "message/date.h"
#include "message/header.h"

struct import {
	const struct json *emails;
	uint32_t at;
	struct jmap_creations creations; /* own */
};

static void
import_release(struct jmap_call *c)
{
	struct import *i = c->state;

	jmap_creations_release(&i->creations);
}

static bool
import_begin(struct jmap_call *c)
{
	struct import *i = arena_alloc(&c->arena, 1, sizeof(*i));

	if (!i) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	c->state = i;
	c->release = import_release;
	i->emails = jmap_creations_read(c, STR("emails"));
	if (!i->emails || !jmap_set_state(c, CHANGE_EMAIL))
		return false;
	json_object_begin(&c->w);
	jmap_write_account(c);
	jmap_write_state(&c->w, STR("oldState"), change_state(c->account, CHANGE_EMAIL));
	return true;
}

/* The time of the most recent Received field, which is the first one (RFC 5321 4.4). */
static void
take_received(const struct jmap_blob *blob, int64_t *out)
{
	struct header header;
	struct date date;
	size_t at;

	if (blob->encoding != ENCODING_7BIT || !header_find(blob->bytes, STR("Received"), &header))
		return;
	at = str_rfind_char(header.value, ';');
	if (at != STR_NONE && date_parse(str_from(header.value, at + 1), &date) == FAIL_NONE)
		*out = date.unix_s;
}

/* One EmailImport {blobId, mailboxIds, keywords, receivedAt}. */
static enum jmap_set_said
import_one(struct jmap_call *c, const struct json *object, struct jmap_email_added *added,
    struct jmap_set_error *e)
{
	const struct json *keywords = jmap_arg(object, STR("keywords"));
	struct email_new new = { .received_s = clock_wall_s() };
	uint32_t *mailboxes;
	struct str text;
	struct blob_id id;
	struct jmap_blob blob;
	enum jmap_set_said said;
	enum fail fail;

	said = jmap_mailbox_ids(c, json_find(object, STR("mailboxIds")), &mailboxes,
	    &new.mailbox_count, e);
	if (said == SET_OK && keywords)
		said = jmap_keywords(c, keywords, &new.flags, e);
	if (said == SET_OK)
		said = jmap_received_at(json_find(object, STR("receivedAt")), &new.received_s, e);
	if (said != SET_OK)
		return said;
	new.mailboxes = mailboxes;
	if (!json_get_text(json_find(object, STR("blobId")), &text) || !blob_id_parse(text, &id))
		return jmap_set_invalid(e, STR("blobId"), "There is no such blob.");
	fail = jmap_blob_find(c->access, &id, &c->arena, &blob);
	if (fail == FAIL_MISSING)
		return jmap_set_invalid(e, STR("blobId"), "There is no such blob.");
	if (fail) {
		jmap_fail_with(c, fail);
		return SET_FAIL;
	}
	if (!jmap_arg(object, STR("receivedAt")))
		take_received(&blob, &new.received_s);
	said = jmap_email_add(c, &new, &blob, added, e);
	blob_unmap(&blob.map);
	return said;
}

/* One item; false when the call ended. */
static bool
import_item(struct jmap_call *c, struct import *i)
{
	const struct json_member *member = &i->emails->members[i->at];
	struct jmap_set_error e = { 0 };
	struct jmap_email_added added;
	struct id_text id;

	switch (import_one(c, &member->value, &added, &e)) {
	case SET_WAIT: /* nothing here waits */
	case SET_YIELD:
	case SET_FAIL: return false;
	case SET_ERROR:
	case SET_LATER: jmap_creations_fail(&i->creations, member->name, &e); break;
	case SET_OK:
		id = id_text(ID_EMAIL, added.id);
		jmap_creations_add(c, &i->creations, member->name, id_str(&id));
		jmap_email_added_write(&c->w, &added);
		break;
	}
	return true;
}

enum jmap_step
jmap_email_import(struct jmap_call *c)
{
	struct import *i;

	if (!c->state && !import_begin(c))
		return JMAP_DONE;
	i = c->state;
	for (; i->at < i->emails->count; i->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		if (!import_item(c, i))
			return JMAP_DONE;
	}
	jmap_creations_end(c, &i->creations);
	jmap_write_state(&c->w, STR("newState"), change_state(c->account, CHANGE_EMAIL));
	json_object_end(&c->w);
	return JMAP_DONE;
}
