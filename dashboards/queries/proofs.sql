-- The latest proof of each call of the period, leaks first.
select picked.call_id, picked.started_at, picked.agent_id, picked.reason, proof.verdict, proof.items_left, proof.unproven_s,
    proof.engine, proof.model, proof.proved_at
from picked
join (
    select *, row_number() over (partition by call_id order by proved_at desc) as nth from main.redaction_proofs
) as proof on proof.call_id = picked.call_id and proof.nth = 1
order by proof.verdict = 'leak' desc, proof.items_left desc, proof.proved_at desc
