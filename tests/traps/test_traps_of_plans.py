"""Traps that well-known tools fall into, each with its name: a wrong number here is a wrong number for somebody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from headway import quality
from headway.model import Flag, Reason, cell_text

UTC_NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)

EVENTS = """
    project: traps
    timezone: {zone}
    min_group_size: 1
    sources:
      events:
        read: {{files: unused.csv}}
        columns: {{id: integer, at: timestamp, person: text, hub: text, usd: number, changed: integer, tags: list}}
        time: at
        times_in: {times_in}
        people: person
"""


def events(zone: str = "UTC", times_in: str = "UTC") -> str:
    """A catalogue of one source, to which a test adds its own lines."""
    return EVENTS.format(zone=zone, times_in=times_in)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def values(numbers: Any, grain: str, cell: str = "") -> dict[str, Any]:
    """Name of the period -> value."""
    return {name: row["value"] for (g, c, name), row in numbers.items() if (g, c) == (grain, cell)}


# -- windows and periods -------------------------------------------------------------------------------------------


def test_seven_days_are_seven_days(workbench: Any) -> None:
    """A 7-day window holds a person through the 6th day after, and not on the 7th."""
    catalog = workbench.project(events() + "    kpis: {wau: {distinct: events.person, window: 7 days}}")
    rows = [{"at": at("2025-06-01T23:59"), "person": "ann"}, {"at": at("2025-06-10T00:00"), "person": "bob"}]
    wau = values(workbench.numbers(catalog, {"events": rows}, UTC_NOON)["wau"], "day")
    assert [wau[f"2025-06-0{day}"] for day in (1, 6, 7, 8, 9)] == [1, 1, 1, 0, 0]


def test_mau_by_month_is_that_of_the_last_day(workbench: Any) -> None:
    """A month shows its last day's rolling value, not its first; daily distincts are never added up."""
    catalog = workbench.project(events() + "    kpis: {mau: {distinct: events.person, window: 30 days}}")
    rows = [{"at": at("2025-04-30T10:00"), "person": "ann"}] + [
        {"at": at(f"2025-05-{day:02}T10:00"), "person": person} for day in (5, 31) for person in ("bob", "cid")
    ]
    mau = workbench.numbers(catalog, {"events": rows}, UTC_NOON)["mau"]
    assert mau["day", "", "2025-05-01"]["value"] == 1
    assert mau["month", "", "2025-05"]["value"] == 2


def test_week_53_and_the_turn_of_the_year(workbench: Any) -> None:
    """2 January 2021 is in 2020-W53; the week stands beside both years."""
    catalog = workbench.project(events() + "    kpis: {n: {count: events}}")
    rows = [{"at": at("2020-12-31T10:00")}, {"at": at("2021-01-02T10:00")}]
    n = workbench.numbers(catalog, {"events": rows}, datetime(2021, 2, 1, tzinfo=UTC))["n"]
    assert n["week", "", "2020-W53"]["value"] == 2
    assert (n["year", "", "2020"]["value"], n["year", "", "2021"]["value"]) == (1, 1)


def test_month_windows_are_clamped_at_month_ends(workbench: Any) -> None:
    """One month back from the end of 30 March begins on 28 February's next day but never skips a day."""
    catalog = workbench.project(events() + "    kpis: {n: {count: events, window: 1 month}}")
    rows = [{"at": at("2025-02-28T10:00")}, {"at": at("2025-03-31T10:00")}]
    n = values(workbench.numbers(catalog, {"events": rows}, UTC_NOON)["n"], "day")
    assert [n["2025-03-27"], n["2025-03-28"], n["2025-03-31"]] == [1, 1, 1]


def test_the_median_of_a_month_is_no_average_of_daily_medians(workbench: Any) -> None:
    """A day of one slow answer and a day of many quick ones: the month's median is that of all answers."""
    catalog = workbench.project(events() + "    kpis: {middle: {median: events.usd, by: [hub]}}")
    rows = [{"at": at("2025-05-01T10:00"), "usd": 100.0, "hub": "slow"}] + [
        {"at": at("2025-05-02T10:00"), "usd": usd, "hub": "quick"} for usd in (1.0, 2.0, 4.0, 5.0)
    ]
    middle = workbench.numbers(catalog, {"events": rows}, UTC_NOON)["middle"]
    assert middle["day", "", "2025-05-02"]["value"] == 3
    assert middle["month", "", "2025-05"]["value"] == 4
    assert middle["month", cell_text((("hub", "quick"),)), "2025-05"]["value"] == 3
    assert middle["month", "", "2025-05"]["n"] == 5


def test_quantiles_of_amounts_are_not_rounded_to_cents(workbench: Any) -> None:
    """The median of decimals 0.01 and 0.02 lies between them; a day without answers has none."""
    catalog = workbench.project(
        events().replace("time: at", "time: at\n        derive: {cents: 'CAST(usd AS DECIMAL(10, 2))'}")
        + "    kpis: {middle: {median: events.cents}, upper: {p99.9: events.id}}"
    )
    rows = [{"at": at("2025-05-01T10:00"), "usd": usd, "id": n} for n, usd in enumerate((0.01, 0.02))]
    rows += [{"at": at("2025-05-03T10:00")}]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    assert numbers["middle"]["day", "", "2025-05-01"]["value"] == 0.015
    assert numbers["upper"]["day", "", "2025-05-01"]["value"] == 0.999
    for day in ("2025-05-02", "2025-05-03"):
        assert numbers["middle"]["day", "", day]["reason"] == Reason.NO_ROWS
        assert numbers["middle"]["day", "", day]["n"] == 0


def test_who_did_not_answer_is_no_detractor(workbench: Any) -> None:
    """A net promoter score is over answers; a year's is that of all its answers, and no mean of its months'."""
    catalog = workbench.project(events() + "    kpis: {score: {nps: events.id, grain: month}}")
    rows = [{"at": at("2025-04-01T10:00"), "id": score} for score in (10, 9, 8, 7, 6, None, None)]
    rows += [{"at": at("2025-05-01T10:00"), "id": 0}]
    score = workbench.numbers(catalog, {"events": rows}, UTC_NOON)["score"]
    assert [score["month", "", f"2025-0{month}"]["value"] for month in (4, 5)] == [20, -100]
    assert score["year", "", "2025"]["value"] == 0
    kept = {name: score["month", "", "2025-04"][name] for name in ("n", "numerator", "denominator")}
    assert kept == {"n": 5, "numerator": 1, "denominator": 5}


def test_all_of_three_is_no_certainty(workbench: Any) -> None:
    """Three of three satisfied is a share of 100 %, and as likely of a true share of 44 %: the interval says so."""
    catalog = workbench.project(
        events().replace("time: at", "time: at\n        derive: {good: 'id >= 4'}")
        + """    kpis:
      satisfied: {share: events.good, grain: month, by: [hub]}
      surely: {formula: satisfied.low, by: [hub]}
      doubt: {formula: satisfied.high - satisfied.low, window: 1 year}
      of_all: {formula: satisfied.low / total(satisfied.low), by: [hub]}
      at_a: {formula: "satisfied.low[hub = 'a']"}
    """
    )
    rows = [{"at": at("2025-04-01T10:00"), "id": 5, "hub": hub} for hub in ("a", "a", "b")]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    april, a = ("month", "", "2025-04"), ("month", cell_text((("hub", "a"),)), "2025-04")
    assert numbers["satisfied"][april]["value"] == 1
    assert numbers["satisfied.high"][april]["value"] == 1
    assert round(numbers["satisfied.low"][april]["value"], 4) == 0.4385
    assert round(numbers["satisfied.low"][a]["value"], 4) == 0.3424
    assert numbers["surely"][a]["value"] == numbers["at_a"][april]["value"] == numbers["satisfied.low"][a]["value"]
    assert round(numbers["doubt"][april]["value"], 4) == round(1 - 0.4385, 4)
    assert round(numbers["of_all"][a]["value"], 3) == round(0.3424 / 0.4385, 3)


def test_parts_of_a_small_group_are_withheld_with_it(workbench: Any) -> None:
    """Who is too few to show a share of is too few to show its bounds, or counts, of."""
    catalog = workbench.project(
        events().replace("min_group_size: 1", "min_group_size: 5")
        + "    kpis: {score: {nps: events.id, grain: month, by: [hub]}}"
    )
    rows = [{"at": at("2025-04-01T10:00"), "id": 9, "person": f"p{n}", "hub": "ab"[n > 2]} for n in range(12)]
    (kpi,) = catalog.kpis.values()
    table = workbench.tables(catalog, {"events": rows}, UTC_NOON)["score"]
    judged = quality.judge(kpi, table, 5, quality.Touches(date(2025, 4, 1)), catalog.calendar).to_pylist()
    april = [row for row in judged if row["grain"] == "month" and row["cell"] and row["value"] is None]
    assert {row["part"] for row in april} == {"", "promoters", "passives", "detractors", "low", "high"}
    assert {row["reason"] for row in april} == {Reason.GROUP_TOO_SMALL}
    assert not any(row["value"] is not None for row in judged if row["cell"] and row["grain"] == "month")


# -- daylight saving -----------------------------------------------------------------------------------------------


def test_days_of_23_and_25_hours(workbench: Any) -> None:
    """Auckland's 29 September 2024 has 23 hours and 7 April has 25; each hour is counted once, in its own day."""
    catalog = workbench.project(
        events("Pacific/Auckland") + "    kpis: {hourly: {count: events, grain: hour}, daily: {count: events}}"
    )
    for day, hours in ((date(2024, 9, 29), 23), (date(2024, 4, 7), 25)):
        start = catalog.calendar.moment(day).replace(tzinfo=None)
        rows = [{"at": start + timedelta(minutes=30 * i)} for i in range(-2, 2 * hours + 2)]
        now = start.replace(tzinfo=UTC) + timedelta(days=3)
        numbers = workbench.numbers(catalog, {"events": rows}, now)
        assert numbers["daily"]["day", "", day.isoformat()]["value"] == 2 * hours
        counted = {name: v for name, v in values(numbers["hourly"], "hour").items() if name.startswith(f"{day}T")}
        assert len(counted) == hours
        assert set(counted.values()) == {2}
        assert (f"{day}T02b" in counted) == (hours == 25)


def test_a_repeated_local_time_means_its_first_occurrence(workbench: Any) -> None:
    """Times without a zone: 02:30 on the day clocks go back is the first 02:30; a skipped one moves forward."""
    catalog = workbench.project(events("UTC", "Pacific/Auckland") + "    kpis: {n: {count: events, grain: hour}}")
    rows = [{"at": at("2024-04-07T02:30")}, {"at": at("2024-09-29T02:30")}]
    n = values(workbench.numbers(catalog, {"events": rows}, UTC_NOON)["n"], "hour")
    assert {name for name, value in n.items() if value} == {"2024-04-06T13", "2024-09-28T14"}


def test_the_day_is_the_projects_day(workbench: Any) -> None:
    """A row at 13:00 UTC belongs to the next day in Auckland."""
    rows = [{"at": at("2025-01-31T13:00"), "person": "ann"}]
    for zone, month in (("UTC", "2025-01"), ("Pacific/Auckland", "2025-02")):
        catalog = workbench.project(events(zone) + "    kpis: {n: {count: events}}")
        n = values(workbench.numbers(catalog, {"events": rows}, UTC_NOON)["n"], "month")
        assert n[month] == 1


def test_a_month_cut_from_a_date_stays_in_its_month(workbench: Any) -> None:
    """`date_trunc` of a date is a day, wherever the project is: it is not moved between zones."""
    catalog = workbench.project("""
        project: zones
        timezone: America/New_York
        sources:
          sales:
            read: {files: unused.csv}
            columns: {sold: date, usd: number}
            derive: {booked: "date_trunc('month', sold)"}
            time: booked
        kpis:
          usd: {sum: sales.usd, grain: month, unit: USD}
    """)
    rows = [{"sold": date(2025, 3, 20), "usd": 5.0}]
    assert values(workbench.numbers(catalog, {"sales": rows}, UTC_NOON)["usd"], "month") == {"2025-03": 5}


# -- nothing, null and zero ----------------------------------------------------------------------------------------


def test_no_rows_are_zero_for_counts_and_no_data_for_means(workbench: Any) -> None:
    """Between rows a count is 0 and a mean has no data; after the newest row there is nothing at all."""
    catalog = workbench.project(events() + "    kpis: {n: {count: events}, usd: {mean: events.usd}}")
    rows = [{"at": at("2025-06-01T10:00"), "usd": 0.0}, {"at": at("2025-06-03T10:00"), "usd": None}]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    assert values(numbers["n"], "day") == {"2025-06-01": 1, "2025-06-02": 0, "2025-06-03": 1}
    assert values(numbers["usd"], "day") == {"2025-06-01": 0, "2025-06-02": None, "2025-06-03": None}
    assert numbers["usd"]["day", "", "2025-06-02"]["reason"] == Reason.NO_ROWS


def test_a_null_condition_is_false(workbench: Any) -> None:
    """`usd > 5` and `not (usd > 5)` both leave out rows without usd."""
    catalog = workbench.project(
        events() + "    kpis: {a: {count: events, where: usd > 5}, b: {count: events, where: not (usd > 5)}}"
    )
    rows = [{"at": at("2025-06-01T10:00"), "usd": usd} for usd in (None, 4.0, 6.0, 7.0)]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    assert (numbers["a"]["day", "", "2025-06-01"]["value"], numbers["b"]["day", "", "2025-06-01"]["value"]) == (2, 1)


def test_an_empty_source_has_no_numbers(workbench: Any) -> None:
    """A source without a row speaks of no period; a sparse one does, from `tracked_from` on."""
    catalog = workbench.project(
        events()
        + "        sparse: true\n    kpis: {n: {count: events, grain: month}, "
        + "m: {count: events, grain: month, tracked_from: 2025-05-01}}"
    )
    numbers = workbench.numbers(catalog, {}, UTC_NOON)
    assert numbers["n"] == {}
    assert values(numbers["m"], "month") == {"2025-05": 0, "2025-06": 0}


def test_rows_of_the_future_and_without_time_wait(workbench: Any) -> None:
    """They are counted as such, and stand in no number."""
    catalog = workbench.project(events() + "    kpis: {n: {count: events}}")
    rows = [{"at": at("2025-06-14T10:00")}, {"at": at("2025-06-15T12:01")}, {"at": None}]
    schemas = workbench.attach(catalog, {"events": rows})
    coverage = workbench.coverage(catalog, schemas, UTC_NOON)["events"]
    assert (coverage.rows, coverage.removed) == (3, {"without time": 1, "in the future": 1})
    assert values(workbench.numbers(catalog, {"events": rows}, UTC_NOON)["n"], "day") == {"2025-06-14": 1}


# -- joins, versions, cells ----------------------------------------------------------------------------------------

JOINED = """
    project: joins
    min_group_size: 1
    sources:
      sessions:
        read: {files: unused.csv}
        columns: {on: date, person: text, hub: text, host: text}
        time: on
        people: person
        refers: {hub: hubs, host: {source: hubs, optional: true}}
      hubs:
        read: {files: unused.csv}
        columns: {id: text, cluster: text, staging: boolean, version: integer}
        key: id
        latest_by: version
        refers: {cluster: clusters}
        exclude:
          - {where: id = 'bad', why: it never existed}
        derive: {label: "upper(id)"}
      clusters:
        read: {files: unused.csv}
        columns: {cluster: text, provider: text}
        key: cluster
"""
JOINED_ROWS = {
    "sessions": [
        {"on": date(2025, 6, 1), "person": "ann", "hub": "a", "host": "b"},
        {"on": date(2025, 6, 1), "person": "ann", "hub": "b"},
        {"on": date(2025, 6, 1), "person": "bob", "hub": "gone"},
        {"on": date(2025, 6, 1), "person": "cid", "hub": "bad"},
        {"on": date(2025, 6, 1), "person": "dee", "hub": None},
    ],
    "hubs": [
        {"id": "a", "cluster": "old", "staging": False, "version": 1},
        {"id": "a", "cluster": "x", "staging": False, "version": 2},
        {"id": "b", "cluster": "y", "staging": True, "version": 1},
        {"id": "bad", "cluster": "y", "staging": False, "version": 1},
    ],
    "clusters": [{"cluster": "x", "provider": "aws"}, {"cluster": "y", "provider": "gcp"}],
}


def test_rows_neither_multiply_nor_vanish_in_joins(workbench: Any) -> None:
    """Two versions of a hub join once; a session whose hub is unknown stays in the total and in the cell (none)."""
    catalog = workbench.project(
        JOINED
        + "    kpis: {n: {count: sessions, by: [hub.cluster, hub.cluster.provider]}, "
        + "users: {distinct: sessions.person, by: [hub.label]}}"
    )
    numbers = workbench.numbers(catalog, JOINED_ROWS, UTC_NOON)
    n = numbers["n"]
    assert n["day", "", "2025-06-01"]["value"] == 5
    found = {cell: row["value"] for (grain, cell, _), row in n.items() if grain == "day" and cell}
    assert found == {
        '{"hub.cluster": "x"}': 1,
        '{"hub.cluster": "y"}': 1,
        '{"hub.cluster": "(none)"}': 3,
        '{"hub.cluster.provider": "aws"}': 1,
        '{"hub.cluster.provider": "gcp"}': 1,
        '{"hub.cluster.provider": "(none)"}': 3,
    }
    users = {cell: row["value"] for (grain, cell, _), row in numbers["users"].items() if grain == "day"}
    assert users == {"": 4, '{"hub.label": "A"}': 1, '{"hub.label": "B"}': 1, '{"hub.label": "(none)"}': 3}


def test_two_references_to_one_source_never_mix(workbench: Any) -> None:
    """The hub's cluster and the host's cluster are two columns."""
    catalog = workbench.project(
        JOINED + "    kpis: {a: {count: sessions, where: hub.staging}, b: {count: sessions, where: host.staging}, "
        "c: {count: sessions, where: \"host.cluster.provider = 'gcp' and hub.cluster.provider = 'aws'\"}}"
    )
    numbers = workbench.numbers(catalog, JOINED_ROWS, UTC_NOON)
    assert [numbers[k]["day", "", "2025-06-01"]["value"] for k in "abc"] == [1, 1, 1]


def test_the_latest_version_of_a_key_counts(workbench: Any) -> None:
    """Rows that repeat the key are versions: the latest stays, equal rows are one."""
    catalog = workbench.project(
        events() + "        key: id\n        latest_by: changed\n    kpis: {usd: {sum: events.usd}}"
    )
    rows = [
        {"id": 1, "at": at("2025-06-01T10:00"), "usd": 1.0, "changed": 1},
        {"id": 1, "at": at("2025-06-02T10:00"), "usd": 5.0, "changed": 2},
        {"id": 1, "at": at("2025-06-02T10:00"), "usd": 5.0, "changed": 2},
        {"id": 2, "at": at("2025-06-02T10:00"), "usd": 7.0, "changed": 1},
    ]
    assert values(workbench.numbers(catalog, {"events": rows}, UTC_NOON)["usd"], "day") == {"2025-06-02": 12}


def test_a_list_puts_a_row_into_several_cells_and_once_into_the_total(workbench: Any) -> None:
    """Tags a and b: both cells; a repeated tag counts once; no tag is (none)."""
    catalog = workbench.project(events() + "    kpis: {usd: {sum: events.usd, by: [tags]}}")
    rows = [{"at": at("2025-06-01T10:00"), "usd": 1.0, "tags": tags} for tags in (["a", "b"], ["b", "b"], [], None)]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)["usd"]
    found = {cell: row["value"] for (grain, cell, _), row in numbers.items() if grain == "day"}
    assert found == {"": 4, '{"tags": "a"}': 1, '{"tags": "b"}': 2, '{"tags": "(none)"}': 2}


def test_exclusions_are_dated_by_time_and_counted(workbench: Any) -> None:
    """A known bug is taken out between its days, both inclusive, and nowhere else."""
    catalog = workbench.project(
        events()
        + "        exclude: [{where: hub = 'x', from: 2025-06-02, through: 2025-06-03, why: counted twice}]\n"
        + "    kpis: {n: {count: events}}"
    )
    rows = [{"at": at(f"2025-06-0{day}T10:00"), "hub": "x"} for day in (1, 2, 3, 4)]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    assert values(numbers["n"], "day") == {"2025-06-01": 1, "2025-06-02": 0, "2025-06-03": 0, "2025-06-04": 1}
    schemas = workbench.attach(catalog, {"events": rows})
    removed = workbench.coverage(catalog, schemas, UTC_NOON)["events"].removed
    assert removed == {"excluded: counted twice": 2}


def test_names_of_the_data_may_be_the_plans_own(workbench: Any) -> None:
    """Columns called day, period, value, n and order do no harm."""
    catalog = workbench.project("""
        project: names
        min_group_size: 1
        sources:
          rows:
            read: {files: unused.csv}
            columns: {day: date, period: text, value: number, n: integer, order: text, people: text, person: text}
            time: day
            people: person
        kpis:
          daily:  {sum: rows.value, by: [period, order]}
          gaps:   {distinct: rows.people, by: [period, n]}
          spans:  {distinct: rows.person, by: [order], window: 7 days}
    """)
    row = {"day": date(2025, 6, 1), "period": "p", "value": 2.0, "n": 3, "order": "o", "people": "q", "person": "r"}
    numbers = workbench.numbers(catalog, {"rows": [row]}, UTC_NOON)
    assert numbers["daily"]["day", '{"period": "p"}', "2025-06-01"]["value"] == 2
    assert numbers["gaps"]["day", '{"n": "3"}', "2025-06-01"]["value"] == 1
    assert numbers["spans"]["day", '{"order": "o"}', "2025-06-01"]["value"] == 1


# -- people --------------------------------------------------------------------------------------------------------


def test_people_behind_cells_are_counted_over_the_cells_own_span(workbench: Any) -> None:
    """Behind a sum over 7 days stand the different people of these 7 days, in that cell; behind a total, nobody."""
    catalog = workbench.project(
        events().replace("min_group_size: 1", "min_group_size: 5")
        + "    kpis: {usd: {sum: events.usd, window: 7 days, by: [hub]}, n: {count: events, by: [hub]}}"
    )
    rows = [
        {"at": at("2025-06-01T10:00"), "person": "ann", "hub": "x", "usd": 1.0},
        {"at": at("2025-06-02T10:00"), "person": "ann", "hub": "x", "usd": 1.0},
        {"at": at("2025-06-03T10:00"), "person": "bob", "hub": "x", "usd": 1.0},
        {"at": at("2025-06-03T10:00"), "person": "cid", "hub": "x", "usd": None},
        {"at": at("2025-06-09T10:00"), "person": "ann", "hub": "y", "usd": 1.0},
    ]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    usd = {name: row["people"] for (g, c, name), row in numbers["usd"].items() if (g, c) == ("day", '{"hub": "x"}')}
    assert [usd[f"2025-06-0{day}"] for day in (1, 2, 3, 8, 9)] == [1, 1, 2, 2, 1]
    assert numbers["n"]["month", '{"hub": "x"}', "2025-06"]["people"] == 3
    assert numbers["n"]["month", "", "2025-06"]["people"] is None


# -- partial -------------------------------------------------------------------------------------------------------


def test_running_periods_are_partial_and_compared_with_whole_days_only(workbench: Any) -> None:
    """On 15 June at noon the month so far is 1 to 14 June against 1 to 14 May; a state shows yesterday's value."""
    catalog = workbench.project(
        events() + "    kpis: {n: {count: events}, wau: {distinct: events.person, window: 7 days}}"
    )
    rows = [
        {"at": at("2025-05-14T23:00"), "person": "ann"},
        {"at": at("2025-05-15T00:00"), "person": "bob"},
        {"at": at("2025-06-14T23:00"), "person": "cid"},
        {"at": at("2025-06-15T01:00"), "person": "dee"},
        {"at": at("2025-05-01T01:00"), "person": "ann"},
    ]
    numbers = workbench.numbers(catalog, {"events": rows}, UTC_NOON)
    june = numbers["n"]["month", "", "2025-06"]
    assert (june["value"], june["so_far"], june["so_far_before"], june["flags"]) == (2, 1, 2, Flag.PARTIAL)
    assert numbers["wau"]["day", "", "2025-06-15"]["value"] == 1
    month = numbers["wau"]["month", "", "2025-06"]
    assert (month["value"], month["so_far"], month["so_far_before"]) == (1, 1, 1)


def test_periods_around_tracking_are_partial(workbench: Any) -> None:
    """What ends before `tracked_from` is not computed; the period that holds it is partial for ever."""
    catalog = workbench.project(events() + "    kpis: {n: {count: events, tracked_from: 2025-02-10}}")
    rows = [{"at": at(f"2025-0{month}-20T10:00")} for month in (1, 2, 3)]
    n = workbench.numbers(catalog, {"events": rows}, UTC_NOON)["n"]
    assert {name: row["flags"] for (g, _, name), row in n.items() if g == "month"} == {"2025-02": 1, "2025-03": 0}
    assert ("day", "", "2025-02-09") not in n


def test_late_rows_keep_a_period_partial(workbench: Any) -> None:
    """With `late_after: 20 days` May is partial on 15 June, and whole on 21 June."""
    catalog = workbench.project(events() + "        late_after: 20 days\n    kpis: {n: {count: events, grain: month}}")
    rows = [{"at": at("2025-05-20T10:00")}, {"at": at("2025-06-01T10:00")}]
    for day, flag in ((15, 1), (21, 0)):
        n = workbench.numbers(catalog, {"events": rows}, datetime(2025, 6, day, 12, tzinfo=UTC))["n"]
        assert n["month", "", "2025-05"]["flags"] == flag


def test_of_two_changes_at_one_moment_the_greater_key_is_the_later(workbench: Any) -> None:
    """Two changes of one account at the same second: the order is the key's, on every run; no amount is no row."""
    catalog = workbench.project("""
        project: ties
        min_group_size: 1
        sources:
          changes:
            read: {files: unused.csv}
            columns: {id: integer, at: timestamp, account: text, usd: number}
            key: id
            time: at
        kpis:
          held: {balance: changes.usd, per: account, unit: USD}
    """)
    rows = [
        {"id": number, "at": at("2025-06-01T10:00"), "account": account, "usd": usd}
        for number, account, usd in ((3, "a", 1.0), (9, "a", 5.0), (7, "a", 2.0), (4, "b", None))
    ]
    for order in (rows, rows[::-1]):
        held = workbench.numbers(catalog, {"changes": order}, UTC_NOON)["held"]["day", "", "2025-06-01"]
        assert (held["value"], held["n"]) == (5, 1)
