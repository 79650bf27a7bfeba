#include "search/settings.h"

/* base */
#include "base/mem.h"

static const struct setting rows[] = {
	{ "index", SETTING_BOOL, offsetof(struct search_settings, has_index), "yes", 0, 0, NULL,
	    "Keep a full-text index, in index.db; without one, searches read every message" },
};

const struct setting_section search_section = { "search", rows, ARRAY_LEN(rows),
	sizeof(struct search_settings), false, "Searching in the text of messages" };
