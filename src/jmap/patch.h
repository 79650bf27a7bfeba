/*
 * patch.h - PatchObjects of Foo/set (RFC 8620 5.3).
 */
#ifndef JMAP_PATCH_H
#define JMAP_PATCH_H

/* rooms */
#include "jmap/run.h"

/* A patch's path: "keywords/$seen" into "keywords" and "$seen" (unescaped, RFC 6901). */
MUST_CHECK bool jmap_patch_path(struct str path, struct arena *a, struct str *property_out,
    struct str *below_out);

#endif
