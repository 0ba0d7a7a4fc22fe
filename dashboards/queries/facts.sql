-- One row a call, with everything a page filters or draws by. Put in front of every other query here.
--   matching: calls that pass the filter, whatever their date
--   picked:   of these, the ones in the period [$since, $until)
--   earlier:  the ones in the period before it, as long, [$before, $since)
with redacted as (
    select call_id, count(*) as redactions from main.redactions group by call_id
),
proved as (
    select call_id, arg_max(verdict, proved_at) as verdict from main.redaction_proofs group by call_id
),
primary_topic as (
    select call_id, arg_max(topic, score) as topic from main.call_topics group by call_id
),
facts as (
    select
        calls.call_id, calls.source_name, calls.started_at, calls.processed_at, calls.agent_id, calls.queue, calls.direction,
        calls.customer, calls.language, calls.layout, calls.audio_file is not null as has_audio,
        coalesce(call_metrics.duration_s, calls.duration_s) as duration_s,
        coalesce(topics.name, nullif(summaries.title, '')) as reason, primary_topic.topic, topics.name as topic_name,
        summaries.title, summaries.issue, summaries.outcome,
        call_metrics.customer_sentiment as sentiment, call_metrics.customer_sentiment_change as sentiment_change,
        call_metrics.customer_final_sentiment as final_sentiment,
        call_metrics.silence_share, call_metrics.talk_share, call_metrics.hold_s, call_metrics.interruptions,
        call_metrics.overlap_share, call_metrics.response_delay_s, call_metrics.words_per_min, call_metrics.talk_listen_ratio,
        coalesce(redacted.redactions, 0) as redactions, proved.verdict,
        case
            when call_metrics.customer_sentiment < -0.15 then 'negative'
            when call_metrics.customer_sentiment > 0.15 then 'positive'
            when call_metrics.customer_sentiment is not null then 'neutral'
        end as mood
    from main.calls
    left join main.call_metrics using (call_id)
    left join main.summaries using (call_id)
    left join primary_topic using (call_id)
    left join main.topics on topics.topic = primary_topic.topic
    left join redacted on redacted.call_id = calls.call_id
    left join proved on proved.call_id = calls.call_id
),
matching as (
    select * from facts
    where (len($agents) = 0 or list_contains($agents, agent_id))
        and (len($queues) = 0 or list_contains($queues, queue))
        and (len($languages) = 0 or list_contains($languages, language))
        and (len($topics) = 0 or list_contains($topics, topic_name))
        and (len($moods) = 0 or list_contains($moods, mood))
        and (len($layouts) = 0 or list_contains($layouts, layout))
),
picked as (
    select * from matching
    where ($since::timestamp is null or started_at >= $since::timestamp)
        and ($until::timestamp is null or started_at < $until::timestamp)
),
earlier as (
    select * from matching where started_at >= $before::timestamp and started_at < $since::timestamp
)
