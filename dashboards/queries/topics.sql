-- Each reason that was found over the store, as it stands in the period and how many calls it had in the one before.
, before as (
    select topic, count(*) as calls from earlier group by topic
)
select topics.topic, topics.name, topics.source, topics.terms, topics.representative_calls,
    count(*) as calls, any_value(before.calls) as calls_before, avg(picked.duration_s) as duration,
    avg(picked.sentiment) as sentiment, stddev_samp(picked.sentiment) as sentiment_sd, count(picked.sentiment) as sentiment_n,
    avg(picked.sentiment_change) as lift,
    count(*) filter (picked.outcome = 'resolved') / nullif(count(*) filter (picked.outcome != 'unknown'), 0) as resolved
from picked
join main.topics on topics.topic = picked.topic
left join before on before.topic = topics.topic
group by topics.topic, topics.name, topics.source, topics.terms, topics.representative_calls
order by calls desc, topics.topic
