#include "lib/http_stage.h"

/* rooms */
#include "http/server.h"
#include "jmap/jmap.h"
#include "net/private.h"

static struct http_service service;
static struct http_listener kind = { .has_plaintext_login = true };
static struct listener listener;
static struct jmap *jmap;

static void
open_http(void)
{
	static const struct jmap_settings settings = { .upload_bytes = 100000 };
	static const struct http_settings http = { .base_url = STR_INIT(""), .idle_ms = 60000 };

	http_service_init(&service, &dialogue.loop, &http);
	jmap_open(&jmap, dialogue.mail, NULL, NULL, &settings);
	jmap_attach(jmap, &service);
	listener = (struct listener){ .service = &service.service, .settings = &kind };
	dialogue.listener = &listener;
	dialogue.sessions = &service.sessions;
}

static void
stop_http(void)
{
	http_service_stop(&service);
}

static void
close_http(void)
{
	http_service_release(&service);
	jmap_close(&jmap);
}

const struct dialogue_room http_stage_room = { .folder = "test/dialogue/jmap",
	.open = open_http,
	.stop = stop_http,
	.close = close_http };
