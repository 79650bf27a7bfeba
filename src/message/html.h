/*
 * html.h - HTML to plain text, as a stream.
 *
 * Tags go away, block elements break lines, list items get a dash, entities become characters;
 * script, style, title and comments are dropped with their content. Blanks collapse, except in <pre>.
 * It reads what mail programs write, not the HTML standard; it never fails.
 */
#ifndef MESSAGE_HTML_H
#define MESSAGE_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define HTML_TAG_MAX 64 /* bytes of a tag or entity that are looked at */

struct html_text { /* fields: read only */
	uint8_t state;
	char quote;   /* inside this attribute quote */
	uint8_t skip; /* which element's content is dropped */
	bool is_pre;
	bool is_blank_due;  /* a blank before the next word */
	uint8_t breaks_due; /* line ends before the next word */
	bool has_text;      /* anything written yet */
	uint8_t dashes;     /* of a comment's end seen */
	uint8_t held_count;
	char held[HTML_TAG_MAX]; /* the tag or entity so far */
};

void html_text_init(struct html_text *h);

/* Append the text of this piece of UTF-8 HTML; may stop anywhere. */
void html_text_read(struct html_text *h, struct str piece, struct buf *out);
void html_text_end(struct html_text *h, struct buf *out);

#endif
