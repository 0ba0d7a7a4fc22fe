-- Redactions of the period by kind and recognizer over time.
select date_trunc($bucket, picked.started_at) as day, redactions.entity, redactions.recognizer, count(*) as items,
    avg(redactions.score) as score
from picked join main.redactions on redactions.call_id = picked.call_id
group by all
order by day, items desc
