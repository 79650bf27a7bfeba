/*
 * roff.h - manual pages in roff, with the macros of man(7).
 *
 * Texts of the tables go through here, so that whatever they say is shown and never obeyed: no line
 * of theirs becomes a macro, and signs that typesetters like to make nicer stay what is typed.
 */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include "base/buf.h"
#include "base/str.h"

/* The first lines: the page's name, section and what it is about in one line. */
void roff_title(struct buf *out, const char *name, char section, const char *about);

/* Text as it is; lines may begin in it. */
void roff_text(struct buf *out, struct str text);

/* The same in bold ('B': to be typed) or italics ('I': to be replaced), within a line. */
void roff_font(struct buf *out, char font, const char *text);

/* A help text of a table as a sentence: a capital first, unless that is something to type (file:PATH); a full stop behind it. */
void roff_sentence(struct buf *out, const char *text);

#endif
