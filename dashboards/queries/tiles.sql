-- The overview's figures for the period ('now') and the one before it ('before'): means, standard deviations, counts.
, both_periods as (
    select 'now' as period, * from picked
    union all
    select 'before', * from earlier
)
select
    period, count(*) as calls,
    avg(duration_s) as duration, stddev_samp(duration_s) as duration_sd, count(duration_s) as duration_n,
    avg(sentiment) as sentiment, stddev_samp(sentiment) as sentiment_sd, count(sentiment) as sentiment_n,
    avg(sentiment_change) as lift, stddev_samp(sentiment_change) as lift_sd, count(sentiment_change) as lift_n,
    avg(silence_share) as silence, stddev_samp(silence_share) as silence_sd, count(silence_share) as silence_n,
    count(*) filter (outcome = 'resolved') as resolved, count(*) filter (outcome != 'unknown') as resolved_n,
    sum(redactions)::bigint as redactions, avg(redactions) as redactions_mean, stddev_samp(redactions) as redactions_sd
from both_periods
group by period
