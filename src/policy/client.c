/*
 * What DNS says of a peer: its reverse name, and the lists it is on.
 *
 *     reverse:  PTR -> A or AAAA of its names -> settled
 *     lists:    WELCOME --on one--> done            (block lists are not asked, or not listened to)
 *                  `----on none, or half the time is over--> BLOCK --on none--> done
 *                                                              `-----on one--> REASON (its TXT) -> done
 *
 * The op ends when both are done or the time is over; then the questions go, the texts stay. A welcome
 * list that is silent holds the block lists up for half the time only, and counts if it answers before
 * they are done.
 */
#include "policy/private.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "dns/name.h"
#include "policy/dnsbl.h"
#include "policy/reverse.h"

#define REASON_MAX \
	200 /* bytes of the zone's text: it goes into a reply line of 512 (RFC 5321 4.5.3.1.5) */

enum lists_state { LISTS_WELCOME, LISTS_BLOCK, LISTS_REASON, LISTS_DONE };

/* While the op is pending. */
struct questions {
	struct reverse reverse;
	struct dnsbl welcome, block;
	struct dns_query reason;
	enum lists_state lists;
	bool is_reverse_done;
};

struct policy_client_inner {
	struct policy *policy;
	struct policy_client *client;
	struct net_address peer;
	struct questions *asked; /* own; NULL once the op ended */
	struct task task;
	struct timer timer;
	int64_t half_ms, end_ms;
	struct buf name, reason; /* what the client's texts point into */
};

/* --- texts ---------------------------------------------------------------------------------------------- */

static void
add_printable(struct buf *out, struct str text)
{
	text = str_head(text, out->max);
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(out, text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?');
}

static void
take_name(struct policy_client_inner *in)
{
	const struct reverse *r = &in->asked->reverse;

	in->client->is_name_unknown = r->is_unknown;
	in->client->is_name_missing = r->is_missing;
	buf_add(&in->name, r->name);
	in->client->name = buf_str(&in->name);
}

static void
take_reason(struct policy_client_inner *in)
{
	const struct dns_query *q = &in->asked->reason;

	if (in->client->is_listed && q->record_count > 0)
		add_printable(&in->reason, q->records[0].bytes);
	in->client->reason = buf_str(&in->reason);
}

/* --- going on --------------------------------------------------------------------------------------------- */

static void
ask_block_lists(struct policy_client_inner *in)
{
	struct policy *p = in->policy;

	in->asked->lists = LISTS_BLOCK;
	dnsbl_start(&in->asked->block, &p->block, p->dns, &in->task, &in->peer);
}

static void
ask_reason(struct policy_client_inner *in, const struct zone *zone)
{
	struct buf name;

	in->client->is_listed = true;
	in->client->list = zone->name;
	in->asked->lists = LISTS_REASON;
	buf_init(&name, DNS_NAME_MAX);
	dnsbl_name(&name, &in->peer, zone->name);
	dns_query_start(in->policy->dns, &in->asked->reason, &in->task, buf_str(&name), DNS_TXT);
	buf_release(&name);
}

static void
welcome(struct policy_client_inner *in)
{
	struct policy_client *c = in->client;

	c->is_welcome = true;
	c->is_listed = false;
	c->list = in->asked->welcome.zone->name;
	in->asked->lists = LISTS_DONE;
}

static void
look_at_block_lists(struct policy_client_inner *in)
{
	struct questions *asked = in->asked;

	switch (dnsbl_look(&asked->block)) {
	case DNSBL_PENDING: break;
	case DNSBL_NONE: asked->lists = LISTS_DONE; break;
	case DNSBL_FOUND: ask_reason(in, asked->block.zone); break;
	}
}

/* True when nothing more can come of the lists. */
static bool
look_at_lists(struct policy_client_inner *in)
{
	struct questions *asked = in->asked;
	enum dnsbl_state welcomes;

	if (asked->lists == LISTS_DONE)
		return true;
	welcomes = dnsbl_look(&asked->welcome);
	if (welcomes == DNSBL_FOUND) {
		welcome(in);
		return true;
	}
	if (asked->lists == LISTS_WELCOME &&
	    (welcomes == DNSBL_NONE || clock_mono_ms() >= in->half_ms))
		ask_block_lists(in);
	if (asked->lists == LISTS_BLOCK)
		look_at_block_lists(in);
	if (asked->lists == LISTS_REASON && !op_pending(&asked->reason.op))
		asked->lists = LISTS_DONE;
	return asked->lists == LISTS_DONE;
}

/* The questions are over: the texts are taken, the rest is given back. */
static void
drop_questions(struct policy_client_inner *in)
{
	timer_stop(in->policy->loop, &in->timer);
	task_cancel(&in->task);
	reverse_release(&in->asked->reverse);
	dnsbl_release(&in->asked->welcome);
	dnsbl_release(&in->asked->block);
	dns_query_release(&in->asked->reason);
	mem_free(in->asked);
	in->asked = NULL;
}

static void
look(struct policy_client_inner *in)
{
	struct policy *p = in->policy;
	struct questions *asked = in->asked;
	bool is_late = clock_mono_ms() >= in->end_ms;
	bool is_done = look_at_lists(in);

	if (!asked->is_reverse_done)
		asked->is_reverse_done = reverse_look(&asked->reverse, is_late);
	if ((is_done && asked->is_reverse_done) || is_late) {
		take_name(in);
		take_reason(in);
		drop_questions(in);
		op_finish(&in->client->op, FAIL_NONE);
		return;
	}
	timer_start(p->loop, &in->timer, &in->task,
	    clock_mono_ms() < in->half_ms ? in->half_ms : in->end_ms);
}

static enum step
step(struct task *t)
{
	struct policy_client_inner *in = container_of(t, struct policy_client_inner, task);

	if (in->asked != NULL)
		look(in);
	return STEP_WAIT;
}

/* --- the op ------------------------------------------------------------------------------------------------ */

static struct policy_client_inner *
new_inner(struct policy *p, struct policy_client *c, const struct net_address *peer)
{
	struct policy_client_inner *in = mem_new(1, sizeof *in);

	*in = (struct policy_client_inner){ .policy = p, .client = c, .peer = *peer };
	in->asked = mem_new(1, sizeof *in->asked);
	in->half_ms = clock_mono_ms() + p->settings->lookup_ms / 2;
	in->end_ms = clock_mono_ms() + p->settings->lookup_ms;
	buf_init(&in->name, DNS_NAME_MAX);
	buf_init(&in->reason, REASON_MAX);
	loop_task(p->loop, &in->task, step, NULL);
	p->op_count++;
	return in;
}

/* Lists know addresses of the public Internet only; asking them for others tells them of our network. */
static void
ask(struct policy_client_inner *in)
{
	struct policy *p = in->policy;
	struct questions *asked = in->asked;

	if (p->settings->reverse == REVERSE_OFF) {
		asked->is_reverse_done = true;
		asked->reverse.is_unknown = true;
	} else {
		reverse_start(&asked->reverse, p->dns, &in->task, &in->peer);
	}
	if (net_address_is_public(&in->peer))
		dnsbl_start(&asked->welcome, &p->welcome, p->dns, &in->task, &in->peer);
	else
		asked->lists = LISTS_DONE;
}

static bool
has_reverse_name(const struct net_address *peer)
{
	return peer->family == NET_ADDRESS_IPV4 || peer->family == NET_ADDRESS_IPV6;
}

void
policy_client_start(struct policy *p, struct policy_client *c, struct task *owner,
    const struct net_address *peer)
{
	policy_client_release(c);
	op_begin(&c->op, owner);
	if (policy_is_trusted(p, peer) || !has_reverse_name(peer)) {
		c->is_welcome = c->is_name_unknown = true;
		op_finish(&c->op, FAIL_NONE);
		return;
	}
	c->inner = new_inner(p, c, peer);
	ask(c->inner);
	look(c->inner);
}

void
policy_client_cancel(struct policy_client *c)
{
	policy_client_release(c);
}

void
policy_client_release(struct policy_client *c)
{
	struct policy_client_inner *in = c->inner;

	if (in != NULL) {
		if (in->asked != NULL)
			drop_questions(in);
		buf_release(&in->name);
		buf_release(&in->reason);
		in->policy->op_count--;
		mem_free(in);
	}
	*c = (struct policy_client){ 0 };
}
