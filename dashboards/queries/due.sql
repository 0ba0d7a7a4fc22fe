-- Calls that began (where that is not known: were processed) before $limit, UTC.
select count(*) as calls from main.calls where coalesce(started_at, processed_at) < $limit::timestamp
