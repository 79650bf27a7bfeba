/*
 * xml_writer.h - the XML that we write: elements with text, a line each.
 *
 * Pure. Names are ours; texts may be anybody's: markup becomes entities, and what XML 1.0 2.2 does not allow (controls,
 * malformed UTF-8) a "?". A text may stand in an element or between double quotes.
 */
#ifndef CODEC_XML_WRITER_H
#define CODEC_XML_WRITER_H

#include <stdint.h>

#include "base/buf.h"

void xml_text(struct buf *out, struct str text);

/* "<name>text</name>" and an end of line. */
void xml_element(struct buf *out, const char *name, struct str text);
void xml_element_u64(struct buf *out, const char *name, uint64_t n);

#endif
