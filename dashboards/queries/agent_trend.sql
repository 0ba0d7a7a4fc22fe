-- Figures of some agents over time.
select date_trunc($bucket, started_at) as day, agent_id, count(*) as calls, avg(duration_s) as duration,
    avg(sentiment) as sentiment, avg(sentiment_change) as lift, avg(silence_share) as silence,
    count(*) filter (outcome = 'resolved') / nullif(count(*) filter (outcome != 'unknown'), 0) as resolved
from picked
where started_at is not null and list_contains($shown, agent_id)
group by all
order by day, agent_id
