/*
 * settings.h - what the owner can configure of the HTTP server: the section [http].
 */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

/* base */
#include "base/setting.h"

struct http_settings {
	struct str base_url;  /* "https://mail.example.test"; empty: as the request says */
	bool trust_forwarded; /* believe X-Forwarded-Proto of a proxy before us */
	int64_t idle_ms;      /* keep an idle connection */
};

extern const struct setting_section http_section;

#endif
