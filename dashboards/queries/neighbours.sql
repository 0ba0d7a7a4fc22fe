-- The calls just before and after one, among those that the filter shows.
, ordered as (
    select call_id, lead(call_id) over latest as earlier_call, lag(call_id) over latest as later_call
    from picked
    window latest as (order by started_at desc nulls last, call_id)
)
select earlier_call, later_call from ordered where call_id = $call_id
