/*
 * settings.h - what the owner can configure of HTTP: the sections [http] and [http-client].
 */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

/* base */
#include "base/setting.h"

struct http_settings {
	struct str base_url;  /* "https://mail.example.test"; empty: as the request says */
	bool trust_forwarded; /* believe X-Forwarded-Proto and -For of a proxy before us */
	int64_t idle_ms;      /* keep an idle connection */
	struct str origins;   /* of pages that may use JMAP, with blanks between them; "*" is any */
};

extern const struct setting_section http_section;

struct http_client_settings {
	struct str ca_file;           /* PEM: authorities trusted beside the system's; or empty */
	int64_t connections;          /* open at most */
	int64_t connections_per_host; /* to one scheme, host and port */
	int64_t idle_ms;              /* keep an unused connection */
};

extern const struct setting_section http_client_section;

/* The defaults of the table, for tests and tools. */
extern const struct http_client_settings http_client_settings_default;

#endif
