"""Vets a row expression such as `status >= 400 and is_api`: one row in, one value out, and nothing else can be reached.

A catalogue is read from folders that strangers may have written, so functions are an allow-list: none reads a file, a
setting, the environment or the clock. Column names are looked up elsewhere (`columns.py`, and the plan, which knows
the data).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from sqlglot import exp

from headway.catalog import sqltext
from headway.catalog.sqltext import Wrong, span

SLUG = "bad-expression"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: DuckDB's functions from one row's values to one value. Left out on purpose: whatever reads or writes something
#: (files, settings, logs, sequences), whatever differs from run to run (clock, random), and generators of rows.
FUNCTIONS = _words("""
    abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp
    factorial fdiv floor fmod gamma gcd greatest_common_divisor isfinite isinf isnan lcm least_common_multiple lgamma ln
    log log10 log2 mod multiply nextafter pi pow power radians round round_even sign signbit sin sinh sqrt subtract tan
    tanh trunc xor
    coalesce constant_or_null greatest if ifnull iff least nullif
    age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname
    dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era extract hour isodow isoyear
    julian last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond
    millennium millisecond minute month monthname quarter second strftime strptime time_bucket timezone timezone_hour
    timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_milliseconds to_minutes to_months
    to_quarters to_seconds to_timestamp to_weeks to_years try_strptime week weekday weekofyear year yearweek
    ascii bar base64 bin bit_length char_length character_length chr concat concat_ws contains damerau_levenshtein
    decode encode ends_with format format_bytes from_base64 from_hex hamming hex instr jaccard jaro_similarity
    jaro_winkler_similarity lcase left left_grapheme len length length_grapheme levenshtein like_escape lower lpad ltrim
    md5 mismatches nfc_normalize octet_length ord overlay parse_dirname parse_dirpath parse_filename parse_path position
    prefix printf regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace
    regexp_split_to_array repeat replace reverse right right_grapheme rpad rtrim sha1 sha256 split split_part
    starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents strlen strpos
    substr substring substring_grapheme suffix to_base64 to_hex translate trim ucase unhex unicode upper url_decode
    url_encode
    array_aggregate array_append array_cat array_concat array_contains array_distinct array_extract array_filter
    array_has array_has_all array_has_any array_indexof array_intersect array_length array_position array_prepend
    array_reverse array_slice array_sort array_to_string array_transform array_unique array_value cardinality
    element_at flatten list_aggregate list_any_value list_append list_avg list_concat list_contains list_count
    list_distinct list_element list_extract list_filter list_first list_has list_has_all list_has_any list_indexof
    list_intersect list_last list_max list_median list_min list_mode list_position list_prepend list_product list_reduce
    list_reverse list_select list_slice list_sort list_sum list_transform list_unique list_value list_where list_zip
    map map_contains map_entries map_extract map_extract_value map_from_entries map_keys map_values row struct_extract
    struct_insert struct_keys struct_pack struct_values
    from_json json json_array_length json_contains json_exists json_extract json_extract_path json_extract_path_text
    json_extract_string json_keys json_type json_valid json_value to_json typeof
    """)

_AGGREGATES = _words("""
    any_value arg_max arg_min array_agg avg bit_and bit_or bool_and bool_or count count_if first group_concat
    histogram last list max mean median min mode product quantile quantile_cont quantile_disc stddev stddev_pop
    stddev_samp string_agg sum var_pop var_samp variance approx_count_distinct
    """)
_WINDOWED = _words("row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value")
#: They work without parentheses, so that they would pass for columns.
_BARE = _words("""
    current_date current_time current_timestamp localtime localtimestamp current_user session_user current_role
    current_catalog current_schema
    """)
_CHANGING = _BARE | _words("""
    now today current_localtime current_localtimestamp get_current_time get_current_timestamp transaction_timestamp
    random rand uuid gen_random_uuid uuidv4 uuidv7
    """)
#: Words before a parenthesis that are no functions: operators, and types in casts.
_WORDS = _words("""
    and or not in is between like ilike similar to case when then else any all cast try_cast as interval from for
    decimal numeric varchar char struct
    """)

#: What may never stand in a row expression, and what it is called.
_REFUSED: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (exp.Query, "a query"),
    (exp.Window, "a window function"),
    (exp.AggFunc, "an aggregate"),
    ((exp.Placeholder, exp.Parameter, exp.SessionParameter), "a parameter"),
    (exp.Star, "a '*'"),
    (exp.Dot, "a function or field after a dot"),
    (exp.PositionalColumn, "a column's position"),
    (exp.Comprehension, "a list comprehension"),
    ((exp.Table, exp.From, exp.Command, exp.DDL, exp.DML, exp.Block), "a statement"),
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One column named in an expression: its path (`("hub", "community", "name")`) and offsets in the text."""

    path: tuple[str, ...]
    start: int
    end: int


def parse(text: str) -> exp.Expr:
    """The sqlglot expression of a row expression; `Wrong` with the place in `text` if it is not one."""
    try:
        _functions(text)
        tree = sqltext.parse(text, SLUG)
        _refuse(tree)
    except Wrong as wrong:
        raise sqltext.fitted(text, wrong) from None
    return tree


def _refuse(tree: exp.Expr) -> None:
    """`Wrong` for the first node that has no place in a row expression."""
    for node in tree.walk():
        for kinds, what in _REFUSED:
            if isinstance(node, kinds):
                aggregate = what == "an aggregate"
                remedy = "Kinds such as sum and distinct aggregate; an expression sees one row." if aggregate else None
                raise Wrong(f"{what} cannot stand in an expression", *span(node), SLUG, remedy)


def _functions(text: str) -> None:
    """Check each name before a parenthesis against the allow-list, at the place where it is written."""
    words = sqltext.tokens(text, SLUG)
    for before, token, after in zip([None, *words], words, [*words[1:], None], strict=False):
        word = token.text.lower()
        is_call = after is not None and after.text == "("
        if word in _CHANGING and (
            is_call or (word in _BARE and "." not in (before and before.text, after and after.text))
        ):
            raise Wrong(
                f"'{word}' differs from run to run, so the past would change by itself",
                token.start,
                token.end + 1,
                SLUG,
                "Use a window, or a column that the data has.",
            )
        if is_call and (word[:1].isalpha() or word[:1] == "_"):
            _function(text, token.text, token.start, token.end + 1)


def _function(text: str, name: str, start: int, end: int) -> None:
    word = name.lower()
    quoted = text[start] in "\"'"
    if word in FUNCTIONS or (word in _WORDS and not quoted):
        return
    wrong = Wrong(f"an expression has no function '{name}'", start, end, SLUG)
    if word in _AGGREGATES:
        wrong.message = f"'{name}' is an aggregate, and an expression sees one row"
        wrong.remedy = "Kinds such as sum, mean and distinct aggregate."
    elif word in _WINDOWED:
        wrong.message = f"'{name}' is a window function, and an expression sees one row"
    elif close := get_close_matches(word, FUNCTIONS, 1, 0.75):
        wrong.remedy = f"Did you mean '{close[0]}'?"
    raise wrong


def mentions(tree: exp.Expr) -> list[Mention]:
    """The columns that an expression names, in the order of the text. Parameters of lambdas are no columns."""
    own = {name.name for node in tree.find_all(exp.Lambda) for name in node.expressions}
    found = []
    for column in tree.find_all(exp.Column):
        path = tuple(part.name for part in column.parts)
        if path[0] not in own:
            found.append(Mention(path, *span(column)))
    return sorted(found, key=lambda mention: mention.start)


def is_condition(tree: exp.Expr) -> bool:
    """True if the expression can only be true, false or null."""
    if isinstance(tree, exp.Paren | exp.Not):
        return isinstance(tree, exp.Not) or is_condition(tree.this)
    return isinstance(tree, exp.Predicate | exp.And | exp.Or | exp.Boolean)
