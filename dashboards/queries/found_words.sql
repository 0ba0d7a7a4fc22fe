-- Calls of the period with a turn that holds every one of $parts: words or phrases between spaces, " card " exactly and
-- " card" as a beginning. Punctuation counts as space.
, spoken as (
    select call_id, turn, text, ' ' || regexp_replace(lower(text), '[^\w]+', ' ', 'g') || ' ' as plain
    from main.turns
    where contains(lower(text), $rarest) and call_id in (select call_id from picked)
)
select call_id, min(turn) as turn, count(*) as hits, arg_min(text, turn) as text
from spoken
where len(list_filter($parts, lambda part: not contains(plain, part))) = 0
group by call_id
