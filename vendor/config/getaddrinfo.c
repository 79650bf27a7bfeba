/*
 * getaddrinfo.c - the resolver that the program must not have.
 *
 * Linked into every program in front of the C library. Names are resolved by the dns room on the loop;
 * a library that asks the C library all the same would block everybody, so it gets EAI_FAIL at once.
 */
#include <netdb.h>
#include <stddef.h>

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **list_out)
{
	(void)node;
	(void)service;
	(void)hints;
	*list_out = NULL;
	return EAI_FAIL;
}

void
freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}
