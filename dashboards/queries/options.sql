-- The values that each filter offers, most frequent first.
select 'agents' as filter, agent_id as value, count(*) as calls from main.calls where agent_id is not null group by all
union all select 'queues', queue, count(*) from main.calls where queue is not null group by all
union all select 'languages', language, count(*) from main.calls where language is not null group by all
union all select 'layouts', layout, count(*) from main.calls where layout is not null group by all
union all select 'topics', name, calls from main.topics where calls > 0
order by filter, calls desc, value
