-- Views of the snapshot, made anew at each publish. Tables are qualified: a view of the same name would recurse.

create view failures as
select call_id, source_name, stage, error as code, what, hint, ran_at as failed_at
from main.stage_runs
where status = 'failed';
comment on view failures is 'Recordings that failed: one row each, with what to do';
comment on column failures.call_id is 'the call; for a file that could not be read, a keyed pseudonym of its path';
comment on column failures.source_name is 'the file''s name after redaction';
comment on column failures.stage is 'the stage that failed; audio or ingest where the recording itself did';
comment on column failures.code is 'code of the failure; the README lists them';
comment on column failures.what is 'what failed, in words free of speech';
comment on column failures.hint is 'what to do';
comment on column failures.failed_at is 'when, UTC';
