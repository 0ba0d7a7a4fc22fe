-- Tables, views and columns with their meaning, for the SQL page.
select columns.table_name, columns.column_name, columns.data_type, columns.comment,
    coalesce(tables.comment, views.comment) as about
from duckdb_columns() as columns
left join duckdb_tables() as tables on tables.table_oid = columns.table_oid
left join duckdb_views() as views on views.view_oid = columns.table_oid
where columns.schema_name = 'main' and not columns.internal
order by columns.table_name, columns.column_index
