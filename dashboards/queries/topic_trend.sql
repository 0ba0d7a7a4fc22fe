-- Calls of each reason over time; 0 where a day, week or month has none.
, days as (
    select distinct date_trunc($bucket, started_at) as day from picked where started_at is not null
),
counted as (
    select date_trunc($bucket, started_at) as day, topic_name as name, count(*) as calls, avg(sentiment) as sentiment
    from picked
    where topic is not null and started_at is not null
    group by all
)
select days.day, names.name, coalesce(counted.calls, 0) as calls, counted.sentiment
from days
cross join (select distinct name from counted) as names
left join counted on counted.day = days.day and counted.name = names.name
order by days.day, names.name
