#include "jmap/patch.h"

/* "~1" is '/', "~0" is '~' (RFC 6901 3). */
static bool
unescape_pointer(struct str s, struct arena *a, struct str *out)
{
	char *to = arena_alloc(a, s.n + 1, 1);
	size_t n = 0;

	if (!to)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '~') {
			to[n++] = s.p[i];
			continue;
		}
		if (++i == s.n || (s.p[i] != '0' && s.p[i] != '1'))
			return false;
		to[n++] = s.p[i] == '0' ? '~' : '/';
	}
	*out = str_of(to, n);
	return true;
}

bool
jmap_patch_path(struct str path, struct arena *a, struct str *property_out, struct str *below_out)
{
	struct str property = path;

	*below_out = (struct str){ 0 };
	if (str_take_until(&path, '/', &property) && !unescape_pointer(path, a, below_out))
		return false;
	return unescape_pointer(property, a, property_out);
}
