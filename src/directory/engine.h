/*
 * engine.h - where accounts are kept, and the program that asks there. Private to the room and the command line.
 */
#ifndef DIRECTORY_ENGINE_H
#define DIRECTORY_ENGINE_H

#include "base/buf.h"
#include "base/fail.h"
#include "directory/settings.h"

struct directory_engine {
	const char *title;                     /* in sentences: "accounts are kept in .." */
	const char *program;                   /* its file's name; NULL: none, or the owner's own */
	const struct setting_section *section; /* what its program is told; NULL: nothing */
};

extern const struct directory_engine directory_engines[DIRECTORY_ENGINE_COUNT];

/*
 * Append the path of the program to execute: the owner's, else beside the running program, else in ../lib/staunch from
 * there. FAIL_MISSING: it is nowhere or cannot be executed, one line in `why`.
 */
MUST_CHECK enum fail engine_find_program(const struct directory_settings *settings, struct buf *out,
    struct buf *why);

#endif
