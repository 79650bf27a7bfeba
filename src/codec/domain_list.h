/*
 * domain_list.h - is a domain in a list of the owner's, and how well does it fit?
 *
 * Pure. Words with blanks between them: "example.org" for itself, ".example.org" for all below it, "*" for all
 * (SETTING_DOMAINS). Case does not count; both sides are ASCII.
 */
#ifndef CODEC_DOMAIN_LIST_H
#define CODEC_DOMAIN_LIST_H

#include "base/str.h"

/* 0: it is not there; else the more, the nearer its best word: "*" is the farthest, the domain itself the nearest. */
size_t domain_list_nearness(struct str list, struct str domain);

#endif
