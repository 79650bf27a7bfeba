/*
 * settings.h - what the owner may configure of an S3-compatible server: section [s3].
 */
#ifndef S3_SETTINGS_H
#define S3_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/setting.h"

struct s3_settings {
	struct str endpoint;      /* "https://s3.eu-central-1.example.net" */
	struct str region;        /* as the signature has it */
	struct str bucket;        /* its name */
	struct str prefix;        /* before all names: "mail/" */
	bool is_path_style;       /* the bucket stands in the path; else in the host name */
	struct str access_key;    /* empty: AWS_ACCESS_KEY_ID of the environment */
	struct str secret_key;    /* empty: AWS_SECRET_ACCESS_KEY of the environment */
	struct str session_token; /* of keys for a time; empty: none, or AWS_SESSION_TOKEN */
	struct str ca_file;       /* PEM: authorities trusted beside the system's; or empty */
	int64_t connections;      /* at most */
	int64_t timeout_ms;       /* of one try, without a byte */
	int64_t retry_ms;         /* try again that long */
};

extern const struct setting_section s3_section;

/* The defaults of the table, for tests and tools. */
extern const struct s3_settings s3_settings_default;

/* The keys, from the settings or from the environment; empty when there are none. */
struct str s3_access_key(const struct s3_settings *s);
struct str s3_secret_key(const struct s3_settings *s);
struct str s3_session_token(const struct s3_settings *s);

/* Is everything there that a server needs? FAIL_SYNTAX and a line for each mistake. */
MUST_CHECK enum fail s3_settings_check(const struct s3_settings *s, struct buf *why);

#endif
