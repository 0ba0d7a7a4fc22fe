-- Calls by weekday (1 Monday to 7 Sunday) and hour of their start, and the customer's sentiment in them.
select isodow(started_at) as weekday, hour(started_at) as hour, count(*) as calls, avg(sentiment) as sentiment
from picked
where started_at is not null
group by all
