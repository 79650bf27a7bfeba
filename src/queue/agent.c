/* What all agents share (inner.h). */
#include "queue/agent.h"

/* base */
#include "base/mem.h"

void
agent_join(struct queue_agent *a, struct queue_site *s, struct queue_job *first)
{
	a->site = s;
	a->job = first;
	list_append(&s->agents, &a->node);
	s->agent_count++;
	if (!queue_site_is_local(buf_str(&s->name)))
		s->queue->agent_count++;
}

void
agent_leave(struct queue_agent *a)
{
	struct queue_site *s = a->site;

	job_free(&a->job);
	list_remove(&a->node);
	s->agent_count--;
	if (!queue_site_is_local(buf_str(&s->name)))
		s->queue->agent_count--;
	task_wake(&s->queue->task);
}

void
agent_start(struct queue_site *s, struct queue_job *first)
{
	if (queue_site_is_local(buf_str(&s->name)))
		local_agent_start(s, first);
	else
		remote_agent_start(s, first);
}
