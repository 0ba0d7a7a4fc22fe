-- Agents compared fairly, one row an agent and figure: values adjusted for the reason of the call (each call against the
-- mean of its reason), means shrunk towards everybody's by how little is known of an agent (empirical Bayes, normal-normal;
-- the spread between agents by the method of moments, as in DerSimonian and Laird 1986), and the standard error that
-- remains. $call_ids: the calls compared, null for all; $least: calls below which an agent is not ranked.
with reasons as (
    select call_id, arg_max(topic, score) as topic from main.call_topics group by call_id
),
long as (
    unpivot (
        select calls.call_id, calls.agent_id, coalesce(reasons.topic, -1) as reason,
            figures.customer_sentiment::double as sentiment, figures.customer_sentiment_change::double as lift,
            calls.duration_s::double as duration, figures.silence_share::double as silence,
            case when summaries.outcome != 'unknown' then (summaries.outcome = 'resolved')::int::double end as resolved
        from main.calls as calls
        left join main.call_metrics as figures using (call_id)
        left join main.summaries as summaries using (call_id)
        left join reasons using (call_id)
        where calls.agent_id is not null
            and ($call_ids::varchar[] is null or calls.call_id in (select unnest($call_ids::varchar[])))
    ) on sentiment, lift, duration, silence, resolved into name figure value value
),
adjusted as (
    select agent_id, figure, value,
        value - avg(value) over (partition by figure, reason) + avg(value) over (partition by figure) as fair
    from long
),
agents as (
    select figure, agent_id, count(*) as calls, avg(value) as mean, avg(fair) as fair, sum((fair - mean_fair) ** 2) as squares
    from (select *, avg(fair) over (partition by figure, agent_id) as mean_fair from adjusted)
    group by all
),
spread as (
    select figure, sum(calls * fair) / sum(calls) as everybody, sum(squares) / nullif(sum(calls) - count(*), 0) as within_var,
        count(*) as agents, sum(calls) as total, sum(calls * calls) as total_squared
    from agents group by figure
),
between_agents as (
    select spread.figure, any_value(everybody) as everybody, any_value(within_var) as within_var,
        greatest(0, (sum(agents.calls * (agents.fair - everybody) ** 2) - (any_value(agents) - 1) * any_value(within_var))
            / nullif(any_value(total) - any_value(total_squared) / any_value(total), 0)) as between_var
    from agents join spread using (figure)
    group by spread.figure
)
select agent_id, figure, calls, mean, fair, everybody,
    everybody + (fair - everybody) * coalesce(between_var / (between_var + within_var / calls), 0) as shrunk,
    sqrt(coalesce(between_var * (within_var / calls) / (between_var + within_var / calls), 0)) as error,
    calls >= $least as ranked
from agents join between_agents using (figure)
order by figure, shrunk desc, agent_id
