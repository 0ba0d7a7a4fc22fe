-- Versions of stages and models that the store's results come from.
select stage, version, engine, model, count(distinct call_id) as calls, sum(seconds) as seconds, max(ran_at) as last_ran
from main.stage_runs
where status != 'failed'
group by all
order by stage, version desc, calls desc
