/*
 * settings.h - what the owner may configure of the full-text index: section [search].
 */
#ifndef SEARCH_SETTINGS_H
#define SEARCH_SETTINGS_H

#include <stdbool.h>

#include "base/setting.h"

struct search_settings {
	bool has_index;
};

extern const struct setting_section search_section;

#endif
