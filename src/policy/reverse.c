#include "policy/reverse.h"

/* system */
#include <string.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"

/* rooms */
#include "dns/name.h"

void
reverse_start(struct reverse *r, struct dns *dns, struct task *owner,
    const struct net_address *address)
{
	struct buf name;

	*r = (struct reverse){ .dns = dns, .owner = owner, .address = *address };
	buf_init(&name, DNS_NAME_MAX);
	dns_reverse_name(address, &name);
	dns_query_start(dns, &r->pointer, owner, buf_str(&name), DNS_PTR);
	buf_release(&name);
}

static bool
is_host_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return name.n > 1;
}

static void
ask_forward(struct reverse *r)
{
	enum dns_type type = r->address.family == NET_ADDRESS_IPV6 ? DNS_AAAA : DNS_A;

	r->has_names = true;
	for (size_t i = 0; i < r->pointer.record_count && r->count < REVERSE_NAMES_MAX; i++) {
		struct str name = r->pointer.records[i].name;

		if (!is_host_name(name))
			continue;
		r->names[r->count] = name;
		dns_query_start(r->dns, &r->forward[r->count++], r->owner, name, type);
	}
}

static bool
leads_back(const struct reverse *r, const struct dns_query *q)
{
	for (size_t i = 0; i < q->record_count; i++) {
		if (memcmp(q->records[i].address.bytes, r->address.bytes,
			sizeof r->address.bytes) == 0)
			return true;
	}
	return false;
}

bool
reverse_look(struct reverse *r, bool is_late)
{
	if (op_pending(&r->pointer.op)) {
		r->is_unknown = true;
		return is_late;
	}
	if (!r->has_names)
		ask_forward(r);
	r->is_unknown = r->pointer.op.fail == FAIL_TEMP;
	r->is_missing = r->pointer.op.fail == FAIL_MISSING;
	for (size_t i = 0; i < r->count; i++) {
		const struct dns_query *q = &r->forward[i];

		if (op_pending(&q->op) && !is_late)
			return false; /* one before those that are answered may be it */
		if (op_pending(&q->op) || q->op.fail == FAIL_TEMP) {
			r->is_unknown = true;
		} else if (leads_back(r, q)) {
			r->name = r->names[i];
			r->is_unknown = false;
			return true;
		}
	}
	return true;
}

void
reverse_release(struct reverse *r)
{
	dns_query_release(&r->pointer);
	for (size_t i = 0; i < REVERSE_NAMES_MAX; i++)
		dns_query_release(&r->forward[i]);
	*r = (struct reverse){ 0 };
}
