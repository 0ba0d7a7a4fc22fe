-- The calls of the period as the table shows them, latest first; $found limits them to some ids where not null.
select picked.*,
    [customer.sentiment_q1, customer.sentiment_q2, customer.sentiment_q3, customer.sentiment_q4] as quarters,
    agent.talk_share as agent_share
from picked
left join main.speaker_metrics as customer on customer.call_id = picked.call_id and customer.role = 'customer'
left join main.speaker_metrics as agent on agent.call_id = picked.call_id and agent.role = 'agent'
where $found::varchar[] is null or list_contains($found::varchar[], picked.call_id)
order by picked.started_at desc nulls last, picked.call_id
