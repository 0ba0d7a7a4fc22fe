-- What the store holds, for the period control and the empty states.
select count(*) as calls, count(started_at) as timed, min(started_at) as first_call, max(started_at) as last_call,
    count(audio_file) as with_audio, (select count(*) from main.failures) as failures
from main.calls
