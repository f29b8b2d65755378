//! What a request asks for, read from the wire as the server reads it.
//!
//! Both the recorded request and the one that was sent are read by this one reader, so that two spellings of one
//! question are seen to be one. Everything that a request holds is read or refused: nothing is passed over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use supabase_testing::replay::Wire;

use crate::grammar::{self, Filter, OrderTerm};

/// Why the API cannot ask for something.
pub(crate) type Reason = String;

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) verb: Verb,
    pub(crate) name: String,
    pub(crate) schema: Option<String>,
    /// `apikey`, the bearer, and headers that PostgREST does not read.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) select: String,
    /// With the referenced table that a logic tree is about.
    pub(crate) filters: Vec<(Option<String>, Filter)>,
    /// By referenced table; `None` is the table itself.
    pub(crate) windows: BTreeMap<Option<String>, Window>,
    pub(crate) shape: Shape,
    pub(crate) strip_nulls: bool,
    pub(crate) plan: Option<Plan>,
    pub(crate) back: Back,
    pub(crate) count: Option<String>,
    pub(crate) resolution: Option<String>,
    pub(crate) missing_default: bool,
    pub(crate) rollback: bool,
    pub(crate) max_affected: Option<u64>,
    pub(crate) on_conflict: Option<Vec<String>>,
    pub(crate) columns: Option<BTreeSet<String>>,
    /// The arguments of a function that stand in the URL.
    pub(crate) arguments: BTreeMap<String, String>,
    pub(crate) body: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verb {
    Select,
    Head,
    Insert,
    Upsert,
    Update,
    Delete,
    Call,
    CallByGet,
    CallByHead,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Rows,
    One,
    Csv,
    GeoJson,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Back {
    Nothing,
    Headers,
    Rows,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) json: bool,
    pub(crate) options: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) order: Vec<OrderTerm>,
    pub(crate) offset: Option<u64>,
    pub(crate) limit: Option<u64>,
}

/// What the server's version changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Server {
    Current,
    PostgRest12,
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    /// Why no call of the API asks for this.
    pub(crate) fn read(wire: &Wire, server: Server) -> Result<Self, Reason> {
        let (path, query) = wire.target.split_once('?').unwrap_or((&wire.target, ""));
        let segments: Vec<_> = path.split('/').skip(1).map(|segment| decoded(segment, false)).collect();
        let (is_call, name) = match segments.as_slice() {
            [Some(name)] if !name.is_empty() => (false, name.clone()),
            [Some(rpc), Some(name)] if rpc == "rpc" && !name.is_empty() => (true, name.clone()),
            _ => return no("the path names neither a table nor a function"),
        };
        let verb = match (wire.method.as_str(), is_call) {
            ("GET", false) => Verb::Select,
            ("HEAD", false) => Verb::Head,
            ("POST", false) => Verb::Insert,
            ("PATCH", false) => Verb::Update,
            ("DELETE", false) => Verb::Delete,
            ("POST", true) => Verb::Call,
            ("GET", true) => Verb::CallByGet,
            ("HEAD", true) => Verb::CallByHead,
            ("PUT", false) => return no("PUT, the upsert of one row, which `upsert` does by POST"),
            (method, _) => return Err(format!("the method {method}, which no verb sends here")),
        };
        let mut asked = Self {
            verb,
            name,
            schema: None,
            headers: BTreeMap::new(),
            select: String::new(),
            filters: Vec::new(),
            windows: BTreeMap::new(),
            shape: Shape::Rows,
            strip_nulls: false,
            plan: None,
            back: Back::Nothing,
            count: None,
            resolution: None,
            missing_default: false,
            rollback: false,
            max_affected: None,
            on_conflict: None,
            columns: None,
            arguments: BTreeMap::new(),
            body: None,
        };
        asked.read_headers(wire)?;
        asked.read_query(query, server)?;
        asked.read_body(wire)?;
        asked.refuse_what_no_stage_allows()?;
        Ok(asked)
    }

    /// How often a raw filter is needed.
    pub(crate) fn raw_filters(&self) -> usize {
        let raw = |filter: &Filter| matches!(filter, Filter::RawCondition { .. } | Filter::RawTree(_));
        self.filters.iter().filter(|(_, filter)| raw(filter)).count()
    }

    /// What is asked for, in one spelling.
    pub(crate) fn meaning(&self) -> String {
        let mut one = self.clone();
        // Conditions hold together, in whatever order they come.
        one.filters.sort_by_key(|filter| format!("{filter:?}"));
        format!("{one:#?}")
    }

    fn reads(&self) -> bool {
        matches!(self.verb, Verb::Select | Verb::Head | Verb::CallByGet | Verb::CallByHead)
    }

    fn is_call(&self) -> bool {
        matches!(self.verb, Verb::Call | Verb::CallByGet | Verb::CallByHead)
    }

    fn read_headers(&mut self, wire: &Wire) -> Result<(), Reason> {
        for (name, value) in &wire.headers {
            match name.as_str() {
                "accept" => self.read_accept(value)?,
                "prefer" => self.read_prefer(value)?,
                // The first schema of the server is `public`.
                "accept-profile" | "content-profile" => {
                    let is_read = self.reads() == (name == "accept-profile");
                    if is_read && value != "public" {
                        self.schema = Some(value.clone());
                    }
                }
                "authorization" if !value.starts_with("Bearer ") => {
                    return no("an `Authorization` that is no bearer token");
                }
                "apikey" | "authorization" | "cookie" | "origin" => {
                    self.headers.insert(name.clone(), value.clone());
                }
                "content-type" if wire.body.is_empty() || value == "application/json" => {}
                "content-type" => return Err(format!("a body of {value}, where the API writes JSON")),
                "range" => return no("a `Range` header, in whose place `range` writes `offset` and `limit`"),
                // What every HTTP client says, and what the server does not read.
                "host" | "user-agent" | "x-client-info" | "content-length" | "accept-encoding"
                | "connection" | "range-unit" => {}
                _ => return Err(format!("the header `{name}`")),
            }
        }
        Ok(())
    }

    fn read_accept(&mut self, value: &str) -> Result<(), Reason> {
        let mut parts = value.split(';').map(str::trim);
        let (kind, mut rest) = (parts.next().unwrap_or_default(), parts.filter(|part| !part.is_empty()));
        if let Some(format) = kind.strip_prefix("application/vnd.pgrst.plan+") {
            let mut plan = Plan { json: format == "json", options: BTreeSet::new() };
            for part in rest {
                match part.split_once('=') {
                    Some(("for", of)) => self.read_accept(of.trim_matches('"'))?,
                    Some(("options", options)) => {
                        let options = options.split('|').filter(|option| !option.is_empty());
                        plan.options = options.map(str::to_owned).collect();
                    }
                    _ => return Err(format!("`Accept: {value}`")),
                }
            }
            self.plan = Some(plan);
            return Ok(());
        }
        self.strip_nulls = rest.next() == Some("nulls=stripped");
        self.shape = match (kind, self.strip_nulls) {
            ("*/*" | "application/json", false) | ("application/vnd.pgrst.array+json", true) => Shape::Rows,
            ("application/vnd.pgrst.object+json" | "application/vnd.pgrst.object", _) => Shape::One,
            ("text/csv", false) => Shape::Csv,
            ("application/geo+json", false) => Shape::GeoJson,
            _ => return Err(format!("`Accept: {value}`")),
        };
        Ok(())
    }

    fn read_prefer(&mut self, value: &str) -> Result<(), Reason> {
        let mut strict = false;
        for token in value.split(',').map(str::trim) {
            let known = match token.split_once('=') {
                Some(("return", "minimal")) => true,
                Some(("return", "representation")) => {
                    self.back = Back::Rows;
                    true
                }
                Some(("return", "headers-only")) => {
                    self.back = Back::Headers;
                    true
                }
                Some(("count", how @ ("exact" | "planned" | "estimated"))) => {
                    if self.count.replace(how.to_owned()).is_some() {
                        return no("`Prefer: count` twice");
                    }
                    true
                }
                Some(("resolution", how @ ("merge-duplicates" | "ignore-duplicates"))) => {
                    if self.resolution.replace(how.to_owned()).is_some() {
                        return no("`Prefer: resolution` twice");
                    }
                    true
                }
                Some(("missing", "default")) => {
                    self.missing_default = true;
                    true
                }
                Some(("tx", "rollback")) => {
                    self.rollback = true;
                    true
                }
                Some(("max-affected", rows)) => {
                    self.max_affected = rows.parse().ok();
                    self.max_affected.is_some()
                }
                Some(("handling", "strict")) => {
                    strict = true;
                    true
                }
                _ => false,
            };
            if !known {
                return Err(format!("`Prefer: {token}`, which no method asks for"));
            }
        }
        match (strict, self.max_affected) {
            (true, None) => {
                return no("`Prefer: handling=strict` without `max_affected`, which alone needs it");
            }
            (false, Some(_)) => {
                return no("`Prefer: max-affected` without strictness, which the server ignores");
            }
            _ => {}
        }
        // A function answers with what it returns, whatever is preferred.
        if self.is_call() {
            self.back = Back::Nothing;
        }
        if self.resolution.is_some() && self.verb == Verb::Insert {
            self.verb = Verb::Upsert;
        }
        Ok(())
    }

    fn read_query(&mut self, query: &str, server: Server) -> Result<(), Reason> {
        let mut select = None;
        // The server reads `;` as it reads `&`.
        for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return no("a parameter without a value");
            };
            let (Some(key), Some(value)) = (decoded(key, true), decoded(value, true)) else {
                return no("bytes that are not UTF-8");
            };
            let (path, word) = match key.rsplit_once('.') {
                Some((path, word)) => (Some(path.to_owned()), word),
                None => (None, key.as_str()),
            };
            match word {
                "select" if path.is_none() => {
                    if select.replace(value).is_some() {
                        return no("`select` twice");
                    }
                }
                "columns" if path.is_none() => {
                    let names = grammar::names(&value).ok_or("`columns` that cannot be read")?;
                    self.columns = Some(names.into_iter().collect());
                }
                "on_conflict" if path.is_none() => {
                    self.on_conflict =
                        Some(grammar::names(&value).ok_or("`on_conflict` that cannot be read")?);
                }
                "order" => {
                    let order = grammar::order(&value).ok_or("an `order` that cannot be read")?;
                    let window = self.windows.entry(path).or_default();
                    if !std::mem::replace(&mut window.order, order).is_empty() {
                        return no("`order` twice");
                    }
                }
                "limit" | "offset" => {
                    let rows =
                        value.parse().map_err(|_| format!("`{word}={value}`, which is no number of rows"))?;
                    let window = self.windows.entry(path).or_default();
                    let bound = if word == "limit" { &mut window.limit } else { &mut window.offset };
                    if bound.replace(rows).is_some() {
                        return Err(format!("`{word}` twice"));
                    }
                }
                "and" | "or" => {
                    let (path, negated) = match path.as_deref() {
                        Some("not") => (None, true),
                        Some(path) => match path.strip_suffix(".not") {
                            Some(path) => (Some(path.to_owned()), true),
                            None => (Some(path.to_owned()), false),
                        },
                        None => (None, false),
                    };
                    let filter = grammar::tree(negated, word == "or", &value)
                        .ok_or_else(|| format!("a value of `{word}` without parentheses around it"))?;
                    self.filters.push((path, filter));
                }
                _ if self.is_call() && !grammar::reads_as_filter(&value) => {
                    let field =
                        grammar::field(&key).filter(|field| field.names.len() == 1 && field.json.is_empty());
                    let Some(mut field) = field else {
                        return no("an argument whose name the server reads otherwise");
                    };
                    if self.arguments.insert(field.names.remove(0), value).is_some() {
                        return no("an argument twice, where a function's arguments are a map");
                    }
                }
                _ => {
                    let field = grammar::field(&key).ok_or("a column that the server reads only in part")?;
                    if server == Server::PostgRest12 && value == "is.not_null" {
                        return no(
                            "`is.not_null`, which PostgREST 12 does not read and the crate never writes",
                        );
                    }
                    let filter = grammar::condition(field, &value).ok_or("a parameter that is no filter")?;
                    self.filters.push((None, filter));
                }
            }
        }
        self.select = match select {
            Some(columns) if !columns.is_empty() => columns,
            // Without a word about columns, all are meant.
            _ => "*".to_owned(),
        };
        Ok(())
    }

    fn read_body(&mut self, wire: &Wire) -> Result<(), Reason> {
        let body = String::from_utf8(wire.body.clone()).map_err(|_| "a body that is not UTF-8")?;
        self.body = Some(body).filter(|body| !body.is_empty());
        match self.verb {
            // supabase-py sends an empty object with a DELETE, which says nothing.
            Verb::Delete => self.body = None,
            // No body is no arguments.
            Verb::Call if self.body.is_none() => self.body = Some("{}".to_owned()),
            _ => {}
        }
        let Some(body) = &self.body else {
            return match self.verb {
                Verb::Insert | Verb::Upsert | Verb::Update => no("a write without a body"),
                _ => Ok(()),
            };
        };
        type Row<'a> = BTreeMap<String, &'a RawValue>;
        if serde_json::from_str::<&RawValue>(body).is_err() {
            return no("a body that is not JSON");
        }
        if serde_json::from_str::<Row<'_>>(body).is_ok() {
            return match (self.verb, &self.columns) {
                (_, None) => Ok(()),
                _ => no("`columns` beside one row, which names its own"),
            };
        }
        // A body that is no row is for the API to refuse.
        let Ok(rows) = serde_json::from_str::<Vec<Row<'_>>>(body) else { return Ok(()) };
        match self.verb {
            Verb::Call | Verb::Update => Ok(()),
            _ => {
                let names: Vec<BTreeSet<_>> = rows.into_iter().map(|row| row.into_keys().collect()).collect();
                let all: BTreeSet<String> = names.iter().flatten().cloned().collect();
                match &self.columns {
                    None if all.is_empty() => Ok(()),
                    // To name the columns that every row has says nothing new.
                    None if names.iter().all(|names| *names == all) => {
                        self.columns = Some(all);
                        Ok(())
                    }
                    None => no("rows of different keys without `columns`, which the API always writes"),
                    Some(columns) if *columns == all => Ok(()),
                    Some(_) => no("`columns` that are not those of the rows"),
                }
            }
        }
    }

    /// What the stages of a query leave no place for.
    fn refuse_what_no_stage_allows(&self) -> Result<(), Reason> {
        let writes = matches!(self.verb, Verb::Insert | Verb::Upsert | Verb::Update | Verb::Delete);
        let has_rows = !writes || self.back == Back::Rows;
        if self.max_affected.is_some() && self.reads() {
            return no("`max_affected` on a read");
        }
        if matches!(self.verb, Verb::Insert | Verb::Upsert) && !self.filters.is_empty() {
            return no("a filter on an insert");
        }
        if writes && !self.windows.is_empty() {
            return no("an order or limit on a write, which PostgREST ignores");
        }
        if !has_rows && self.select != "*" {
            return no("columns chosen in a write that answers without rows");
        }
        if !has_rows && self.plan.is_some() {
            return no("the plan of a write that answers without rows");
        }
        if !has_rows && (self.shape != Shape::Rows || self.strip_nulls) {
            return no("the shape of rows in a write that answers without them");
        }
        if matches!(self.verb, Verb::Head | Verb::CallByHead) && self.shape != Shape::Rows {
            return no("`single` and `head` together");
        }
        if !writes && self.back == Back::Rows {
            return no("`Prefer: return` on a read");
        }
        if self.columns.is_some() && !matches!(self.verb, Verb::Insert | Verb::Upsert) {
            return no("`columns` on what is no insert");
        }
        if self.on_conflict.is_some() && self.verb != Verb::Upsert {
            return no("`on_conflict` on what is no upsert");
        }
        let on_referenced = |(table, window): (&Option<String>, &Window)| {
            table.is_some() && window.offset.is_some() && window.limit.is_none()
        };
        if self.windows.iter().any(on_referenced) {
            return no("`offset` without `limit` on a referenced table, as `range` has both ends");
        }
        if self.verb == Verb::Call && !self.arguments.is_empty() {
            return no("an argument in the URL of a POST");
        }
        Ok(())
    }
}

fn no<T>(reason: &str) -> Result<T, Reason> {
    Err(reason.to_owned())
}

/// Decodes `%XX`, and `+` in a query. What is no escape stands for itself; `None` if the bytes are no text.
fn decoded(text: &str, in_query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escaped =
            tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, escaped) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) if in_query => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Method, path, parameters and body of a request, decoded.
pub(crate) fn bytes(wire: &Wire) -> impl PartialEq + use<> {
    let (path, query) = wire.target.split_once('?').unwrap_or((&wire.target, ""));
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key, true), decoded(value, true))
    };
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
    pairs.sort();
    let path: Vec<_> = path.split('/').map(|segment| decoded(segment, false)).collect();
    (wire.method.clone(), path, pairs, wire.body.clone())
}
