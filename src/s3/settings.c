#include "s3/settings.h"

/* system */
#include <stdlib.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "http/url.h"

#define S3_TOKEN_MAX 8000 /* bytes: Amazon's are a kilobyte or two */

#define AT(field) offsetof(struct s3_settings, field)

static const struct setting rows[] = {
	{ "endpoint", SETTING_TEXT, AT(endpoint), "", 0, 0, NULL,
	    "URL of the server, such as: https://s3.example.net" },
	{ "region", SETTING_TEXT, AT(region), "us-east-1", 0, 0, NULL,
	    "Its region; most servers that are not Amazon's take any" },
	{ "bucket", SETTING_TEXT, AT(bucket), "", 0, 0, NULL, "The bucket, which must be there" },
	{ "prefix", SETTING_TEXT, AT(prefix), "", 0, 0, NULL,
	    "What the names of all objects begin with, such as: mail/" },
	{ "path-style", SETTING_BOOL, AT(is_path_style), "yes", 0, 0, NULL,
	    "The bucket is part of the path; no: of the host name" },
	{ "access-key", SETTING_SECRET, AT(access_key), "", 0, 0, NULL,
	    "Or file:PATH; empty: AWS_ACCESS_KEY_ID of the environment" },
	{ "secret-key", SETTING_SECRET, AT(secret_key), "", 0, 0, NULL,
	    "file:PATH; empty: AWS_SECRET_ACCESS_KEY of the environment" },
	{ "session-token", SETTING_SECRET, AT(session_token), "", 0, 0, NULL,
	    "Of keys for a time, file:PATH; where access-key is empty: AWS_SESSION_TOKEN" },
	{ "ca-file", SETTING_TEXT, AT(ca_file), "", 0, 0, NULL,
	    "PEM file of authorities to trust beside the system's" },
	{ "connections", SETTING_NUMBER, AT(connections), "16", 1, 64, NULL,
	    "Connections to the server at most" },
	{ "timeout", SETTING_DURATION, AT(timeout_ms), "15s", 100, 600 * 1000, NULL,
	    "Give up one try when nothing was sent or came for this long" },
	{ "retry", SETTING_DURATION, AT(retry_ms), "45s", 0, 3600 * 1000, NULL,
	    "Try again that long before what waits for it fails" },
};

const struct setting_section s3_section = {
	.name = "s3",
	.rows = rows,
	.row_count = ARRAY_LEN(rows),
	.struct_size = sizeof(struct s3_settings),
	.help = "An S3-compatible server, for [blob]",
};

const struct s3_settings s3_settings_default = {
	.region = STR_INIT("us-east-1"),
	.is_path_style = true,
	.connections = 16,
	.timeout_ms = 15 * 1000,
	.retry_ms = 45 * 1000,
};

static struct str
key(struct str given, const char *variable)
{
	return str_empty(given) ? str_c(getenv(variable)) : given;
}

struct str
s3_access_key(const struct s3_settings *s)
{
	return key(s->access_key, "AWS_ACCESS_KEY_ID");
}

struct str
s3_secret_key(const struct s3_settings *s)
{
	return key(s->secret_key, "AWS_SECRET_ACCESS_KEY");
}

/* The environment's belongs to the environment's keys, and not to others. */
struct str
s3_session_token(const struct s3_settings *s)
{
	if (!str_empty(s->session_token) || !str_empty(s->access_key))
		return s->session_token;
	return str_c(getenv("AWS_SESSION_TOKEN"));
}

static void
say(struct buf *why, const char *name, const char *text)
{
	buf_add(why, STR("[s3] "));
	buf_add_c(why, name);
	buf_add(why, STR(": "));
	buf_add_c(why, text);
	buf_add_char(why, '\n');
}

/* Bucket names are part of host names and paths: 3 to 63 of a few signs. */
static bool
is_bucket(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !char_is_digit(c) && c != '-' && c != '.' &&
		    c != '_' && !(c >= 'A' && c <= 'Z'))
			return false;
	}
	return name.n >= 3 && name.n <= 63 && name.p[0] != '.';
}

/* What goes into a header or a URL as it is has no blanks and no controls. */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0;
}

static bool
is_token(struct str s)
{
	return str_empty(s) || (is_word(s) && s.n <= S3_TOKEN_MAX);
}

static void
check_endpoint(const struct s3_settings *s, struct buf *why)
{
	struct http_url url;

	if (http_url_parse(s->endpoint, &url) != FAIL_NONE)
		say(why, "endpoint", "must be a URL such as https://s3.example.net");
	else if (!str_empty(url.target) && !str_eq(url.target, STR("/")))
		say(why, "endpoint", "has a path; the bucket has a setting of its own");
	else if (url.is_address && url.is_tls)
		say(why, "endpoint", "https needs a host name: no certificate is for an address");
	else if (url.is_address && !s->is_path_style)
		say(why, "endpoint", "an address has no host names below it; path-style = yes");
}

enum fail
s3_settings_check(const struct s3_settings *s, struct buf *why)
{
	size_t before = why->n;

	check_endpoint(s, why);
	if (!is_bucket(s->bucket))
		say(why, "bucket", "must be the name of a bucket");
	if (!is_word(s->region) || str_find_char(s->region, '/') != STR_NONE)
		say(why, "region", "must be one word, such as us-east-1");
	if (!str_empty(s->prefix) && (!is_word(s->prefix) || s->prefix.p[0] == '/'))
		say(why, "prefix", "must be one word that does not begin with a slash");
	if (!is_word(s3_access_key(s)))
		say(why, "access-key", "is missing here and in AWS_ACCESS_KEY_ID");
	if (!is_word(s3_secret_key(s)))
		say(why, "secret-key", "is missing here and in AWS_SECRET_ACCESS_KEY");
	if (!is_token(s3_session_token(s)))
		say(why, "session-token", "must be one word, of no more than 8000 bytes");
	return why->n == before ? FAIL_NONE : FAIL_SYNTAX;
}
