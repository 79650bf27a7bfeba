#include "lib/processes.h"

/* system */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_MAX 4096 /* bytes of a file there */

void
process_read(pid_t pid, const char *name, struct buf *out)
{
	char path[100];
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (n > 0) {
		char *room = buf_room(out, FILE_MAX);

		n = room ? read(fd, room, FILE_MAX) : 0;
		buf_grow(out, n > 0 ? (size_t)n : 0);
	}
	close(fd);
}

/* "PID (name) STATE PPID ..", where the name may hold anything; false when it is gone. */
static bool
read_stat(pid_t pid, char *state_out, uint32_t *parent_out)
{
	struct buf text;
	struct str rest;
	bool is_there;

	buf_init(&text, 4 * FILE_MAX);
	process_read(pid, "stat", &text);
	rest = buf_str(&text);
	rest = str_from(rest, str_rfind_char(rest, ')'));
	*state_out = rest.n > 2 ? rest.p[2] : 'Z';
	rest = str_from(rest, 4);
	is_there = str_u32(&rest, UINT32_MAX, parent_out);
	buf_release(&text);
	return is_there;
}

bool
process_lives(pid_t pid)
{
	uint32_t parent;
	char state;

	return read_stat(pid, &state, &parent) && state != 'Z' && state != 'X';
}

bool
process_ends(pid_t pid)
{
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };

	if (end.fd < 0)
		return !process_lives(pid);
	poll(&end, 1, 10000);
	close(end.fd);
	return !process_lives(pid);
}

size_t
processes_of(pid_t parent, pid_t *out, size_t max)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	while (folder && n < max && (entry = readdir(folder)) != NULL) {
		struct str name = str_c(entry->d_name);
		uint32_t pid, is_of;
		char state;

		if (str_u32(&name, INT32_MAX, &pid) && str_empty(name) &&
		    read_stat((pid_t)pid, &state, &is_of) && is_of == (uint32_t)parent &&
		    state != 'Z' && state != 'X')
			out[n++] = (pid_t)pid;
	}
	if (folder)
		closedir(folder);
	return n;
}
