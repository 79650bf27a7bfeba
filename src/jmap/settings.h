/*
 * settings.h - what the owner can configure of JMAP: the section [jmap].
 */
#ifndef JMAP_SETTINGS_H
#define JMAP_SETTINGS_H

/* base */
#include "base/setting.h"

struct jmap_settings {
	int64_t upload_bytes; /* largest upload: maxSizeUpload */
	bool push_private;    /* also to http URLs and to addresses that are not public */
	struct str push_contact;
};

extern const struct setting_section jmap_section;

#endif
