/*
 * banned.h - calls that do not compile in our own sources.
 *
 * The Makefile includes this file before everything else (-include), so the system headers that
 * declare these names come first and the names are poisoned afterwards. Each has a better way here:
 * bounded copies (struct str, struct buf), checked number parsing, our resolver, our charset tables,
 * and crypt_r() behind the crypto room, which vets the prefix.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* system */
#include <alloca.h>
#include <crypt.h>
#include <iconv.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#undef alloca
#undef setjmp
#undef stpcpy
#undef strcat
#undef strcpy
#undef strncat
#undef strncpy
#undef strtok

/* clang-format off */
#pragma GCC poison strcpy stpcpy strcat strncpy stpncpy strncat strtok gets
#pragma GCC poison sprintf vsprintf
#pragma GCC poison atoi atol atoll atof
#pragma GCC poison getaddrinfo gethostbyname gethostbyname2 gethostbyaddr
#pragma GCC poison iconv_open iconv
#pragma GCC poison crypt alloca setjmp longjmp
#pragma GCC poison gmtime localtime ctime asctime
#pragma GCC poison system popen mktemp tmpnam tempnam
/* clang-format on */

#endif
