/*
 * patch.h - PatchObjects of Foo/set (RFC 8620 5.3).
 */
#ifndef JMAP_PATCH_H
#define JMAP_PATCH_H

/* rooms */
#include "jmap/set.h"

/* A patch's path: "keywords/$seen" into "keywords" and "$seen" (unescaped, RFC 6901). */
MUST_CHECK bool jmap_patch_path(struct str path, struct arena *a, struct str *property_out,
    struct str *below_out);

/*
 * SET_ERROR for what no client may change: invalidPatch when the path leads into an array or a text, or is no path,
 * else invalidProperties with this text.
 */
enum jmap_set_said jmap_patch_refuse(const struct json_member *member, const char *text,
    struct jmap_set_error *e);

/*
 * Does this member say what is there already? Clients may send whole objects, so what the server set may stand in a
 * patch as it is (RFC 8620 5.3). `write` writes the object, or as much of it as has the member; its failures are
 * passed on. It must not wait.
 */
MUST_CHECK enum fail jmap_patch_is_same(struct jmap_call *c, const struct json_member *member,
    enum fail (*write)(struct jmap_call *c, uint64_t id), uint64_t id, bool *out);

#endif
