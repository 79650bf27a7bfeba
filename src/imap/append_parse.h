/*
 * append_parse.h - what stands around the messages of APPEND and REPLACE, read piece by piece.
 *
 *     append         = mailbox 1*append-message                                  RFC 3502 6
 *     append-message = [SP flag-list] [SP date-time] SP append-data
 *     append-data    = literal / literal8 / "CATENATE" SP "(" cat-part *(SP cat-part) ")"
 *                      / "UTF8" SP "(" literal8 ")"                    RFC 4469 5, RFC 6855 8
 *     cat-part       = "TEXT" SP literal / "URL" SP astring / "UTF8" SP "(" literal8 ")"
 *
 * A literal is not there while this is read: it begins behind the line that announces it. So the caller gives
 * line after line, each with what imap_literal_suffix() found at its end, and is told what comes next. Pure.
 */
#ifndef IMAP_APPEND_PARSE_H
#define IMAP_APPEND_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap/flag.h"
#include "imap/token.h"

enum append_what {
	APPEND_BEGIN,       /* a message: flags and date are set */
	APPEND_TEXT,        /* its bytes, or some, are the literal behind this line */
	APPEND_URL,         /* some of its bytes are what url points to */
	APPEND_URL_LITERAL, /* the same, and the URL is the literal behind this line */
	APPEND_COMPLETE,    /* the message has all its bytes */
	APPEND_OVER,        /* so has the command */
	APPEND_WRONG,       /* none of it; the cursor tells whether a limit was met */
};

enum append_place {          /* where the parser stands */
	APPEND_AT_FIRST,     /* before the first message */
	APPEND_AT_DATA,      /* its options were read: "CATENATE", "UTF8" or the literal */
	APPEND_AT_END,       /* behind the literal that is all of it */
	APPEND_AT_UTF8,      /* behind the literal of UTF8 (..) */
	APPEND_AT_PARTS,     /* behind a part of CATENATE */
	APPEND_AT_UTF8_PART, /* behind the literal of its UTF8 (..) */
	APPEND_AT_NEXT,      /* behind a message */
};

struct append_parser {
	bool takes_catenate, takes_utf8; /* the extension is offered */
	bool takes_many;                 /* several messages */
	enum append_place place;
};

struct append_item {
	struct imap_flags flags; /* of BEGIN; arena: the cursor's */
	bool has_date;
	int64_t date_s;
	struct str url;
};

/* The next thing. `mark`: bytes of the literal's marker at the end of the line, 0: there is none. */
enum append_what append_next(struct append_parser *p, struct imap_cursor *c, size_t mark,
    struct append_item *out);

#endif
