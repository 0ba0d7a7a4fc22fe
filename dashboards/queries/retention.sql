-- How old what is kept is: calls by month, with muted audio or without.
select date_trunc('month', coalesce(started_at, processed_at)) as month, count(*) as calls, count(audio_file) as with_audio
from main.calls
group by all
order by month
