/*
 * email_make_inner.h - what the files of email_make.h share. Private.
 */
#ifndef JMAP_EMAIL_MAKE_INNER_H
#define JMAP_EMAIL_MAKE_INNER_H

#include "jmap/email_make.h"

#define EMAIL_MAKE_VALUE_MAX (64 * 1024) /* bytes of a Content- field; more is nobody's file name */

enum part_place { PART_IN_STRUCTURE, PART_IN_TEXT, PART_IN_HTML, PART_IN_ATTACHMENTS };

/*
 * One EmailBodyPart. `place` is the property of the Email that it stands in; fields of the root part (`is_root`)
 * are the message's. NULL: *said_out says why.
 */
struct build_part *email_make_part(struct email_maker *m, const struct json *v,
    enum part_place place, bool is_root, struct jmap_set_error *e, enum jmap_set_said *said_out);

/* Note that a field is given; false when it was given before. */
MUST_CHECK bool email_make_name(struct email_maker *m, struct map *names, struct str name);

/* A shown picture or the like, for a multipart/related. */
bool email_make_is_shown(const struct json *part);

/* --- one part ------------------------------------------------------------------------------------- */

/* One part under way. */
struct email_piece {
	struct email_maker *m;
	const struct json *v;
	enum part_place place;
	struct build_part *part;
	struct map own_names, *names; /* of its fields */
	struct buf fields;            /* own */
	struct str type, media;       /* "text/plain", as given and in lower case */
	struct buf params;            /* own: of Content-Type */
	struct str raw_type;          /* of header:Content-Type; p is NULL: not given */
	const char *wrong;
	bool is_too_large;
	enum fail fail;
};

/* The first thing that is wrong with it is the one that is told. Always false. */
bool email_piece_wrong(struct email_piece *x, const char *text);

static inline bool
email_piece_is_multipart(const struct email_piece *x)
{
	return str_starts(x->media, STR("multipart/"));
}

/* email_make_field.c: all fields of the object x->v, its type among them; or only the type. x->wrong tells. */
void email_make_fields(struct email_piece *x);
void email_make_type(struct email_piece *x);

#endif
