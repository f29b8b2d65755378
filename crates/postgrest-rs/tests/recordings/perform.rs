//! A question, asked by the calls of the public API.

use std::ops::RangeInclusive;

use postgrest_rs::query::stage::{self, Filterable, Plannable, Ready, Rows};
use postgrest_rs::{
    Client, Column, Count, Error, Explain, Filter as ApiFilter, Is, Json, Order, Plan, Query,
    ReferencedTable, TextSearch, and, col, not, or,
};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::asked::{Asked, Back, Shape, Verb, Window};
use crate::grammar::{Field, Filter, Operand, OrderTerm, Test, array};

/// A row as it came, so that no digit is lost before it is compared.
pub(crate) type Row = Box<RawValue>;

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) data: Data,
    pub(crate) status: u16,
    pub(crate) count: Option<u64>,
    pub(crate) range: Option<RangeInclusive<u64>>,
}

#[derive(Debug)]
pub(crate) enum Data {
    Nothing,
    Rows(Vec<Row>),
    One(Row),
    Maybe(Option<Row>),
    Returned(Option<Row>),
    Text(String),
    Json(Value),
    Plan(Box<Plan>),
    Location(Option<String>),
}

/// Runs a query to its end.
macro_rules! run {
    ($query:expr, $data:expr) => {{
        let response = $query.execute().await?;
        let (status, count, range) = (response.status, response.count, response.range.clone());
        Ok(Given { data: $data(response.data), status, count, range })
    }};
}

/// Asks. `maybe` chooses `maybe_single` for a question that is sent as one for rows.
pub(crate) async fn perform(db: &Client, asked: &Asked, maybe: bool) -> Result<Given, Error> {
    let table = || db.from(&asked.name);
    let body = || -> Row { serde_json::from_str(asked.body.as_deref().unwrap_or("null")).unwrap() };
    // An insert, upsert, update or delete answers with nothing, or with rows.
    macro_rules! written {
        ($query:expr) => {{
            let mut query = $query;
            if asked.rollback {
                query = query.dry_run();
            }
            if let Some(how) = &asked.count {
                query = query.count(count(how));
            }
            match asked.back {
                Back::Rows if asked.shape == Shape::Csv => {
                    of_text(query.select_raw(&asked.select), asked).await
                }
                Back::Rows => of_rows(query.select::<Row>(&asked.select), asked, maybe).await,
                _ => run!(query, |()| Data::Nothing),
            }
        }};
    }
    match asked.verb {
        Verb::Select if asked.shape == Shape::Rows || asked.shape == Shape::One => {
            of_rows(windowed(filtered_all(table().select::<Row>(&asked.select), asked), asked), asked, maybe)
                .await
        }
        Verb::Select => {
            of_text(windowed(filtered_all(table().select_raw(&asked.select), asked), asked), asked).await
        }
        Verb::Head => {
            let query = windowed(filtered_all(table().select_raw(&asked.select), asked), asked);
            run!(counted(query, asked).head(), |()| Data::Nothing)
        }
        Verb::Insert if asked.back == Back::Headers => {
            let query = counted(table().insert(body()), asked);
            run!(query.returning_location(), Data::Location)
        }
        Verb::Insert => {
            let query = table().insert(body());
            written!(if asked.missing_default { query.missing_default() } else { query })
        }
        Verb::Upsert => {
            let mut query = table().upsert(body());
            if asked.resolution.as_deref() == Some("ignore-duplicates") {
                query = query.ignore_duplicates();
            }
            if let Some(columns) = &asked.on_conflict {
                query = query.on_conflict(columns.join(", "));
            }
            written!(if asked.missing_default { query.missing_default() } else { query })
        }
        Verb::Update => {
            let query = table().update(body());
            let query = match asked.filters.as_slice() {
                [] => query.all_rows(),
                [first, rest @ ..] => rest.iter().fold(filtered(query, first), filtered),
            };
            written!(match asked.max_affected {
                Some(rows) => query.max_affected(rows),
                None => query,
            })
        }
        Verb::Delete => {
            let query = table().delete();
            let query = match asked.filters.as_slice() {
                [] => query.all_rows(),
                [first, rest @ ..] => rest.iter().fold(filtered(query, first), filtered),
            };
            written!(match asked.max_affected {
                Some(rows) => query.max_affected(rows),
                None => query,
            })
        }
        Verb::Call | Verb::CallByGet | Verb::CallByHead => called(db, asked, maybe).await,
    }
}

async fn called(db: &Client, asked: &Asked, maybe: bool) -> Result<Given, Error> {
    /// The call with everything but its answer's shape.
    fn call<T: serde::de::DeserializeOwned>(db: &Client, asked: &Asked) -> Query<stage::Call, T> {
        let body: Row = match &asked.body {
            Some(body) => serde_json::from_str(body).unwrap(),
            None => {
                let arguments: Map<_, _> =
                    asked.arguments.iter().map(|(name, value)| (name.clone(), argument(value))).collect();
                serde_json::value::to_raw_value(&arguments).unwrap()
            }
        };
        let mut query = windowed(filtered_all(db.rpc::<T>(&asked.name, body), asked), asked);
        if asked.select != "*" {
            query = query.select(&asked.select);
        }
        if asked.verb == Verb::CallByGet {
            query = query.get();
        }
        if asked.rollback {
            query = query.dry_run();
        }
        if let Some(rows) = asked.max_affected {
            query = query.max_affected(rows);
        }
        query
    }
    if asked.verb == Verb::CallByHead {
        return run!(counted(call::<String>(db, asked), asked).head(), |()| Data::Nothing);
    }
    match asked.shape {
        Shape::Rows if asked.plan.is_none() && !maybe => {
            let mut query = counted(call::<Option<Row>>(db, asked), asked);
            if asked.strip_nulls {
                query = query.strip_nulls();
            }
            run!(query, Data::Returned)
        }
        Shape::Rows | Shape::One => of_rows(call::<Vec<Row>>(db, asked), asked, maybe).await,
        Shape::Csv | Shape::GeoJson => of_text(call::<String>(db, asked), asked).await,
    }
}

/// Rows, one row, or their plan.
async fn of_rows<S>(query: Query<S, Vec<Row>>, asked: &Asked, maybe: bool) -> Result<Given, Error>
where
    S: Rows + Plannable + Ready,
{
    let mut query = counted(query, asked);
    if asked.strip_nulls {
        query = query.strip_nulls();
    }
    match (asked.shape, &asked.plan) {
        (Shape::One, None) => run!(query.single(), Data::One),
        (Shape::One, Some(plan)) if plan.json => {
            run!(query.single().explain_plan(explain(asked)), |plan| Data::Plan(Box::new(plan)))
        }
        (Shape::One, Some(_)) => run!(query.single().explain(explain(asked)), Data::Text),
        (_, Some(plan)) if plan.json => {
            run!(query.explain_plan(explain(asked)), |plan| Data::Plan(Box::new(plan)))
        }
        (_, Some(_)) => run!(query.explain(explain(asked)), Data::Text),
        (_, None) if maybe => run!(query.maybe_single(), Data::Maybe),
        (_, None) => run!(query, Data::Rows),
    }
}

/// CSV or GeoJSON.
async fn of_text<S>(query: Query<S, String>, asked: &Asked) -> Result<Given, Error>
where
    S: Rows + Plannable + Ready,
{
    let query = counted(query, asked);
    assert!(asked.plan.is_none(), "no plan of CSV was recorded");
    match asked.shape {
        Shape::GeoJson => run!(query.geojson(), Data::Json),
        _ => run!(query.csv(), Data::Text),
    }
}

fn counted<S, Out>(query: Query<S, Out>, asked: &Asked) -> Query<S, Out> {
    match &asked.count {
        Some(how) => query.count(count(how)),
        None => query,
    }
}

fn count(how: &str) -> Count {
    match how {
        "exact" => Count::Exact,
        "planned" => Count::Planned,
        _ => Count::Estimated,
    }
}

fn explain(asked: &Asked) -> Explain {
    let mut explain = Explain::new();
    for option in asked.plan.iter().flat_map(|plan| &plan.options) {
        explain = match option.as_str() {
            "analyze" => explain.analyze(),
            "verbose" => explain.verbose(),
            "settings" => explain.settings(),
            "buffers" => explain.buffers(),
            "wal" => explain.wal(),
            other => panic!("no option of a plan: {other}"),
        };
    }
    explain
}

fn windowed<S, Out>(query: Query<S, Out>, asked: &Asked) -> Query<S, Out>
where
    S: stage::Reads + Filterable<S>,
{
    asked.windows.iter().fold(query, |mut query, (table, window)| match table {
        Some(table) => query.referenced_table(table, |rows| windowed_within(rows, window)),
        None => {
            for term in &window.order {
                query = query.order(order(term));
            }
            match (window.offset, window.limit) {
                (Some(first), Some(rows @ 1..)) => query.range(first, first + rows - 1),
                (None, Some(rows)) => query.limit(rows),
                (Some(first), None) => query.offset(first),
                (Some(first), Some(rows)) => query.offset(first).limit(rows),
                (None, None) => query,
            }
        }
    })
}

fn windowed_within(mut rows: ReferencedTable, window: &Window) -> ReferencedTable {
    for term in &window.order {
        rows = rows.order(order(term));
    }
    match (window.offset, window.limit) {
        (Some(first), Some(limit @ 1..)) => rows.range(first, first + limit - 1),
        (_, Some(limit)) => rows.limit(limit),
        _ => rows,
    }
}

fn order(term: &OrderTerm) -> Order {
    let by = match &term.relation {
        Some(relation) => Order::from(format!("{relation}({})", term.field.written.0)),
        None => Order::from(column(&term.field)),
    };
    let by = if term.descending { Order::desc(by) } else { Order::asc(by) };
    match term.nulls_first {
        Some(true) => by.nulls_first(),
        Some(false) => by.nulls_last(),
        None => by,
    }
}

fn filtered_all<S, Out>(query: Query<S, Out>, asked: &Asked) -> Query<S, Out>
where
    S: Filterable<S> + stage::Reads,
{
    asked.filters.iter().fold(query, |query, (table, filter)| match table {
        Some(table) => query.referenced_table(table, |rows| match filter {
            Filter::RawTree(text) => rows.or_raw(text),
            Filter::Group { any: true, negated: false, filters } => rows.or(filters.iter().map(as_filter)),
            filter => rows.filter(as_filter(filter)),
        }),
        None => filtered(query, &(None, filter.clone())),
    })
}

/// The method for each test, on whatever has one: `$say` writes the call.
macro_rules! method_for {
    ($test:expr, $say:ident) => {
        match $test {
            Test::Compare("eq", value) => $say!(eq, typed(value)),
            Test::Compare("neq", value) => $say!(neq, typed(value)),
            Test::Compare("gt", value) => $say!(gt, typed(value)),
            Test::Compare("gte", value) => $say!(gte, typed(value)),
            Test::Compare("lt", value) => $say!(lt, typed(value)),
            Test::Compare("lte", value) => $say!(lte, typed(value)),
            Test::Compare(_, value) => $say!(is_distinct, typed(value)),
            Test::Pattern("like", pattern) => $say!(like, pattern.as_str()),
            Test::Pattern("ilike", pattern) => $say!(ilike, pattern.as_str()),
            Test::Pattern("match", pattern) => $say!(regex_match, pattern.as_str()),
            Test::Pattern(_, pattern) => $say!(regex_imatch, pattern.as_str()),
            Test::Quantified("like(all)", patterns) => $say!(like_all_of, patterns),
            Test::Quantified("like(any)", patterns) => $say!(like_any_of, patterns),
            Test::Quantified("ilike(all)", patterns) => $say!(ilike_all_of, patterns),
            Test::Quantified("eq(all)", values) => $say!(eq_all_of, values),
            Test::Quantified("eq(any)", values) => $say!(eq_any_of, values),
            Test::Quantified("gt(all)", values) => $say!(gt_all_of, values),
            Test::Quantified("gt(any)", values) => $say!(gt_any_of, values),
            Test::Quantified("gte(all)", values) => $say!(gte_all_of, values),
            Test::Quantified("gte(any)", values) => $say!(gte_any_of, values),
            Test::Quantified("lt(all)", values) => $say!(lt_all_of, values),
            Test::Quantified("lt(any)", values) => $say!(lt_any_of, values),
            Test::Quantified("lte(all)", values) => $say!(lte_all_of, values),
            Test::Quantified("lte(any)", values) => $say!(lte_any_of, values),
            Test::Quantified("match(all)", values) => $say!(regex_match_all_of, values),
            Test::Quantified("match(any)", values) => $say!(regex_match_any_of, values),
            Test::Quantified("imatch(all)", values) => $say!(regex_imatch_all_of, values),
            Test::Quantified("imatch(any)", values) => $say!(regex_imatch_any_of, values),
            Test::Quantified(_, patterns) => $say!(ilike_any_of, patterns),
            Test::Is(word) => $say!(is, is(word)),
            Test::In(values) => $say!(in_, values.iter().map(|value| typed(value))),
            Test::Contain("cs", operand) => $say!(contains, value(operand)),
            Test::Contain("cd", operand) => $say!(contained_by, value(operand)),
            Test::Contain(_, operand) => $say!(overlaps, value(operand)),
            Test::Range("sr", range) => $say!(range_gt, range.as_str()),
            Test::Range("nxl", range) => $say!(range_gte, range.as_str()),
            Test::Range("sl", range) => $say!(range_lt, range.as_str()),
            Test::Range("nxr", range) => $say!(range_lte, range.as_str()),
            Test::Range(_, range) => $say!(range_adjacent, range.as_str()),
            Test::Search { operator, config, query } => {
                $say!(text_search, search(operator, config.as_deref(), query))
            }
        }
    };
}

/// By the query's own method.
fn filtered<S, Next, Out>(
    query: Query<S, Out>,
    (table, filter): &(Option<String>, Filter),
) -> Query<Next, Out>
where
    S: Filterable<Next>,
{
    assert!(table.is_none(), "no write with a tree on a referenced table was recorded");
    match filter {
        Filter::Condition { field, negated: false, test } => {
            macro_rules! say {
                ($method:ident, $value:expr) => {
                    query.$method(column(field), $value)
                };
            }
            method_for!(test, say)
        }
        Filter::Condition { field, negated: true, test: Test::In(values) } => {
            query.not_in(column(field), values.iter().map(|value| typed(value)))
        }
        Filter::Condition { field, negated: true, test: Test::Is("null") } => {
            query.is(column(field), Is::NotNull)
        }
        Filter::Condition { field, negated: true, test } => query.not(alone(field, test)),
        Filter::Group { negated: false, any: true, filters } => query.or(filters.iter().map(as_filter)),
        Filter::RawCondition { field, operator, value } => query.filter_raw(column(field), operator, value),
        Filter::RawTree(text) => query.or_raw(text),
        group => query.filter(as_filter(group)),
    }
}

/// As a value.
fn as_filter(filter: &Filter) -> ApiFilter {
    let (plain, negated) = match filter {
        Filter::Condition { field, negated, test } => (alone(field, test), *negated),
        Filter::Group { negated, any: true, filters } => (or(filters.iter().map(as_filter)), *negated),
        Filter::Group { negated, any: false, filters } => (and(filters.iter().map(as_filter)), *negated),
        raw => panic!("a raw filter within a tree: {raw:?}"),
    };
    if negated { not(plain) } else { plain }
}

fn alone(field: &Field, test: &Test) -> ApiFilter {
    macro_rules! say {
        ($method:ident, $value:expr) => {
            column(field).$method($value)
        };
    }
    method_for!(test, say)
}

fn column(field: &Field) -> Column {
    match field.names.as_slice() {
        // A name that was quoted is taken to the letter.
        [name] if field.json.is_empty() && field.written.0.starts_with('"') => Column::exact(name),
        _ => col(&field.written.0),
    }
}

fn is(word: &str) -> Is {
    match word {
        "null" => Is::Null,
        "true" => Is::True,
        "false" => Is::False,
        _ => Is::Unknown,
    }
}

fn search(operator: &str, config: Option<&str>, query: &str) -> TextSearch {
    let search = match operator {
        "fts" => TextSearch::tsquery(query),
        "plfts" => TextSearch::plain(query),
        "phfts" => TextSearch::phrase(query),
        _ => TextSearch::websearch(query),
    };
    match config {
        Some(config) => search.config(config),
        None => search,
    }
}

/// A value in the type that a caller would have it in.
fn typed(text: &str) -> Value {
    if let Some(number) = text.parse::<i64>().ok().filter(|number| number.to_string() == text) {
        return number.into();
    }
    if let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite() && n.to_string() == text) {
        return number.into();
    }
    match text {
        "true" => true.into(),
        "false" => false.into(),
        text => text.into(),
    }
}

fn typed_all(elements: &[Option<String>]) -> Value {
    elements.iter().map(|element| element.as_deref().map_or(Value::Null, typed)).collect()
}

/// A list is an array of PostgreSQL, unless it is said to be JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Composite {
    Plain(Value),
    Json(Json<Value>),
}

fn value(operand: &Operand) -> Composite {
    match operand {
        Operand::Json(list @ Value::Array(_)) => Composite::Json(Json(list.clone())),
        Operand::Json(json) => Composite::Plain(json.clone()),
        Operand::Array(elements) => Composite::Plain(typed_all(elements)),
        Operand::Text(text) => Composite::Plain(text.as_str().into()),
    }
}

fn argument(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(json @ Value::Object(_)) => json,
        _ => array(text).map_or_else(|| typed(text), |elements| typed_all(&elements)),
    }
}
