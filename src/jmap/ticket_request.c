/*
 * Where tickets are asked for and taken back: POST /jmap/ws/ticket, DELETE /jmap/ws/ticket/{ticket}.
 */
#include "jmap/private.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "jmap/args.h"

struct ticket_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
};

static void
write_ticket(struct json_writer *w, struct str ticket, struct str user, struct str address)
{
	int64_t now_s = clock_wall_s();

	json_object_begin(w);
	json_name_string(w, STR("clientAddress"), address);
	json_name_string(w, STR("value"), ticket);
	json_name(w, STR("generatedOn"));
	jmap_write_date(w, now_s, 0);
	json_name(w, STR("validUntil"));
	jmap_write_date(w, now_s + TICKET_MS / 1000, 0);
	json_name_string(w, STR("username"), user);
	json_object_end(w);
}

static void
make_ticket(struct ticket_request *r, struct http_exchange *x)
{
	struct str user = r->login.account->name;
	struct str ticket =
	    jmap_ticket_make(&r->jmap->tickets, clock_mono_ms(), user, r->login.query.credential);
	struct net_address client = http_client_address(x);
	char address[NET_ADDRESS_TEXT_MAX];
	struct json_writer w;
	struct buf body;

	if (!ticket.p) {
		http_reply_problem(x, 503, NULL, "There are too many tickets now.");
		return;
	}
	buf_init_secret(&body, 4096);
	w = (struct json_writer){ .out = &body };
	write_ticket(&w, ticket, user, net_address_text(&client, address));
	http_reply_start(x, 200, "application/json");
	http_reply_header(x, "Cache-Control", STR("no-store"));
	http_reply_length(x, buf_str(&body).n);
	http_reply_body(x, buf_str(&body));
	buf_release(&body);
}

/* What is not there, or is another's, is as good as gone for who asks. */
static void
revoke_ticket(struct ticket_request *r, struct http_exchange *x)
{
	struct str ticket = x->request.path;

	if (str_skip(&ticket, STR("/jmap/ws/ticket/")))
		jmap_ticket_revoke(&r->jmap->tickets, ticket, r->login.account->name);
	http_reply_start(x, 204, NULL);
}

static enum http_step
ticket_step(struct http_handler *h, struct http_exchange *x)
{
	struct ticket_request *r = container_of(h, struct ticket_request, handler);
	enum http_step step;

	if (!jmap_login_ready(&r->login, r->jmap, x, &step))
		return step;
	if (x->request.method == HTTP_DELETE)
		revoke_ticket(r, x);
	else
		make_ticket(r, x);
	return HTTP_DONE;
}

static void
ticket_release(struct http_handler *h)
{
	struct ticket_request *r = container_of(h, struct ticket_request, handler);

	jmap_login_release(&r->login);
	mem_free(r);
}

struct http_handler *
jmap_ticket_open(void *room, struct http_exchange *x)
{
	struct ticket_request *r = mem_new(1, sizeof(*r));

	(void)x;
	r->handler = (struct http_handler){ ticket_step, ticket_release };
	r->jmap = room;
	return &r->handler;
}
