-- Follow-ups are checked against their turns as statements are; `quality` says more than it did.

alter table actions add column supported boolean;
alter table actions add column score double;
comment on column actions.supported is 'do they bear it out; null: nobody checked';
comment on column actions.score is 'how well they do, 0 to 1';
comment on column summaries.unsupported is 'statements and follow-ups that their turns do not bear out, a count';
comment on column calls.quality is 'what was withheld or done in part (metrics, the summary, the redaction), each with the reason: a JSON object';
