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
#include "net/private.h"

#define ACCEPT_BATCH    64    /* connections taken per turn and listener, so that others run too */
#define ACCEPT_RETRY_MS 200   /* pause when the kernel has no descriptor or memory for us */
#define REFUSED_TELL_MS 10000 /* one line about refused connections in this time */

static const struct log net_log = { .room = "net" };

/* --- limits --------------------------------------------------------------------------------- */

static struct site *
find_site(struct net *net, const struct net_address *peer)
{
	struct map_node *node = map_find(&net->sites, net_address_site(peer));

	return node ? container_of(node, struct site, node) : NULL;
}

static bool
is_over_limit(struct net *net, const struct net_address *peer)
{
	const struct net_settings *set = net->settings;
	const struct site *site;

	if ((int64_t)net->count >= set->connections)
		return true;
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
	c->is_inbound = true;
	c->net->count++;
}

/* A line now and then, not one per connection: the peer decides how many there are. */
static void
tell_refused(struct net *net, const struct net_address *peer)
{
	char text[NET_ADDRESS_TEXT_MAX];
	int64_t now = clock_mono_ms();

	net->refused++;
	if (net->refused_told_ms != 0 && now - net->refused_told_ms < REFUSED_TELL_MS)
		return;
	log_warn(&net_log, "net.refused", LOG_TEXT("peer", net_address_text(peer, text)),
	    LOG_NUM("refused", net->refused), LOG_NUM("connections", net->count));
	net->refused = 0;
	net->refused_told_ms = now;
}

static void
refuse(struct listener *l, int fd, const struct net_address *peer)
{
	const char *text = l->service->refusal;

	if (text && !l->is_tls)
		sys.send(fd, text, strlen(text), MSG_DONTWAIT);
	sys.close(fd);
	tell_refused(l->net, peer);
}

/* --- accepting ------------------------------------------------------------------------------ */

static void
take_one(struct listener *l, int fd, const struct sockaddr_storage *from)
{
	int yes = 1;
	struct net_address peer;
	struct conn *c;

	net_address_from_system(from, &peer);
	if (is_over_limit(l->net, &peer)) {
		refuse(l, fd, &peer);
		return;
	}
	if (peer.family != NET_ADDRESS_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	}
	c = conn_new(l->net, l, &peer);
	join_site(c);
	if (conn_use_socket(c, fd) != FAIL_NONE) {
		sys.close(fd);
		conn_destroy(c);
		return;
	}
	l->service->accept(l->service, l, c);
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
	watch_stop(l->net->loop, &l->watch);
	timer_stop(l->net->loop, &l->retry);
	task_cancel(&l->task);
	list_remove(&l->node);
	sys.close(fd);
	if (l->unix_path[0] != '\0')
		sys.unlink(l->unix_path);
	l->unix_path[0] = '\0';
}
