/*
 * public_suffix.h - where one owner's part of a domain name begins: the public suffix list.
 *
 * People register names below public suffixes: "co.uk", "com", "*.kawasaki.jp". The list is the build host's (Debian's
 * package publicsuffix), all of it, with the suffixes of private owners (ICANN's and others are not told apart), IDNs as
 * A-labels. A name that has no rule is below its last label. Pure, without memory of its own; the table has some 31 KB.
 */
#ifndef MAILAUTH_PUBLIC_SUFFIX_H
#define MAILAUTH_PUBLIC_SUFFIX_H

#include "base/str.h"

/*
 * The public suffix of a name in A-labels, any case, without a dot at the end; points into it. Names with empty labels
 * give something that ends them.
 */
struct str public_suffix(struct str name);

/*
 * The organizational domain (RFC 7489 3.2): the public suffix and one label more. A name that is a public suffix itself
 * is its own.
 */
struct str public_suffix_organization(struct str name);

#endif
