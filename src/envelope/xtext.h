/*
 * xtext.h - text that passes through SMTP's parameters: "+XX" for what may not stand there.
 *
 * RFC 3461 4 defines it for ENVID and ORCPT; RFC 4954 5 uses it for AUTH=. RFC 6533 3 adds a form for characters that
 * are not ASCII. Pure grammar.
 */
#ifndef ENVELOPE_XTEXT_H
#define ENVELOPE_XTEXT_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/* Append what `text` stands for. FAIL_SYNTAX: not xtext; FAIL_LIMIT: `out` is full. On failure what was
 * appended is undone. */
MUST_CHECK enum fail xtext_parse(struct buf *out, struct str text);

/* Append `bytes` as xtext. */
void xtext_write(struct buf *out, struct str bytes);

/* Append `character` as EmbeddedUnicodeChar (RFC 6533 3): "\x{F6}". */
void embedded_write(struct buf *out, uint32_t character);

#endif
