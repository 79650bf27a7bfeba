/*
 * fake_directory.h - a directory without children, for sessions that are played in-process.
 *
 * It stands in for directory.c: a program that uses it never links the real one. Accounts are
 * alice, bob, carol (room for 1500 bytes), dave (room for nothing), sales @example.test, each with the
 * password "secret"; bob is a member of the group sales@example.test. Other addresses of example.test: "team" leads to alice and bob, "full" to
 * alice and dave, "away" to alice and a remote address, "gone" to an account that is not there,
 * "most" to bob, carol and dave, "out" and "far" to a remote address each, "crowd" to bob and
 * FAKE_CROWD remote addresses ("m0@elsewhere.test" ..), "circle" to itself, "down" finds the directory down, "info" and
 * "postmaster" are alice, and "jörg" in UTF-8 is bob. Logging in as "down" finds it down too.
 */
#ifndef TEST_LIB_FAKE_DIRECTORY_H
#define TEST_LIB_FAKE_DIRECTORY_H

#include <stdbool.h>

#include "directory/directory.h"

#define FAKE_CROWD 1700 /* members elsewhere: several slices of the queue */

/* From now on answers wait for fake_directory_release(); or do not. */
void fake_directory_hold(bool is_held);

/* Give the answers that were held back; false when there were none. */
bool fake_directory_release(void);

#endif
