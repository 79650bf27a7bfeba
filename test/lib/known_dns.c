#include "lib/known_dns.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "dns/zone.h"

static enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

void
known_dns_init(struct known_dns *k, const char *zone_text)
{
	struct buf why;

	buf_init(&why, 1000);
	invariant(loop_init(&k->loop) == FAIL_NONE);
	loop_task(&k->loop, &k->task, no_step, NULL);
	invariant(dns_init(&k->dns, NULL, NULL, &dns_settings_default, &why) == FAIL_NONE);
	invariant(dns_zone_read(&k->dns, str_c(zone_text), &why) == FAIL_NONE);
	buf_release(&why);
}

void
known_dns_release(struct known_dns *k)
{
	dns_release(&k->dns);
	task_cancel(&k->task);
	loop_release(&k->loop);
}

void
known_dns_turn(struct known_dns *k)
{
	loop_turn(&k->loop, 0);
}
