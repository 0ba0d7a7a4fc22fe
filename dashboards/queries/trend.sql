-- The same figures over time, one row a day, week or month ($bucket).
select date_trunc($bucket, started_at) as day, count(*) as calls,
    avg(duration_s) as duration, stddev_samp(duration_s) as duration_sd, count(duration_s) as duration_n,
    avg(sentiment) as sentiment, stddev_samp(sentiment) as sentiment_sd, count(sentiment) as sentiment_n,
    avg(sentiment_change) as lift, avg(silence_share) as silence,
    count(*) filter (outcome = 'resolved') / nullif(count(*) filter (outcome != 'unknown'), 0) as resolved,
    sum(redactions)::bigint as redactions
from picked
where started_at is not null
group by day
order by day
