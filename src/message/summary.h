/*
 * summary.h - everything list views need of a message in one compact record.
 *
 * Written once at delivery, kept in the store: the fields of `struct fields` of the message and of
 * embedded ones, the part tree with parameters, offsets, sizes and lines, decoded sizes, preview,
 * hasAttachment. ENVELOPE, BODYSTRUCTURE, sections' ranges and Email/get of lists work from it
 * without the file. A record carries a version; a reader refuses records of newer versions and of
 * damaged form (FAIL_PERM), then the file is parsed again.
 *
 * A record is at most SUMMARY_MAX bytes. A message that needs more (huge address lists, a thousand
 * parts) gets a short one that only says so, and is always parsed from its file.
 */
#ifndef MESSAGE_SUMMARY_H
#define MESSAGE_SUMMARY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "message/message.h"

#define SUMMARY_MAX     (80 * 1024) /* bytes: values of the store stay under 90 KB (design 5) */
#define SUMMARY_VERSION 1

/* Append the record of a parsed message (needs m->bytes; reads the bodies once). */
void message_summary_write(const struct message *m, struct buf *out);

/*
 * The record back into a message without bytes; texts are copied into `a`. FAIL_PERM: damaged, of a
 * newer version, or too large: parse the file instead. FAIL_LIMIT: the arena is full.
 */
MUST_CHECK enum fail message_summary_read(struct str record, struct arena *a, struct message *out);

#endif
