#include "server/nearest.h"

/* base */
#include "base/num.h"

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* One row of the usual table is kept; `row[j]` is the distance of a[..i] to b[..j]. */
static unsigned
distance(struct str a, struct str b)
{
	unsigned row[NEAREST_WORD_MAX + 1];

	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned above = row[j];
			unsigned cost = char_lower(a.p[i - 1]) != char_lower(b.p[j - 1]);

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + cost);
			diagonal = above;
		}
	}
	return row[b.n];
}

void
nearest_offer(struct nearest *n, struct str known)
{
	unsigned d;

	if (n->word.n > NEAREST_WORD_MAX || known.n > NEAREST_WORD_MAX)
		return;
	d = distance(n->word, known);
	if (d > size_max(known.n, n->word.n) / 3 + 1)
		return;
	if (str_empty(n->best) || d < n->distance) {
		n->best = known;
		n->distance = d;
	}
}
