-- What inspection measured of each channel, and where on the call the channels bleed.

alter table calls add column bleed_by_ten_s double[];
comment on column calls.bleed_by_ten_s is 'the same for each ten seconds of the call, in order; null inside: nobody talks';

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
