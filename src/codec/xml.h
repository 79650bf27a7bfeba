/*
 * xml.h - the little XML that machines write to each other: elements and text, nothing else counts.
 *
 * Pure and strict (XML 1.0): one root, every element closed by its own name, only the five named
 * entities and numbers. Attributes are read over. A document type, an entity of its own or a CDATA
 * section is malformed here: S3 and reports have none, and they are what attacks on XML are made of. Not done: names
 * outside ASCII, encodings other than UTF-8.
 */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"

#define XML_PATH_MAX 256  /* bytes of all names from the root to an element */
#define XML_TEXT_MAX 8192 /* bytes of one element's text: a key of S3 has 1024 */

/*
 * An element ended. `path` has the names from the root to it, "ListBucketResult/Contents/Key"; `text` what
 * stood in it since the last tag, without entities. Both are borrowed during the call. False stops the walk.
 */
typedef bool xml_element_fn(void *arg, struct str path, struct str text);

/* FAIL_SYNTAX: malformed, or `fn` said stop; FAIL_LIMIT: too deep or too long. */
MUST_CHECK enum fail xml_walk(struct str document, xml_element_fn *fn, void *arg);

#endif
