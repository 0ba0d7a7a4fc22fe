-- Why customers call: size, length, mood and share resolved of each reason.
select reason, count(*) as calls, avg(duration_s) as duration, avg(sentiment) as sentiment,
    stddev_samp(sentiment) as sentiment_sd, count(sentiment) as sentiment_n,
    count(*) filter (outcome = 'resolved') / nullif(count(*) filter (outcome != 'unknown'), 0) as resolved
from picked
where reason is not null
group by reason
order by calls desc, reason
limit $rows
