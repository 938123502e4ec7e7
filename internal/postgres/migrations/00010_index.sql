-- +goose Up
create extension if not exists vector;

-- A generation is one version of the index's entries. Its own tables are made
-- with it, in the same transaction, and named by its id: index_entry_<id>_<kind>
-- (vectors to find candidates by), index_block_<id> (the entries themselves),
-- index_posting_<id> (terms). So a generation is there whole or not at all, is
-- never changed, and is dropped without leaving dead rows.
create table index_generation (
    id         integer generated always as identity primary key,
    version    text not null,  -- of corpus, added documents and model
    form       text not null,  -- how the tables are made; another binary or setting may want another
    dim        integer not null,
    entries    integer not null,
    statistics jsonb not null, -- what the bounds of a search are computed from
    directory  bytea not null, -- kind, passage and length of every entry
    created    timestamptz not null default now(),
    used       timestamptz not null default now(), -- to within a minute or so
    unique (version, form)
);

-- +goose Down
-- +goose StatementBegin
do $$
declare t text;
begin
    for t in select c.oid::regclass::text from pg_class c
        where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
        and c.relname ~ '^index_(entry_\d+_\d+|block_\d+|posting_\d+)$'
    loop
        execute 'drop table ' || t;
    end loop;
end $$;
-- +goose StatementEnd
drop table index_generation;
