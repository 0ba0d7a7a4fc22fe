-- What got worse in the last seven days of the period against the 28 days before them: for each reason, queue and agent
-- with enough calls, the change of a figure over its standard error (Welch), worst first. Signs: higher is worse.
, recent as (
    select *, started_at >= $week::timestamp as latest
    from matching
    where started_at >= $week::timestamp - interval 28 day and started_at < $week::timestamp + interval 7 day
),
figures as (
    select * replace (value::double as value) from (
        unpivot (
            select call_id, latest, topic_name as reason, queue, agent_id as agent, -sentiment as sentiment,
                duration_s::double as duration, silence_share as silence,
                case when outcome != 'unknown' then (outcome != 'resolved')::int::double end as unresolved
            from recent
        ) on sentiment, duration, silence, unresolved into name figure value value
    )
),
groups as (
    unpivot (select call_id, latest, reason, queue, agent, figure, value from figures)
    on reason, queue, agent into name kind value member
),
compared as (
    select kind, member, figure,
        avg(value) filter (latest) as now, avg(value) filter (not latest) as usual,
        var_samp(value) filter (latest) as now_var, var_samp(value) filter (not latest) as usual_var,
        count(*) filter (latest) as calls, count(*) filter (not latest) as usual_calls
    from groups
    group by all
    having count(*) filter (latest) >= 5 and count(*) filter (not latest) >= 20
)
select kind, member, figure, now, usual, calls, usual_calls,
    sqrt(now_var / calls + usual_var / usual_calls) as error,
    (now - usual) / nullif(sqrt(now_var / calls + usual_var / usual_calls), 0) as surprise
from compared
where surprise > 2.6
order by surprise desc
limit $rows
