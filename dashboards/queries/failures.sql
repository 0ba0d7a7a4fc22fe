-- Recordings that failed in the period (by the time of the run; filters of calls do not apply), latest first.
select failed_at, source_name, stage, code, what, hint, call_id
from main.failures
where ($since::timestamp is null or failed_at >= $since::timestamp)
    and ($until::timestamp is null or failed_at < $until::timestamp)
order by failed_at desc, source_name
