/* The commands about bans (command.h). */
#include "server/commands.h"

/* system */
#include <string.h>

/* rooms */
#include "codec/json_writer.h"
#include "message/date.h"
#include "policy/policy.h"
#include "server/server.h"

static const char *const offence_names[] = {
	[OFFENCE_LOGIN] = "wrong passwords",
	[OFFENCE_RCPT] = "recipients that do not exist",
	[OFFENCE_JUNK] = "junk",
};

_Static_assert(sizeof offence_names / sizeof offence_names[0] == OFFENCE_COUNT,
    "every offence has its name");

/* A ban of an IPv6 address holds for its network (policy.h). */
#define NETWORK_V6 "/64"

static void
add_network(struct buf *out, const struct net_address *address)
{
	struct net_address base = *address;
	char text[NET_ADDRESS_TEXT_MAX];
	bool is_v6 = address->family == NET_ADDRESS_IPV6;

	if (is_v6)
		memset(base.bytes + 8, 0, 8);
	buf_add(out, net_address_text(&base, text));
	if (is_v6)
		buf_add(out, STR(NETWORK_V6));
}

static void
json_ban(struct buf *out, const struct policy_ban *ban)
{
	struct json_writer w = { .out = out };
	struct buf time, network;

	buf_init(&time, 40);
	buf_init(&network, NET_ADDRESS_TEXT_MAX + sizeof NETWORK_V6);
	add_network(&network, &ban->address);
	date_write_3339(&time, ban->ends_s, 0);
	json_object_begin(&w);
	json_name_string(&w, STR("address"), buf_str(&network));
	json_name_string(&w, STR("why"), str_c(offence_names[ban->why]));
	json_name_string(&w, STR("until"), buf_str(&time));
	json_object_end(&w);
	buf_release(&time);
	buf_release(&network);
}

static void
text_ban(struct buf *out, const struct policy_ban *ban)
{
	add_network(out, &ban->address);
	buf_add(out, STR("  until "));
	date_write_3339(out, ban->ends_s, 0);
	buf_add(out, STR("  for "));
	buf_add_c(out, offence_names[ban->why]);
}

/* All in one slice: there are at most POLICY_BANS_MAX. */
bool
command_ban_list(struct command_run *r)
{
	const struct policy_ban *ban = NULL;

	if (r->is_json)
		buf_add(&r->out, STR("[\n"));
	while ((ban = policy_ban_next(r->server->policy, ban)) != NULL) {
		if (r->is_json && r->count > 0)
			buf_add(&r->out, STR(",\n"));
		if (r->is_json)
			json_ban(&r->out, ban);
		else
			text_ban(&r->out, ban);
		if (!r->is_json)
			buf_add_char(&r->out, '\n');
		r->count++;
	}
	if (r->is_json)
		buf_add(&r->out, STR("\n]\n"));
	else if (r->count == 0)
		buf_add(&r->out, STR("nobody is banned\n"));
	return false;
}

bool
command_ban_lift(struct command_run *r)
{
	struct str text = r->arguments[0];
	struct net_address address;

	if (str_ends(text, STR(NETWORK_V6))) /* as the list says it */
		text = str_head(text, text.n - strlen(NETWORK_V6));
	if (net_address_parse(text, &address) != FAIL_NONE) {
		(void)command_fail(r, r->arguments[0], "is not an address");
		r->status = 2;
		return false;
	}
	if (policy_unban(r->server->policy, &address) != FAIL_NONE)
		return command_fail(r, r->arguments[0], "is not banned");
	buf_add(&r->out, r->arguments[0]);
	buf_add(&r->out, STR(" may connect again\n"));
	return false;
}
