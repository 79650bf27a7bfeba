#include "net/bind.h"

/* system */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* base */
#include "base/mem.h"
#include "sys/sys.h"

#define BACKLOG          4096 /* the kernel cuts it to net.core.somaxconn */
#define LISTEN_FDS_FIRST 3    /* sd_listen_fds(3): the first passed descriptor */
#define LISTEN_FDS_MOST  1024 /* more are a broken environment */
#define UNIX_PATH_BYTES  sizeof(((struct sockaddr_un){ 0 }).sun_path) /* unix(7) */
#define SOCKET_TYPE      (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

/* One line for the owner: what was asked for, and what is wrong. */
static enum fail
refuse(struct buf *why, struct str text, const char *reason, enum fail fail)
{
	buf_add(why, text);
	buf_add_c(why, ": ");
	buf_add_c(why, reason);
	return fail;
}

static enum fail
refuse_errno(struct buf *why, struct str text, int error)
{
	switch (error) {
	case EADDRINUSE:
		return refuse(why, text,
		    "in use: another program listens there already; `ss -ltnp` shows which",
		    FAIL_TEMP);
	case EACCES:
	case EPERM:
		return refuse(why, text, "not allowed: ports under 1024 need root (or systemd)",
		    FAIL_DENIED);
	case EADDRNOTAVAIL:
		return refuse(why, text, "this machine does not have that address", FAIL_PERM);
	case EAFNOSUPPORT:
		return refuse(why, text, "this kernel does not do that kind of address", FAIL_PERM);
	}
	return refuse(why, text, strerror(error), FAIL_PERM);
}

/* --- IPv4 and IPv6 -------------------------------------------------------------------------- */

/* A listening socket; -1 and errno. */
static int
listen_on(const struct net_address *a, bool is_both)
{
	struct sockaddr_storage storage;
	socklen_t n = net_address_to_system(a, &storage);
	int yes = 1, only = !is_both, error;
	int fd = socket(storage.ss_family, SOCKET_TYPE, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	    (a->family != NET_ADDRESS_IPV6 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0) &&
	    bind(fd, (struct sockaddr *)&storage, n) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	sys.close(fd);
	errno = error;
	return -1;
}

/* "*:25": one socket for both families, or IPv4 where the kernel has no IPv6. */
static int
listen_everywhere(uint16_t port)
{
	struct net_address six = { .family = NET_ADDRESS_IPV6, .port = port };
	struct net_address four = { .family = NET_ADDRESS_IPV4, .port = port };
	int fd = listen_on(&six, true);

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = listen_on(&four, false);
	return fd;
}

/* "*:25" leaves *out without a family. */
static enum fail
parse_inet(struct str text, struct net_address *out, struct buf *why)
{
	struct str rest = text;
	uint32_t port;

	*out = (struct net_address){ .family = NET_ADDRESS_NONE };
	if (str_skip(&rest, STR("*:"))) {
		if (!str_u32(&rest, UINT16_MAX, &port) || rest.n > 0)
			return refuse(why, text, "no port number behind *:", FAIL_SYNTAX);
		out->port = (uint16_t)port;
		return FAIL_NONE;
	}
	if (net_address_parse_port(text, out) == FAIL_NONE)
		return FAIL_NONE;
	return refuse(why, text,
	    "not an address like 127.0.0.1:25, [::1]:25, *:25, unix:/path or systemd:NAME",
	    FAIL_SYNTAX);
}

static enum fail
bind_inet(struct str text, int *fd_out, struct buf *why)
{
	struct net_address a;
	enum fail fail = parse_inet(text, &a, why);

	if (fail != FAIL_NONE)
		return fail;
	*fd_out = a.family == NET_ADDRESS_NONE ? listen_everywhere(a.port) : listen_on(&a, false);
	return *fd_out < 0 ? refuse_errno(why, text, errno) : FAIL_NONE;
}

/* --- unix sockets --------------------------------------------------------------------------- */

/* A socket file that nobody answers behind is left over from a crash. */
static void
remove_stale(const struct sockaddr_un *path)
{
	struct stat st;
	int fd;

	if (sys.stat(path->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0)
		return;
	if (sys.connect(fd, (const struct sockaddr *)path, sizeof *path) != 0 &&
	    errno == ECONNREFUSED)
		sys.unlink(path->sun_path);
	sys.close(fd);
}

static_assert(sizeof(((struct listener){ 0 }).unix_path) >= UNIX_PATH_BYTES,
    "what can be bound can be kept");

static enum fail
check_path(struct str text, struct str path, struct buf *why)
{
	if (path.n > 0 && path.n < UNIX_PATH_BYTES)
		return FAIL_NONE;
	return refuse(why, text, "the path is empty or too long", FAIL_SYNTAX);
}

static enum fail
bind_unix(struct listener *l, struct str text, struct str path, int *fd_out, struct buf *why)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, error;

	if (check_path(text, path, why) != FAIL_NONE)
		return FAIL_SYNTAX;
	memcpy(a.sun_path, path.p, path.n);
	remove_stale(&a);
	fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0)
		return refuse_errno(why, text, errno);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, BACKLOG) != 0) {
		error = errno;
		sys.close(fd);
		if (error == EACCES)
			return refuse(why, text, "no right to make that file", FAIL_DENIED);
		return refuse_errno(why, text, error);
	}
	memcpy(l->unix_path, a.sun_path, sizeof l->unix_path);
	*fd_out = fd;
	return FAIL_NONE;
}

/* --- systemd -------------------------------------------------------------------------------- */

/* A number from the environment; false when it is not one. */
static bool
number_of(const char *name, uint32_t *out)
{
	struct str s = str_c(getenv(name));

	return str_u32(&s, UINT32_MAX, out) && s.n == 0;
}

/* Position of `name` in LISTEN_FDNAMES, or of the number it is; false when there is none. */
static bool
find_passed(struct str name, uint32_t count, uint32_t *out)
{
	struct str names = str_c(getenv("LISTEN_FDNAMES")), one, digits = name;
	uint32_t at = 0;

	if (str_u32(&digits, LISTEN_FDS_MOST, out) && digits.n == 0)
		return *out < count;
	for (; at < count && str_next_part(&names, ':', &one); at++) {
		if (str_eq(one, name)) {
			*out = at;
			return true;
		}
	}
	return false;
}

static enum fail
take_passed(struct str text, struct str name, int *fd_out, struct buf *why)
{
	uint32_t pid, count, at;
	int fd, is_listening = 0;
	socklen_t n = sizeof is_listening;

	if (!number_of("LISTEN_PID", &pid) || pid != (uint32_t)getpid() ||
	    !number_of("LISTEN_FDS", &count) || count > LISTEN_FDS_MOST)
		return refuse(why, text, "systemd passed no sockets to this process", FAIL_PERM);
	if (!find_passed(name, count, &at))
		return refuse(why, text, "systemd passed no socket of that name", FAIL_PERM);
	fd = LISTEN_FDS_FIRST + (int)at;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) != 0 || !is_listening)
		return refuse(why, text, "what systemd passed is not a listening socket",
		    FAIL_PERM);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return refuse_errno(why, text, errno);
	*fd_out = fd;
	return FAIL_NONE;
}

enum fail
listener_check(struct str text, struct buf *why)
{
	struct net_address a;
	struct str rest = text;

	if (str_skip(&rest, STR("unix:")))
		return check_path(text, rest, why);
	if (str_skip(&rest, STR("systemd:")))
		return FAIL_NONE;
	return parse_inet(text, &a, why);
}

enum fail
bind_address(struct listener *l, struct str text, int *fd_out, struct buf *why)
{
	struct sockaddr_storage storage = { 0 };
	socklen_t n = sizeof storage;
	struct str rest = text;
	enum fail fail;

	if (str_skip(&rest, STR("unix:")))
		fail = bind_unix(l, text, rest, fd_out, why);
	else if (str_skip(&rest, STR("systemd:")))
		fail = take_passed(text, rest, fd_out, why);
	else
		fail = bind_inet(text, fd_out, why);
	if (fail == FAIL_NONE && getsockname(*fd_out, (struct sockaddr *)&storage, &n) == 0)
		net_address_from_system(&storage, &l->address);
	return fail;
}
