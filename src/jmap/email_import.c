/*
 * Email/import (RFC 8621 4.8): an uploaded message becomes an Email.
 */
#include "jmap/blob_load.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/creations.h"
#include "jmap/access_email.h"
#include "jmap/email_new.h"
#include "jmap/methods.h"
#include "message/date.h"
#include "message/header.h"

struct import {
	const struct json *emails;
	uint32_t at;
	struct jmap_creations creations; /* own */
	/* of the one at hand */
	enum { IMPORT_READ, IMPORT_LOAD, IMPORT_WRITE } stage;
	struct email_new new;
	struct blob_id id;
	struct jmap_blob_load load; /* own */
	struct blob_writer writer;  /* own; for a part, which has no file of its own */
	struct blob_wait wait;      /* for the place of its file */
	size_t written;
};

static void
leave(struct import *i)
{
	jmap_blob_load_release(&i->load);
	blob_wait_release(&i->wait);
	blob_write_cancel(&i->writer);
	i->stage = IMPORT_READ;
	i->written = 0;
}

static void
import_release(struct jmap_call *c)
{
	struct import *i = c->state;

	leave(i);
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
read_one(struct jmap_call *c, struct import *i, const struct json *object, struct jmap_set_error *e)
{
	enum jmap_set_said said = jmap_email_new_read(c, object, &i->new, e);
	struct str text;

	if (said != SET_OK)
		return said;
	if (!json_get_text(json_find(object, STR("blobId")), &text) || !blob_id_parse(text, &i->id))
		return jmap_set_invalid(e, STR("blobId"), "There is no such blob.");
	i->stage = IMPORT_LOAD;
	return SET_OK;
}

/* The blob is there; one that is no whole file is written to one. */
static enum jmap_set_said
take_blob(struct jmap_call *c, struct import *i, struct jmap_set_error *e)
{
	const struct jmap_blob *blob = &i->load.blob;
	enum jmap_set_said said = jmap_may_add(c, &i->new, e);

	if (said != SET_OK)
		return said;
	if (blob->bytes.n == 0)
		return jmap_set_error(e, "invalidEmail", "An empty blob is no message.");
	i->stage = IMPORT_WRITE;
	if (blob->name.p ||
	    !blob_write_start(mail_blobs(c->account->mail), &i->writer, c->account->name))
		return SET_OK;
	return jmap_set_failed(c);
}

static enum jmap_set_said
load(struct jmap_call *c, struct import *i, struct jmap_set_error *e)
{
	enum fail fail;

	if (!jmap_blob_load_in(c, &i->load, c->access, &i->id, true, &c->arena, &fail))
		return SET_YIELD;
	if (fail == FAIL_MISSING)
		return jmap_set_invalid(e, STR("blobId"), "There is no such blob.");
	if (fail == FAIL_LIMIT)
		return jmap_set_error(e, "tooLarge", NULL);
	if (fail) {
		jmap_fail_with(c, fail);
		return SET_FAIL;
	}
	return take_blob(c, i, e);
}

/* While it was loaded and written others may have done anything: rights, and the bits of keywords. */
static enum jmap_set_said
add(struct jmap_call *c, struct import *i, const struct json *object,
    struct jmap_email_added *added, struct jmap_set_error *e)
{
	const struct jmap_blob *blob = &i->load.blob;
	enum jmap_set_said said;
	enum fail fail = FAIL_NONE;

	if (!blob->name.p &&
	    !jmap_blob_write_on(&i->writer, blob->bytes, &i->written, c->slice_end_us, &fail))
		return SET_YIELD;
	if (fail)
		return jmap_set_failed(c);
	said = jmap_email_new_read(c, object, &i->new, e);
	if (said == SET_OK && blob->name.p) /* of what was written, jmap_email_add_written() asks */
		said = jmap_may_add(c, &i->new, e);
	if (said != SET_OK)
		return said;
	if (!jmap_arg(object, STR("receivedAt")))
		take_received(blob, &i->new.received_s);
	return blob->name.p ? jmap_email_add_from(c, c->account, &i->new, blob, &i->wait, added, e)
			    : jmap_email_add_written(c, &i->new, &i->writer, &i->wait, added, e);
}

/* SET_YIELD: the slice is over; SET_FAIL: the call ended; else the next one. */
static enum jmap_set_said
import_item(struct jmap_call *c, struct import *i)
{
	const struct json_member *member = &i->emails->members[i->at];
	struct jmap_set_error e = { 0 };
	struct jmap_email_added added;
	enum jmap_set_said said = SET_OK;
	struct id_text id;

	if (i->stage == IMPORT_READ)
		said = read_one(c, i, &member->value, &e);
	if (said == SET_OK && i->stage == IMPORT_LOAD)
		said = load(c, i, &e);
	if (said == SET_OK)
		said = add(c, i, &member->value, &added, &e);
	if (said == SET_YIELD || said == SET_FAIL)
		return said;
	if (said == SET_OK) {
		id = id_text(ID_EMAIL, added.id);
		jmap_creations_add(c, &i->creations, member->name, id_str(&id));
		jmap_email_added_write(&c->w, &added);
	} else {
		jmap_creations_fail(&i->creations, member->name, &e);
	}
	leave(i);
	return said;
}

enum jmap_step
jmap_email_import(struct jmap_call *c)
{
	enum jmap_set_said said;
	struct import *i;

	if (!c->state && !import_begin(c))
		return JMAP_DONE;
	i = c->state;
	for (; i->at < i->emails->count; i->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		said = import_item(c, i);
		if (said == SET_FAIL || said == SET_YIELD)
			return said == SET_YIELD ? JMAP_YIELD : JMAP_DONE;
	}
	jmap_creations_end(c, &i->creations);
	jmap_write_state(&c->w, STR("newState"), change_state(c->account, CHANGE_EMAIL));
	json_object_end(&c->w);
	return JMAP_DONE;
}
