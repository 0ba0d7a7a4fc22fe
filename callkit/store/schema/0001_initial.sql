-- The store's tables, version 1. Everything here is safe: redacted text, times, figures; never raw speech.
--
-- Tables of the schema `main` are public: they are copied into every snapshot and documented in the README from the
-- comments below. Tables of the schema `ledger` stay in the writer's file. Times inside a call are seconds from its
-- start, intervals half-open. No foreign keys: DuckDB refuses to delete parent and children in one transaction;
-- `callkit.store.invariants` finds orphans instead.

create table meta (
    key varchar not null,
    value varchar not null
);
comment on table meta is 'Facts about the store itself';
comment on column meta.key is 'schema_version, callkit_version, snapshot_id or published_at';
comment on column meta.value is 'its value, as text';

create table calls (
    call_id varchar not null,
    source_name varchar not null,
    audio_sha256 varchar not null,
    started_at timestamp,
    processed_at timestamp not null,
    duration_s double,
    sample_rate integer,
    codec varchar,
    channels integer,
    layout varchar,
    speakers_from varchar,
    layout_reason varchar,
    correlation double,
    bleed_share double,
    bleed_by_ten_s double[],
    language varchar,
    language_confidence double,
    agent_id varchar,
    customer varchar,
    queue varchar,
    direction varchar,
    unmatched varchar[],
    warnings varchar[],
    quality json,
    audio_file varchar,
    muted_s double,
    unworded_s double
);
comment on table calls is 'One row a call that was processed';
comment on column calls.call_id is 'the call, named by its recording''s hash or by the manifest';
comment on column calls.source_name is 'the file''s name after redaction';
comment on column calls.audio_sha256 is 'SHA-256 of the recording''s bytes';
comment on column calls.started_at is 'when the call began, as the metadata gave it (no time zone kept); null: not given';
comment on column calls.processed_at is 'when its results last changed, UTC';
comment on column calls.duration_s is 'length of the recording, seconds';
comment on column calls.sample_rate is 'of the recording as it came, Hz';
comment on column calls.codec is 'of the recording as it came';
comment on column calls.channels is 'of the recording as it came, a count';
comment on column calls.layout is 'what the signal truly is: mono, stereo, dual_mono, one_sided, multichannel or silent';
comment on column calls.speakers_from is 'where speakers were taken from: channels, diarization or none';
comment on column calls.layout_reason is 'why, as a sentence';
comment on column calls.correlation is 'between the two channels, -1 to 1; null for one channel';
comment on column calls.bleed_share is 'share of one side''s talk that is heard on the other channel, 0 to 1';
comment on column calls.bleed_by_ten_s is 'the same for each ten seconds of the call, in order; null inside: nobody talks';
comment on column calls.language is 'spoken language, ISO 639-1';
comment on column calls.language_confidence is 'how sure that is, 0 to 1';
comment on column calls.agent_id is 'who answered, from the metadata';
comment on column calls.customer is 'keyed pseudonym of the customer reference';
comment on column calls.queue is 'queue or line, from the metadata';
comment on column calls.direction is 'inbound or outbound';
comment on column calls.unmatched is 'metadata fields that were looked for and not found';
comment on column calls.warnings is 'what is wrong with the recording, one sentence each';
comment on column calls.quality is 'metrics that were withheld, each with the reason: a JSON object';
comment on column calls.audio_file is 'name of the muted recording in the folder beside the store; null: not kept';
comment on column calls.muted_s is 'muted in it, seconds';
comment on column calls.unworded_s is 'of these, speech that got no words, seconds';

create table turns (
    call_id varchar not null,
    turn integer not null,
    role varchar not null,
    role_confidence double not null,
    speaker varchar not null,
    channel integer,
    start_s double not null,
    end_s double not null,
    text varchar not null,
    language varchar not null,
    translation varchar,
    confidence double not null,
    overlap double not null,
    loudness_dbfs double,
    loudness_relative_db double
);
comment on table turns is 'What was said, redacted: one row a turn';
comment on column turns.call_id is 'the call';
comment on column turns.turn is 'number of the turn in its call, from 0';
comment on column turns.role is 'agent, customer, agent_2, ivr or unknown';
comment on column turns.role_confidence is 'how sure the role is, 0 to 1';
comment on column turns.speaker is 'label of the voice: S0, S1, ...';
comment on column turns.channel is 'channel it was heard on, from 0; null: all of them mixed';
comment on column turns.start_s is 'start, seconds';
comment on column turns.end_s is 'end, seconds';
comment on column turns.text is 'the words, redacted';
comment on column turns.language is 'language of the turn, ISO 639-1; empty: that of the call';
comment on column turns.translation is 'English translation, redacted; null: none was asked for';
comment on column turns.confidence is 'mean confidence of the words, 0 to 1';
comment on column turns.overlap is 'share of the turn during which another speaker talks too, 0 to 1';
comment on column turns.loudness_dbfs is 'RMS level, dBFS';
comment on column turns.loudness_relative_db is 'the same against the median of the speaker''s turns, dB';

create table speaker_spans (
    call_id varchar not null,
    speaker varchar not null,
    channel integer,
    start_s double not null,
    end_s double not null
);
comment on table speaker_spans is 'Who speaks when: overlap included, pauses within a turn left out';
comment on column speaker_spans.call_id is 'the call';
comment on column speaker_spans.speaker is 'label of the voice: S0, S1, ...';
comment on column speaker_spans.channel is 'channel it was heard on, from 0; null: all of them mixed';
comment on column speaker_spans.start_s is 'start, seconds';
comment on column speaker_spans.end_s is 'end, seconds';

create table words (
    call_id varchar not null,
    turn integer not null,
    word integer not null,
    start_s double not null,
    end_s double not null,
    text varchar not null,
    channel integer not null,
    confidence double not null,
    entity varchar,
    raw_words integer not null
);
comment on table words is 'Every word, redacted; a redacted stretch is one row';
comment on column words.call_id is 'the call';
comment on column words.turn is 'the turn it belongs to';
comment on column words.word is 'number of the word in its turn, from 0';
comment on column words.start_s is 'start, seconds';
comment on column words.end_s is 'end, seconds';
comment on column words.text is 'the word, or the placeholder such as [CARD]';
comment on column words.channel is 'channel it was heard on, from 0';
comment on column words.confidence is 'of the recogniser, 0 to 1';
comment on column words.entity is 'what was redacted here, such as CARD; null: nothing';
comment on column words.raw_words is 'how many spoken words it stands for';

create table redactions (
    call_id varchar not null,
    redaction integer not null,
    turn integer not null,
    first_word integer not null,
    last_word integer not null,
    word integer not null,
    start_s double not null,
    end_s double not null,
    entity varchar not null,
    score double not null,
    recognizer varchar not null,
    rule varchar not null
);
comment on table redactions is 'What was redacted, where and why; never the original';
comment on column redactions.call_id is 'the call';
comment on column redactions.redaction is 'number of the redaction in its call, from 0';
comment on column redactions.turn is 'the turn it is in';
comment on column redactions.first_word is 'first of the spoken words it covers';
comment on column redactions.last_word is 'last of them (inclusive)';
comment on column redactions.word is 'the placeholder''s number in `words`';
comment on column redactions.start_s is 'start, seconds';
comment on column redactions.end_s is 'end, seconds';
comment on column redactions.entity is 'kind of personal data, such as CARD';
comment on column redactions.score is 'how sure the recognizer is, 0 to 1';
comment on column redactions.recognizer is 'what found it';
comment on column redactions.rule is 'context that decided; empty: none';

create table redaction_proofs (
    call_id varchar not null,
    proved_at timestamp not null,
    engine varchar not null,
    model varchar not null,
    audio_sha256 varchar not null,
    seconds double not null,
    items_left integer not null,
    unproven_s double not null,
    verdict varchar not null
);
comment on table redaction_proofs is 'Each time `callkit verify` listened to the muted recording again';
comment on column redaction_proofs.call_id is 'the call';
comment on column redaction_proofs.proved_at is 'when, UTC';
comment on column redaction_proofs.engine is 'speech-to-text engine that listened';
comment on column redaction_proofs.model is 'its model';
comment on column redaction_proofs.audio_sha256 is 'SHA-256 of the muted recording';
comment on column redaction_proofs.seconds is 'time the proof took, seconds';
comment on column redaction_proofs.items_left is 'personal data still found, a count';
comment on column redaction_proofs.unproven_s is 'speech still audible that no word covers, seconds';
comment on column redaction_proofs.verdict is 'clean, leak or unproven';

create table sentiment (
    call_id varchar not null,
    turn integer not null,
    label varchar not null,
    score double not null,
    negative double not null,
    neutral double not null,
    positive double not null
);
comment on table sentiment is 'How each turn sounds in words';
comment on column sentiment.call_id is 'the call';
comment on column sentiment.turn is 'the turn';
comment on column sentiment.label is 'negative, neutral or positive';
comment on column sentiment.score is 'positive - negative, -1 to 1';
comment on column sentiment.negative is 'calibrated probability, 0 to 1';
comment on column sentiment.neutral is 'calibrated probability, 0 to 1';
comment on column sentiment.positive is 'calibrated probability, 0 to 1';

create table summaries (
    call_id varchar not null,
    title varchar not null,
    summary varchar not null,
    summary_turns integer[] not null,
    issue varchar,
    issue_turns integer[] not null,
    outcome varchar not null,
    outcome_text varchar,
    outcome_turns integer[] not null,
    unsupported integer not null
);
comment on table summaries is 'What happened on the call';
comment on column summaries.call_id is 'the call';
comment on column summaries.title is 'a few words';
comment on column summaries.summary is 'two or three sentences';
comment on column summaries.summary_turns is 'turns it rests on';
comment on column summaries.issue is 'why the customer called; null: not found';
comment on column summaries.issue_turns is 'turns it rests on';
comment on column summaries.outcome is 'resolved, partly_resolved, unresolved, escalated, callback_promised or unknown';
comment on column summaries.outcome_text is 'the sentence that says so; null: not found';
comment on column summaries.outcome_turns is 'turns it rests on';
comment on column summaries.unsupported is 'statements that their turns do not bear out, a count';

create table statements (
    call_id varchar not null,
    statement integer not null,
    kind varchar not null,
    text varchar not null,
    turns integer[] not null,
    supported boolean,
    score double
);
comment on table statements is 'Each sentence of the summary with its evidence';
comment on column statements.call_id is 'the call';
comment on column statements.statement is 'number of the statement in its call, from 0';
comment on column statements.kind is 'summary, issue or outcome';
comment on column statements.text is 'the sentence';
comment on column statements.turns is 'turns it rests on';
comment on column statements.supported is 'do they bear it out; null: nobody checked';
comment on column statements.score is 'how well they do, 0 to 1';

create table actions (
    call_id varchar not null,
    action integer not null,
    who varchar not null,
    text varchar not null,
    due varchar,
    turns integer[] not null
);
comment on table actions is 'Follow-ups: who promised what';
comment on column actions.call_id is 'the call';
comment on column actions.action is 'number of the action in its call, from 0';
comment on column actions.who is 'role that promised';
comment on column actions.text is 'what';
comment on column actions.due is 'by when, in the words of the call; null: not said';
comment on column actions.turns is 'turns it rests on';

create table chapters (
    call_id varchar not null,
    chapter integer not null,
    start_s double not null,
    end_s double not null,
    title varchar not null,
    first_turn integer not null,
    last_turn integer not null
);
comment on table chapters is 'Stretches of a long call, each about one thing';
comment on column chapters.call_id is 'the call';
comment on column chapters.chapter is 'number of the chapter in its call, from 0';
comment on column chapters.start_s is 'start, seconds';
comment on column chapters.end_s is 'end, seconds';
comment on column chapters.title is 'a few words';
comment on column chapters.first_turn is 'first turn';
comment on column chapters.last_turn is 'last turn (inclusive)';

create table call_metrics (
    call_id varchar not null,
    duration_s double,
    talk_s double,
    talk_share double,
    silence_s double,
    silence_share double,
    silences integer,
    longest_silence_s double,
    dead_air_s double,
    hold_s double,
    holds integer,
    longest_hold_s double,
    overlap_s double,
    overlap_share double,
    turns integer,
    switches_per_min double,
    interruptions integer,
    backchannels integer,
    cooperative_overlaps integer,
    response_delay_s double,
    talk_listen_ratio double,
    greeting_s double,
    words integer,
    words_per_min double,
    questions integer,
    customer_sentiment double,
    agent_sentiment double,
    customer_sentiment_change double,
    customer_final_sentiment double,
    turning_turn integer
);
comment on table call_metrics is 'How the two people talked: one row a call; null: withheld, see calls.quality';
comment on column call_metrics.call_id is 'the call';
comment on column call_metrics.duration_s is 'length of the recording, seconds';
comment on column call_metrics.talk_s is 'somebody talks, seconds';
comment on column call_metrics.talk_share is 'of the recording, 0 to 1';
comment on column call_metrics.silence_s is 'nobody talks and nothing plays, seconds';
comment on column call_metrics.silence_share is 'of the recording, 0 to 1';
comment on column call_metrics.silences is 'silences longer than [metrics] silence_s, a count';
comment on column call_metrics.longest_silence_s is 'the longest of them, seconds';
comment on column call_metrics.dead_air_s is 'silence that nobody announced, seconds';
comment on column call_metrics.hold_s is 'on hold, seconds';
comment on column call_metrics.holds is 'times on hold, a count';
comment on column call_metrics.longest_hold_s is 'the longest of them, seconds';
comment on column call_metrics.overlap_s is 'two people talk at once, seconds';
comment on column call_metrics.overlap_share is 'of the talk, 0 to 1';
comment on column call_metrics.turns is 'a count';
comment on column call_metrics.switches_per_min is 'changes of speaker a minute';
comment on column call_metrics.interruptions is 'a count';
comment on column call_metrics.backchannels is '"mhm" and the like, a count';
comment on column call_metrics.cooperative_overlaps is 'overlaps that help rather than interrupt, a count';
comment on column call_metrics.response_delay_s is 'median pause before the other answers, seconds';
comment on column call_metrics.talk_listen_ratio is 'the agent''s talk over the customer''s';
comment on column call_metrics.greeting_s is 'from the start to the agent''s greeting, seconds';
comment on column call_metrics.words is 'a count';
comment on column call_metrics.words_per_min is 'of talk';
comment on column call_metrics.questions is 'a count';
comment on column call_metrics.customer_sentiment is 'mean score of the customer''s turns, -1 to 1';
comment on column call_metrics.agent_sentiment is 'mean score of the agent''s turns, -1 to 1';
comment on column call_metrics.customer_sentiment_change is 'of the customer, from the first to the last part of the call, -2 to 2';
comment on column call_metrics.customer_final_sentiment is 'of the customer at the end, -1 to 1';
comment on column call_metrics.turning_turn is 'the turn at which the customer''s sentiment turned';

create table speaker_metrics (
    call_id varchar not null,
    role varchar not null,
    talk_s double,
    talk_share double,
    turns integer,
    words integer,
    words_per_min double,
    longest_monologue_s double,
    interruptions integer,
    interruptions_won integer,
    backchannels integer,
    questions integer,
    patience_s double,
    response_delay_s double,
    filler_rate double,
    loudness_dbfs double,
    sentiment double,
    sentiment_q1 double,
    sentiment_q2 double,
    sentiment_q3 double,
    sentiment_q4 double,
    sentiment_change double,
    final_sentiment double
);
comment on table speaker_metrics is 'The same for each role on the call';
comment on column speaker_metrics.call_id is 'the call';
comment on column speaker_metrics.role is 'agent, customer, agent_2, ivr or unknown';
comment on column speaker_metrics.talk_s is 'talks, seconds';
comment on column speaker_metrics.talk_share is 'of all talk, 0 to 1';
comment on column speaker_metrics.turns is 'a count';
comment on column speaker_metrics.words is 'a count';
comment on column speaker_metrics.words_per_min is 'of its own talk';
comment on column speaker_metrics.longest_monologue_s is 'seconds';
comment on column speaker_metrics.interruptions is 'times it interrupted, a count';
comment on column speaker_metrics.interruptions_won is 'of these, times it kept the floor, a count';
comment on column speaker_metrics.backchannels is 'times it said "mhm" and the like, a count';
comment on column speaker_metrics.questions is 'it asked, a count';
comment on column speaker_metrics.patience_s is 'median pause it leaves after the other stops, seconds';
comment on column speaker_metrics.response_delay_s is 'median pause before it answers, seconds';
comment on column speaker_metrics.filler_rate is 'fillers ("um") among its words, 0 to 1';
comment on column speaker_metrics.loudness_dbfs is 'median level of its turns, dBFS';
comment on column speaker_metrics.sentiment is 'mean score of its turns, -1 to 1';
comment on column speaker_metrics.sentiment_q1 is 'the same in the first quarter of the call';
comment on column speaker_metrics.sentiment_q2 is 'in the second';
comment on column speaker_metrics.sentiment_q3 is 'in the third';
comment on column speaker_metrics.sentiment_q4 is 'in the last';
comment on column speaker_metrics.sentiment_change is 'from its start to its end, -2 to 2';
comment on column speaker_metrics.final_sentiment is 'at the end, -1 to 1';

create table interactions (
    call_id varchar not null,
    turn integer not null,
    kind varchar not null,
    by_role varchar not null,
    start_s double not null,
    end_s double not null,
    floor_kept_by varchar
);
comment on table interactions is 'Each time somebody talks into another''s turn';
comment on column interactions.call_id is 'the call';
comment on column interactions.turn is 'the turn that came in';
comment on column interactions.kind is 'interruption, backchannel or cooperative_overlap';
comment on column interactions.by_role is 'role that came in';
comment on column interactions.start_s is 'start, seconds';
comment on column interactions.end_s is 'end, seconds';
comment on column interactions.floor_kept_by is 'role that talked on; null: not an interruption';

create table segments (
    call_id varchar not null,
    kind varchar not null,
    channel integer,
    start_s double not null,
    end_s double not null
);
comment on table segments is 'Stretches that are something other than plain talk';
comment on column segments.call_id is 'the call';
comment on column segments.kind is 'silence, hold, music, ringback, ivr, voicemail_beep or overlap';
comment on column segments.channel is 'channel, from 0; null: all of them';
comment on column segments.start_s is 'start, seconds';
comment on column segments.end_s is 'end, seconds';

create table channels (
    call_id varchar not null,
    channel integer not null,
    role varchar,
    level_dbfs double not null,
    peak_dbfs double not null,
    snr_db double,
    clipping_share double not null,
    dc_offset double not null,
    bandwidth_hz double not null,
    dead boolean not null
);
comment on table channels is 'What each channel of the recording is like: one row a call and channel';
comment on column channels.call_id is 'the call';
comment on column channels.channel is 'channel, from 0';
comment on column channels.role is 'who is on it by the configuration; null: it does not say';
comment on column channels.level_dbfs is 'mean level, dB below full scale';
comment on column channels.peak_dbfs is 'highest sample, dB below full scale';
comment on column channels.snr_db is 'speech over noise, dB; null: there is no sound';
comment on column channels.clipping_share is 'samples at the ceiling, share of all, 0 to 1';
comment on column channels.dc_offset is 'mean of the samples, -1 to 1';
comment on column channels.bandwidth_hz is 'highest frequency with sound, Hz; about 3400 was a telephone once';
comment on column channels.dead is 'no sound on it from start to end';

create table topics (
    topic integer not null,
    name varchar not null,
    source varchar not null,
    terms varchar[] not null,
    calls integer not null,
    representative_calls varchar[] not null,
    centroid float[],
    fitted_at timestamp not null
);
comment on table topics is 'What calls are about, over the whole store';
comment on column topics.topic is 'number of the topic, stable between runs';
comment on column topics.name is 'a few words';
comment on column topics.source is 'found (by clustering), renamed (by a person) or examples (from a labelled file)';
comment on column topics.terms is 'words that set it apart, most telling first';
comment on column topics.calls is 'calls in it, a count';
comment on column topics.representative_calls is 'call ids nearest to its middle';
comment on column topics.centroid is 'its middle, unit length, in the space of `embeddings`';
comment on column topics.fitted_at is 'when, UTC';

create table call_topics (
    call_id varchar not null,
    topic integer not null,
    score double not null
);
comment on table call_topics is 'Which topic each call belongs to';
comment on column call_topics.call_id is 'the call';
comment on column call_topics.topic is 'its topic';
comment on column call_topics.score is 'how near its middle, cosine, -1 to 1';

create table embeddings (
    call_id varchar not null,
    turn integer not null,
    model varchar not null,
    vector float[] not null
);
comment on table embeddings is 'Sentence embedding of each safe turn';
comment on column embeddings.call_id is 'the call';
comment on column embeddings.turn is 'the turn';
comment on column embeddings.model is 'model that made it';
comment on column embeddings.vector is 'unit length; 384 figures with the default model';

create table stage_runs (
    call_id varchar not null,
    source_name varchar not null,
    stage varchar not null,
    version integer not null,
    engine varchar not null,
    model varchar not null,
    key varchar not null,
    seconds double not null,
    status varchar not null,
    error varchar,
    what varchar,
    hint varchar,
    ran_at timestamp not null
);
comment on table stage_runs is 'Where each result comes from: the last run of each stage, and what failed';
comment on column stage_runs.call_id is 'the call; for a file that could not be read, a keyed pseudonym of its path';
comment on column stage_runs.source_name is 'the file''s name after redaction';
comment on column stage_runs.stage is 'the stage; audio or ingest where the recording itself failed';
comment on column stage_runs.version is 'version of the stage';
comment on column stage_runs.engine is 'library that did it; empty: none';
comment on column stage_runs.model is 'its model; empty: none';
comment on column stage_runs.key is 'freshness key: the same key, the same result';
comment on column stage_runs.seconds is 'time it took, seconds';
comment on column stage_runs.status is 'ran or failed';
comment on column stage_runs.error is 'code of the failure; null: none';
comment on column stage_runs.what is 'what failed, in words free of speech';
comment on column stage_runs.hint is 'what to do';
comment on column stage_runs.ran_at is 'when, UTC';

-- The writer's own tables -------------------------------------------------------------------------------------------

create schema ledger;

-- Every call ever met, failed ones too, so that they can be forgotten.
create table ledger.recordings (
    call_id varchar primary key,
    call json not null -- `model.Call`
);

-- The key under which each stage's kept result was made.
create table ledger.stage_keys (
    call_id varchar not null,
    stage varchar not null,
    key varchar not null
);

-- Each safe facet as JSON, with the digest of its content.
create table ledger.facets (
    call_id varchar not null,
    facet varchar not null,
    digest varchar not null,
    payload varchar not null
);
