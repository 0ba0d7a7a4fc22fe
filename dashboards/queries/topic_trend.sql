-- Calls of each reason over time; 0 where a day, week or month has none.
, days as (
    select distinct date_trunc($bucket, started_at) as day from picked where started_at is not null
),
counted as (
    select date_trunc($bucket, started_at) as day, topic, count(*) as calls
    from picked
    where topic is not null and started_at is not null
    group by all
)
select days.day, topics.topic, coalesce(counted.calls, 0) as calls
from days
cross join (select distinct topic from counted) as topics
left join counted on counted.day = days.day and counted.topic = topics.topic
order by topics.topic, days.day
