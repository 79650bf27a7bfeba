#include "net/net.h"

/* system */
#include <fcntl.h>

/* base */
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "net/private.h"

/*
 * End of the turn: every connection with new output, or writable again, sends. When the commit
 * failed, one that appended output in this turn may have reported what did not become durable: it
 * is dropped (D1). What it had from earlier turns went out then, or is lost with it.
 */
static enum fail
flush_hook(struct turn_hook *hook, enum fail so_far)
{
	struct net *net = container_of(hook, struct net, flush);
	struct list now = net->unflushed;
	struct list_node *node;

	if (list_empty(&net->unflushed))
		return FAIL_NONE;
	/* The ring moves to a list of ours: what is added meanwhile waits for the next turn. */
	now.head.next->prev = &now.head;
	now.head.prev->next = &now.head;
	list_init(&net->unflushed);
	while ((node = list_pop(&now)) != NULL) {
		struct conn *c = container_of(node, struct conn, pending);

		if (so_far != FAIL_NONE && c->is_touched)
			conn_break(c);
		else
			conn_flush(c);
		c->is_touched = false;
	}
	return FAIL_NONE;
}

void
net_init(struct net *net, struct loop *loop, const struct net_settings *settings)
{
	*net = (struct net){ .loop = loop, .settings = settings, .flush = { .run = flush_hook } };
	list_init(&net->conns);
	list_init(&net->unflushed);
	list_init(&net->listeners);
	list_init(&net->proxied);
	net->spare_fd = sys.open("/dev/null", O_RDONLY, 0);
	loop_hook(loop, TURN_FLUSH, &net->flush);
}

void
net_release(struct net *net)
{
	struct list_node *node;

	while ((node = list_first(&net->listeners)) != NULL)
		listener_stop(container_of(node, struct listener, node));
	while ((node = list_first(&net->conns)) != NULL)
		conn_destroy(container_of(node, struct conn, node));
	loop_unhook(&net->flush);
	map_release(&net->sites);
	if (net->spare_fd >= 0)
		sys.close(net->spare_fd);
	net->spare_fd = -1;
}
