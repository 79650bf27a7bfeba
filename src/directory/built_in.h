/*
 * built_in.h - the child that asks directory.db: no program has to be found for it. Private to the room.
 */
#ifndef DIRECTORY_BUILT_IN_H
#define DIRECTORY_BUILT_IN_H

#include "base/str.h"
#include "directory/settings.h"

struct built_in {
	struct str path; /* directory.db */
	const struct directory_settings *settings;
};

/* A child's whole life (keeper.h): opens the file, answers questions from `fd` until it is closed. `arg`: built_in. */
void built_in_run(int fd, const void *arg);

#endif
