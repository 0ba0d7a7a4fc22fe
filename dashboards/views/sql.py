"""SQL: ask the snapshot anything. One SELECT at a time, on a read-only connection that sees no other file."""

from __future__ import annotations

import io

import altair as alt
import pandas as pd
import streamlit as st

import data
import theme

EXAMPLE = """select agent_id, count(*) as calls, round(avg(customer_sentiment), 2) as sentiment
from calls join call_metrics using (call_id)
group by agent_id
order by calls desc"""


def schema() -> None:
    st.markdown("##### Tables")
    look = st.text_input(
        "Look for a table or column",
        placeholder="Look for a table or column",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    columns = data.ask("schema")
    with st.container(height=520):
        for table, rows in columns.groupby("table_name"):
            wanted = not look or look.lower() in table or rows.column_name.str.contains(look.lower(), regex=False).any()
            if not wanted:
                continue
            with st.expander(f"{table}", expanded=bool(look) and look.lower() not in table):
                st.caption(str(rows.about.iloc[0] or ""))
                lines = [
                    f"- `{row.column_name}` {row.data_type.lower()} – {row.comment or ''}" for row in rows.itertuples()
                ]
                st.caption("\n".join(lines))


def chart_of(frame: pd.DataFrame) -> None:
    """Two columns of the answer against each other."""
    numbers = [name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    if not numbers or len(frame.columns) < 2:
        st.caption("A chart wants at least two columns, one of them a number.")
        return
    names = list(frame.columns)
    row = st.columns(3)
    first = row[0].selectbox("Across", names, index=0)
    second = row[1].selectbox("Up", numbers, index=len(numbers) - 1)
    shape = row[2].selectbox("As", ["Bars", "Line", "Points"])
    plain = frame[[first, second]].head(2_000).set_axis(["across", "up"], axis=1) if first != second else None
    if plain is None:
        st.caption("Choose two different columns.")
        return
    kind = (
        "T"
        if pd.api.types.is_datetime64_any_dtype(plain.across)
        else "Q"
        if first in numbers and shape != "Bars"
        else "N"
    )
    mark = {"Bars": "bar", "Line": "line", "Points": "point"}[shape]
    chart = alt.Chart(plain, height=320, mark=alt.MarkDef(type=mark, color=theme.INK, tooltip=True)).encode(
        x=alt.X(f"across:{kind}", title=first, sort=None), y=alt.Y("up:Q", title=second)
    )
    st.altair_chart(chart)


def answer(text: str) -> None:
    try:
        with st.spinner("Asking"):
            frame, truncated = data.query(text)
    except data.CallkitError as error:
        st.error(f"{error.what} ({error.code})", icon=":material/error:")
        st.caption(error.hint)
        return
    rows = f"**{len(frame):,}** row{'' if len(frame) == 1 else 's'}" + (
        f", the first of more: the limit is {data.settings().query_rows:,}" if truncated else ""
    )
    left, right = st.columns([4, 1.4], vertical_alignment="center")
    left.caption(rows)
    buttons = right.container(horizontal=True, horizontal_alignment="right")
    buttons.download_button(
        "CSV",
        lambda: frame.to_csv(index=False).encode(),
        "answer.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    buttons.download_button(
        "Parquet",
        lambda: parquet(frame),
        "answer.parquet",
        "application/vnd.apache.parquet",
        on_click="ignore",
        icon=":material/download:",
    )
    table, chart = st.tabs(["Table", "Chart"])
    with table:
        st.dataframe(frame, hide_index=True, height=theme.table_height(len(frame), 480))
    with chart:
        chart_of(frame)


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


st.title("SQL", anchor=False)
limits = data.settings()
st.caption(
    f"Read-only: one SELECT, at most {limits.query_rows:,} rows and {limits.query_timeout_s:g} s, over redacted data only. The filters above do not apply here."
)
left, right = st.columns([2.4, 1], gap="medium")
with left:
    with st.form("sql", border=False):
        text = st.text_area(
            "Query", EXAMPLE, height=170, key="sql_text", label_visibility="collapsed", placeholder="select …"
        )
        asked = st.form_submit_button("Ask", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter")
    if asked:
        st.session_state["sql_asked"] = text
    answer(st.session_state.get("sql_asked", EXAMPLE))
with right:
    schema()
