#include "s3/sums.h"

/* base */
#include "base/mem.h"

static void
begin_part(struct s3_sums *s)
{
	hash_init(&s->sha256_state, HASH_SHA256);
	hash_init(&s->md5_state, HASH_MD5);
	s->in_part = 0;
}

void
s3_sums_init(struct s3_sums *s)
{
	*s = (struct s3_sums){ .size = 0 };
	begin_part(s);
}

static void
end_part(struct s3_sums *s)
{
	struct s3_part *part;

	if (s->part_count == 0)
		s->whole_state = s->sha256_state; /* until here they are the same */
	s->parts = mem_resize(s->parts, s->part_count + 1, sizeof *s->parts);
	part = &s->parts[s->part_count++];
	hash_get(&s->sha256_state, part->sha256);
	hash_get(&s->md5_state, part->md5);
	begin_part(s);
}

void
s3_sums_add(struct s3_sums *s, struct str bytes)
{
	invariant(!s->has_ended);
	s->size += bytes.n;
	while (bytes.n > 0) {
		struct str piece;

		if (s->in_part == S3_PART_BYTES)
			end_part(s);
		piece = str_head(bytes, S3_PART_BYTES - s->in_part);
		bytes = str_from(bytes, piece.n);
		if (s->part_count > 0)
			hash_add(&s->whole_state, piece);
		hash_add(&s->sha256_state, piece);
		hash_add(&s->md5_state, piece);
		s->in_part += piece.n;
	}
}

void
s3_sums_end(struct s3_sums *s)
{
	if (s->has_ended)
		return;
	s->has_ended = true;
	end_part(s);
	hash_get(&s->whole_state, s->whole);
}

void
s3_sums_release(struct s3_sums *s)
{
	mem_free(s->parts);
	*s = (struct s3_sums){ .size = 0 };
}
