/*
 * words.h - the words of the lines between server and child. Private to the room.
 */
#ifndef DIRECTORY_WORDS_H
#define DIRECTORY_WORDS_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"
#include "directory/directory.h"

/* "login", "scram" ..: the member "ask". */
struct str directory_word(enum directory_kind kind);

/* DIRECTORY_KIND_COUNT for no word of ours. */
enum directory_kind directory_word_find(struct str word);

/* "ok", "missing", "denied" ..: the member "result". */
struct str directory_result_write(enum fail fail);
MUST_CHECK bool directory_result_parse(struct str word, enum fail *out);

#endif
