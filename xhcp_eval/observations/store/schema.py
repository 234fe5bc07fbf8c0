"""The tables of the monitoring database, and how a file written by an earlier version becomes one of today.

Versions: 1 as first released; 2 adds undone imports, withdrawals of single vintages, the journal, the originals of imports and the row
of its file that a figure stood in.
"""

from __future__ import annotations

SCHEMA_VERSION = 2
TABLES = (
    "imports",
    "regions",
    "reported",
    "survey_records",
    "rounds",
    "releases",
    "undone",
    "withdrawn",
    "originals",
    "journal",
)

_IMPORTS = """create table {name} (import_id integer primary key, imported_at timestamptz not null, imported_by varchar not null,
    file varchar not null, sha256 varchar not null, plan varchar not null, n_rows bigint not null, notices varchar[] not null)"""
_ADDED = """
create table undone (import_id integer primary key, moment timestamptz not null, on_day date not null, person varchar not null,
    why varchar not null);
create table withdrawn (import_id integer not null, region_id integer not null, indicator varchar not null, year smallint not null,
    sex varchar not null, age varchar not null, residence varchar not null, category varchar not null, moment timestamptz not null,
    on_day date not null, person varchar not null, why varchar not null);
create table originals (sha256 varchar primary key, file varchar not null, content blob not null);
create table journal (moment timestamptz not null, person varchar not null, act varchar not null, subject varchar not null,
    detail varchar not null)"""
_FIGURES = """create view figures as select r.import_id, i.imported_at, i.imported_by, i.file, i.sha256, g.region, g.level,
    r.* exclude (import_id, region_id),
    case when r.import_id in (select import_id from undone) then '所在导入已撤销'
         when exists (select 1 from withdrawn w where w.import_id = r.import_id and w.region_id = r.region_id
             and w.indicator = r.indicator and w.year = r.year and w.sex = r.sex and w.age = r.age
             and w.residence = r.residence and w.category = r.category) then '已撤回' else '' end as taken_back
    from reported r join regions g using (region_id) join imports i using (import_id)"""

SCHEMA = f"""
create table about (schema_version integer not null);
insert into about values ({SCHEMA_VERSION});
{_IMPORTS.format(name="imports")};
create table regions (region_id integer primary key, region varchar not null unique, level varchar not null);
create table reported (import_id integer not null, region_id integer not null, indicator varchar not null,
    year smallint not null, sex varchar not null, age varchar not null, residence varchar not null,
    category varchar not null, value double, numerator double, denominator double, unit varchar not null,
    department varchar not null, status varchar not null, reported_on date not null, source varchar not null,
    series_break boolean not null, exceptional boolean not null, note varchar not null, file_row integer);
create table survey_records (import_id integer not null, survey varchar not null, indicator varchar not null,
    region varchar not null, level varchar not null, year smallint not null, response double not null,
    weight double not null, stratum varchar not null, cluster varchar not null, sex varchar not null,
    age varchar not null, residence varchar not null, source varchar not null, reported_on varchar not null,
    status varchar not null);
create table rounds (year smallint primary key, opened_on date not null, due_on date not null, plan varchar not null,
    region varchar not null, opened_by varchar not null);
create table releases (name varchar primary key, year smallint not null, frozen_at timestamptz not null,
    frozen_by varchar not null, as_of date not null, last_import integer not null, plan varchar not null,
    region varchar not null, n_rows bigint not null, sha256 varchar not null, file varchar not null);
{_ADDED};
{_FIGURES};
"""

# Version -> statements that make a file of it one of the next version, in one transaction.
UPGRADES: dict[int, tuple[str, ...]] = {
    1: (
        "drop view figures",
        # a file may come again after its import was undone, so that its hash is no longer unique
        _IMPORTS.format(name="imports_of_2"),
        "insert into imports_of_2 select * from imports",
        "drop table imports",
        "alter table imports_of_2 rename to imports",
        "alter table reported add column file_row integer",
        *_ADDED.strip().split(";\n"),
        _FIGURES,
    ),
}
