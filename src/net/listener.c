/* Accepting connections: limits, refusals, running out of descriptors. */

/* system */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "net/bind.h"
#include "net/networks.h"
#include "net/private.h"

#define ACCEPT_BATCH    64    /* connections taken per turn and listener, so that others run too */
#define ACCEPT_RETRY_MS 200   /* pause when the kernel has no descriptor or memory for us */
#define TELL_MS         10000 /* one line about refused connections in this time */

static const struct log net_log = { .room = "net" };

/* --- limits --------------------------------------------------------------------------------- */

static struct site *
find_site(struct net *net, const struct net_address *peer)
{
	struct map_node *node = map_find(&net->sites, net_address_site(peer));

	return node ? container_of(node, struct site, node) : NULL;
}

static bool
is_full(const struct net *net)
{
	return (int64_t)net->count >= net->settings->connections;
}

/* Has this address as many as one may have? */
static bool
is_crowded(struct net *net, const struct net_address *peer)
{
	const struct net_settings *set = net->settings;
	const struct site *site;

	if (!set->is_loopback_limited && net_address_is_loopback(peer))
		return false;
	site = find_site(net, peer);
	return site && (int64_t)site->count >= set->connections_per_address;
}

static void
join_site(struct conn *c)
{
	struct site *site = find_site(c->net, &c->peer);

	if (site == NULL) {
		site = mem_new(1, sizeof *site);
		site->address = c->peer;
		map_insert(&c->net->sites, &site->node, net_address_site(&site->address));
	}
	site->count++;
	c->site = site;
}

/* A line now and then, not one per connection: the peer decides how many there are. */
uint64_t
net_tally(struct net_tally *t)
{
	int64_t now = clock_mono_ms();
	uint64_t count = ++t->count;

	if (t->told_ms != 0 && now - t->told_ms < TELL_MS)
		return 0;
	*t = (struct net_tally){ .told_ms = now };
	return count;
}

/* Say why on the socket, where something can be said in clear, and in the log. */
static void
tell_refused(struct listener *l, int fd, const struct net_address *peer)
{
	const char *reason = l->service->refusal;
	char text[NET_ADDRESS_TEXT_MAX];
	uint64_t count = net_tally(&l->net->refused);

	if (reason && !l->is_tls)
		sys.send(fd, reason, strlen(reason), MSG_DONTWAIT);
	if (count > 0)
		log_warn(&net_log, "net.refused", LOG_TEXT("peer", net_address_text(peer, text)),
		    LOG_NUM("refused", count), LOG_NUM("connections", l->net->count));
}

void
listener_admit(struct conn *c)
{
	struct listener *l = c->listener;

	if (is_crowded(c->net, &c->peer)) {
		tell_refused(l, c->watch.fd, &c->peer);
		conn_free(&c);
		return;
	}
	join_site(c);
	l->service->accept(l->service, l, c);
}

/* --- accepting ------------------------------------------------------------------------------ */

static void
take_one(struct listener *l, int fd, const struct sockaddr_storage *from)
{
	int yes = 1;
	struct net *net = l->net;
	struct net_address peer;
	bool is_proxied;
	struct conn *c;

	net_address_from_system(from, &peer);
	is_proxied = net_networks_have(l->proxies, &peer);
	/* A proxy may have many: its clients are counted one by one, once they are known. */
	if (is_full(net) || (!is_proxied && is_crowded(net, &peer))) {
		tell_refused(l, fd, &peer);
		sys.close(fd);
		return;
	}
	if (peer.family != NET_ADDRESS_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	}
	c = conn_new(net, l, &peer);
	c->is_inbound = true;
	net->count++;
	if (conn_use_socket(c, fd) != FAIL_NONE) {
		sys.close(fd);
		conn_destroy(c);
	} else if (is_proxied) {
		proxied_start(c);
	} else {
		listener_admit(c);
	}
}

/*
 * No descriptor for the newcomer: give up the spare one for a moment, take him and close. Without
 * this he would stay in the queue and we would spin.
 */
static void
shed_one(struct listener *l)
{
	struct net *net = l->net;
	int fd;

	log_error(&net_log, "net.descriptors.none", LOG_NUM("connections", net->count));
	if (net->spare_fd < 0)
		return;
	sys.close(net->spare_fd);
	fd = sys.accept4(l->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		sys.close(fd);
	net->spare_fd = sys.open("/dev/null", O_RDONLY, 0);
}

/* What accept4(2) may say, sorted into what we do. */
enum accepted { ACCEPT_NEXT, ACCEPT_DRY, ACCEPT_FULL };

static enum accepted
accept_one(struct listener *l)
{
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof from;
	int fd =
	    sys.accept4(l->watch.fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		take_one(l, fd, &from);
		return ACCEPT_NEXT;
	}
	switch (errno) {
	case EAGAIN: return ACCEPT_DRY;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return ACCEPT_FULL;
	}
	return ACCEPT_NEXT; /* this one went away meanwhile (ECONNABORTED ..): accept(2), NOTES */
}

static enum step
listener_step(struct task *t)
{
	struct listener *l = container_of(t, struct listener, task);

	for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
		switch (accept_one(l)) {
		case ACCEPT_NEXT: break;
		case ACCEPT_DRY: watch_spent(&l->watch, WATCH_READ); return STEP_WAIT;
		case ACCEPT_FULL:
			shed_one(l);
			timer_start(l->net->loop, &l->retry, &l->task,
			    clock_mono_ms() + ACCEPT_RETRY_MS);
			return STEP_WAIT;
		}
	}
	return STEP_YIELD;
}

enum fail
listener_start(struct net *net, struct listener *l, struct str address, struct buf *why)
{
	int fd;
	enum fail fail = bind_address(l, address, &fd, why);

	if (fail != FAIL_NONE)
		return fail;
	l->net = net;
	loop_task(net->loop, &l->task, listener_step, NULL);
	fail = watch_start(net->loop, &l->watch, fd, &l->task);
	if (fail != FAIL_NONE) {
		buf_add(why, address);
		buf_add_c(why, ": the kernel cannot watch this socket");
		sys.close(fd);
		return fail;
	}
	list_append(&net->listeners, &l->node);
	return FAIL_NONE;
}

void
listener_stop(struct listener *l)
{
	int fd = l->watch.fd;

	if (!list_linked(&l->node))
		return;
	proxied_stop(l);
	watch_stop(l->net->loop, &l->watch);
	timer_stop(l->net->loop, &l->retry);
	task_cancel(&l->task);
	list_remove(&l->node);
	sys.close(fd);
	if (l->unix_path[0] != '\0')
		sys.unlink(l->unix_path);
	l->unix_path[0] = '\0';
}
