#include "jmap/jmap.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/private.h"
#include "jmap/push.h"

static const struct http_route routes[] = {
	{ HTTP_BIT(HTTP_GET), STR_INIT("/.well-known/jmap"), jmap_session_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/jmap/session"), jmap_session_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/jmap/api"), jmap_session_open },
	{ HTTP_BIT(HTTP_POST), STR_INIT("/jmap/api"), jmap_api_open },
	{ HTTP_BIT(HTTP_POST), STR_INIT("/jmap/upload/"), jmap_upload_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/jmap/download/"), jmap_download_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/jmap/eventsource"), jmap_eventsource_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/jmap/ws"), jmap_websocket_open },
	{ HTTP_BIT(HTTP_POST), STR_INIT("/jmap/ws/ticket"), jmap_ticket_open },
	{ HTTP_BIT(HTTP_DELETE), STR_INIT("/jmap/ws/ticket/"), jmap_ticket_open },
};

#define FNV_START 0xcbf29ce484222325u

/* FNV-1a */
static uint64_t
hash_of(uint64_t hash, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (unsigned char)bytes.p[i]) * 0x100000001b3u;
	return hash;
}

/* What the session says of this server: the same after every start, another when it changes. */
static void
compute_state(struct jmap *j)
{
	struct json_writer w;
	struct buf text;

	buf_init(&text, 65536);
	w = (struct json_writer){ .out = &text };
	json_array_begin(&w);
	json_object_begin(&w);
	jmap_capabilities_write(j, &w);
	json_object_end(&w);
	json_object_begin(&w);
	jmap_account_capabilities_write(j, &w, true, true);
	json_object_end(&w);
	json_array_end(&w);
	j->state = hash_of(FNV_START, buf_str(&text));
	buf_release(&text);
}

struct jmap_session_state
jmap_session_state(const struct jmap *j, const struct jmap_login *login)
{
	uint64_t sharing = acl_sharing(j->mail), hash = j->state;
	struct jmap_session_state out = { { 0 } };

	hash = hash_of(hash, buf_str(&login->groups));
	for (unsigned i = 0; i < 8; i++) {
		char byte = (char)(sharing >> 8 * i);

		hash = hash_of(hash, str_of(&byte, 1));
	}
	for (unsigned i = 0; i < 16; i++)
		out.text[i] = char_hex((unsigned)(hash >> (60 - 4 * i) & 15));
	return out;
}

void
jmap_open(struct jmap **out, struct mail *mail, struct directory *directory, struct policy *policy,
    const struct jmap_settings *settings)
{
	struct jmap *j = mem_new(1, sizeof(*j));

	j->mail = mail;
	j->directory = directory;
	j->policy = policy;
	j->settings = *settings;
	jmap_guards_init(&j->guards, directory);
	compute_state(j);
	*out = j;
}

void
jmap_send_with(struct jmap *j, const struct jmap_sending *sending)
{
	j->sending = *sending;
	j->house = (struct submit_house){ .loop = sending->loop,
		.mail = j->mail,
		.directory = j->directory,
		.queue = sending->queue,
		.policy = j->policy };
	compute_state(j);
}

void
jmap_close(struct jmap **j)
{
	if (!*j)
		return;
	invariant((*j)->users.count == 0);
	jmap_push_close(&(*j)->push);
	invariant((*j)->states.users.count == 0);
	jmap_guards_release(&(*j)->guards);
	jmap_tickets_release(&(*j)->tickets);
	map_release(&(*j)->users);
	mem_free(*j);
	*j = NULL;
}

void
jmap_push_start(struct jmap *j, struct http_client *client)
{
	jmap_push_open(&j->push,
	    &(struct jmap_push_house){ .mail = j->mail,
		.directory = j->directory,
		.states = &j->states,
		.client = client,
		.settings = &j->settings,
		.guards = &j->guards });
	compute_state(j);
}

void
jmap_attach(struct jmap *j, struct http_service *service)
{
	http_service_routes(service, routes, ARRAY_LEN(routes), j);
	http_service_cross_origin(service);
}
