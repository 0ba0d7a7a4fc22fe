-- The ids of the calls of the period.
select call_id from picked
