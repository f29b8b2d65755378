//! PostgREST's grammar of filters and orders, as the server reads it: its own parser, rewritten for these tests.
//!
//! What it cannot read, it must not guess: then a request counts as wrong or odd on purpose.
//!
//! Source: <https://github.com/PostgREST/postgrest/blob/main/src/PostgREST/ApiRequest/QueryParams.hs>

use std::fmt;

use serde_json::Value;

/// How something was written, which says nothing about what it means: all spellings print alike.
#[derive(Clone)]
pub(crate) struct Spelling(pub(crate) String);

impl fmt::Debug for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// A column, maybe of a referenced table, maybe a path into its JSON.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) names: Vec<String>,
    pub(crate) json: Vec<(&'static str, String)>,
    pub(crate) written: Spelling,
}

#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Condition {
        field: Field,
        negated: bool,
        test: Test,
    },
    Group {
        negated: bool,
        any: bool,
        filters: Vec<Filter>,
    },
    /// Wrong or odd on purpose: only a raw filter says it.
    RawCondition {
        field: Field,
        operator: String,
        value: String,
    },
    /// Wrong or odd on purpose: only a raw `or` says it.
    RawTree(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// `eq neq gt gte lt lte isdistinct`
    Compare(&'static str, String),
    /// `like ilike match imatch`
    Pattern(&'static str, String),
    /// `like(all)` and its like
    Quantified(&'static str, Vec<Option<String>>),
    Is(&'static str),
    In(Vec<String>),
    /// `cs cd ov`
    Contain(&'static str, Operand),
    /// `sr nxl sl nxr adj`
    Range(&'static str, String),
    Search {
        operator: &'static str,
        config: Option<String>,
        query: String,
    },
}

/// A value of PostgreSQL that has parts.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Json(Value),
    Array(Vec<Option<String>>),
    /// A range, or what PostgreSQL is to refuse.
    Text(String),
}

#[derive(Clone, Debug)]
pub(crate) struct OrderTerm {
    pub(crate) relation: Option<String>,
    pub(crate) field: Field,
    pub(crate) descending: bool,
    pub(crate) nulls_first: Option<bool>,
}

/// Text that is left to read. Cheap to copy, which is how the parser goes back.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn peek(self) -> Option<char> {
        self.0.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.0 = &self.0[c.len_utf8()..];
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !fits(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t'));
    }

    /// `"…"`
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        if !self.eat("\"") {
            return None;
        }
        loop {
            match self.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.next()?),
                c => text.push(c),
            }
        }
    }

    /// A quoted value, if a list or a tree goes on behind it.
    fn whole_quoted(&mut self) -> Option<String> {
        let mut ahead = *self;
        let text = ahead.quoted()?;
        matches!(ahead.peek(), None | Some(',' | ')')).then(|| {
            *self = ahead;
            text
        })
    }

    fn name(&mut self) -> Option<String> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let mut parts = Vec::new();
        loop {
            let part = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '$'));
            if part.is_empty() {
                return None;
            }
            parts.push(part.trim());
            if !self.0.starts_with('-') || self.0.starts_with("->") {
                return Some(parts.join("-"));
            }
            self.next();
        }
    }

    fn json_path(&mut self) -> Option<Vec<(&'static str, String)>> {
        let mut path = Vec::new();
        loop {
            let arrow = match () {
                () if self.eat("->>") => "->>",
                () if self.eat("->") => "->",
                () => return Some(path),
            };
            let key = if self.peek() == Some('"') {
                self.quoted()?
            } else {
                // A dash stands in a key, but not where the next arrow begins.
                let length = self.0.find("->").unwrap_or(self.0.len());
                let end = self.0[..length].find(['(', ':', '.', ',', '>', ')']).unwrap_or(length);
                let (key, rest) = self.0.split_at(end);
                self.0 = rest;
                key.trim().to_owned()
            };
            if key.is_empty() {
                return None;
            }
            path.push((arrow, key));
        }
    }

    /// A column without its table.
    fn field(&mut self) -> Option<Field> {
        self.blanks();
        let start = self.0;
        let name = self.name()?;
        let json = self.json_path()?;
        let written = start[..start.len() - self.0.len()].trim().to_owned();
        self.blanks();
        Some(Field { names: vec![name], json, written: Spelling(written) })
    }

    /// `(a,"b,c")`
    fn list(&mut self) -> Option<Vec<String>> {
        self.blanks();
        if !self.eat("(") {
            return None;
        }
        self.blanks();
        let mut elements = Vec::new();
        loop {
            let element = match self.whole_quoted() {
                Some(element) => element,
                None => self.take_while(|c| !matches!(c, ',' | ')')).to_owned(),
            };
            elements.push(element);
            if !self.eat(",") {
                break;
            }
        }
        if !self.eat(")") {
            return None;
        }
        self.blanks();
        // One empty text is how the server reads an empty list.
        Some(if elements == [""] { Vec::new() } else { elements })
    }

    /// The value of a condition within a tree.
    fn tree_value(&mut self) -> String {
        if let Some(value) = self.whole_quoted() {
            return value;
        }
        if self.peek() == Some('{') {
            let mut ahead = *self;
            ahead.next();
            let inside = ahead.take_while(|c| !matches!(c, '{' | '}'));
            if ahead.eat("}") {
                *self = ahead;
                return format!("{{{inside}}}");
            }
        }
        self.take_while(|c| !matches!(c, ',' | ')')).to_owned()
    }

    /// `not.eq.x`: whether it is negated, and the test.
    fn operation(&mut self, in_tree: bool) -> Option<(bool, Test)> {
        let mut ahead = *self;
        if ahead.eat("not.")
            && let Some(test) = ahead.test(in_tree)
        {
            *self = ahead;
            return Some(negated(true, test));
        }
        self.test(in_tree).map(|test| negated(false, test))
    }

    fn test(&mut self, in_tree: bool) -> Option<Test> {
        if self.eat("in.") {
            return self.list().map(Test::In);
        }
        if self.eat("is.") {
            let word = self.take_while(|c| c.is_ascii_alphabetic() || c == '_').to_ascii_lowercase();
            let words = ["null", "not_null", "true", "false", "unknown"];
            return words.into_iter().find(|known| *known == word).map(Test::Is);
        }
        let operator = self.take_while(|c| c != '.' && c != '(');
        let mut argument = None;
        if self.eat("(") {
            argument = Some(self.take_while(|c| c != ')'));
            if !self.eat(")") {
                return None;
            }
        }
        if !self.eat(".") {
            return None;
        }
        let value = if in_tree { self.tree_value() } else { std::mem::take(&mut self.0).to_owned() };
        let known = |operators: &[&'static str]| operators.iter().copied().find(|known| *known == operator);
        if let Some(operator) = known(&["fts", "plfts", "phfts", "wfts"]) {
            let config = argument.map(str::to_owned);
            return Some(Test::Search { operator, config, query: value });
        }
        if let Some(quantifier) = argument {
            let whole = format!("{operator}({quantifier})");
            let typed = [
                "like(all)",
                "like(any)",
                "ilike(all)",
                "ilike(any)",
                "eq(all)",
                "eq(any)",
                "gt(all)",
                "gt(any)",
                "gte(all)",
                "gte(any)",
                "lt(all)",
                "lt(any)",
                "lte(all)",
                "lte(any)",
                "match(all)",
                "match(any)",
                "imatch(all)",
                "imatch(any)",
            ];
            let operator = typed.into_iter().find(|known| *known == whole)?;
            return array(&value).map(|patterns| Test::Quantified(operator, patterns));
        }
        if let Some(operator) = known(&["eq", "neq", "gt", "gte", "lt", "lte", "isdistinct"]) {
            return Some(Test::Compare(operator, value));
        }
        if let Some(operator) = known(&["like", "ilike", "match", "imatch"]) {
            return Some(Test::Pattern(operator, value));
        }
        if let Some(operator) = known(&["cs", "cd", "ov"]) {
            return Some(Test::Contain(operator, operand(value)));
        }
        known(&["sr", "nxl", "sl", "nxr", "adj"]).map(|operator| Test::Range(operator, value))
    }

    /// `and(…)`, `not.or(…)`, or a condition.
    fn tree(&mut self) -> Option<Filter> {
        let mut ahead = *self;
        if let Some(field) = ahead.field()
            && ahead.eat(".")
            && let Some((negated, test)) = ahead.operation(true)
        {
            *self = ahead;
            return Some(Filter::Condition { field, negated, test });
        }
        let negated = self.eat("not.");
        let any = match () {
            () if self.eat("and") => false,
            () if self.eat("or") => true,
            () => return None,
        };
        self.trees().map(|filters| Filter::Group { negated, any, filters })
    }

    /// `(…,…)`
    fn trees(&mut self) -> Option<Vec<Filter>> {
        self.blanks();
        if !self.eat("(") {
            return None;
        }
        self.blanks();
        let mut filters = vec![self.tree()?];
        loop {
            self.blanks();
            if !self.eat(",") {
                break;
            }
            self.blanks();
            filters.push(self.tree()?);
        }
        if !self.eat(")") {
            return None;
        }
        self.blanks();
        Some(filters)
    }

    fn order_term(&mut self) -> Option<OrderTerm> {
        self.blanks();
        let mut ahead = *self;
        let mut relation = None;
        let field = match ahead.name() {
            Some(name) if ahead.eat("(") => {
                relation = Some(name);
                *self = ahead;
                let field = self.field()?;
                if !self.eat(")") {
                    return None;
                }
                field
            }
            _ => self.field()?,
        };
        let descending = !self.eat(".asc") && self.eat(".desc");
        let nulls_first = match () {
            () if self.eat(".nullsfirst") => Some(true),
            () if self.eat(".nullslast") => Some(false),
            () => None,
        };
        self.blanks();
        Some(OrderTerm { relation, field, descending, nulls_first })
    }
}

/// `is.not_null` is another spelling of `not.is.null`.
fn negated(negated: bool, test: Test) -> (bool, Test) {
    match test {
        Test::Is("not_null") => (!negated, Test::Is("null")),
        test => (negated, test),
    }
}

/// `table.column->key`; `None` if text is left, which the server ignores.
pub(crate) fn field(key: &str) -> Option<Field> {
    let mut cursor = Cursor(key);
    let mut names = vec![cursor.name()?];
    while cursor.eat(".") {
        names.push(cursor.name()?);
    }
    let json = cursor.json_path()?;
    cursor.0.is_empty().then(|| Field { names, json, written: Spelling(key.to_owned()) })
}

/// A filter on one column: `eq.x`. `None` if it is no filter at all.
pub(crate) fn condition(field: Field, value: &str) -> Option<Filter> {
    let mut cursor = Cursor(value);
    if let Some((negated, test)) = cursor.operation(false)
        && cursor.0.is_empty()
    {
        return Some(Filter::Condition { field, negated, test });
    }
    let (operator, value) = value.split_once('.')?;
    Some(Filter::RawCondition { field, operator: operator.to_owned(), value: value.to_owned() })
}

/// The value of `or=` or `and=`. `None` if no method says it.
pub(crate) fn tree(negated: bool, any: bool, value: &str) -> Option<Filter> {
    let mut cursor = Cursor(value);
    if let Some(filters) = cursor.trees()
        && cursor.0.is_empty()
    {
        return Some(Filter::Group { negated, any, filters });
    }
    let inside = value.strip_prefix('(')?.strip_suffix(')')?;
    (any && !negated).then(|| Filter::RawTree(inside.to_owned()))
}

pub(crate) fn order(value: &str) -> Option<Vec<OrderTerm>> {
    let mut cursor = Cursor(value);
    let mut terms = vec![cursor.order_term()?];
    while cursor.eat(",") {
        terms.push(cursor.order_term()?);
    }
    cursor.0.is_empty().then_some(terms)
}

/// `a,"b c"`
pub(crate) fn names(value: &str) -> Option<Vec<String>> {
    let mut cursor = Cursor(value);
    let mut names = vec![cursor.name()?];
    loop {
        cursor.blanks();
        if !cursor.eat(",") {
            break;
        }
        cursor.blanks();
        names.push(cursor.name()?);
    }
    cursor.0.is_empty().then_some(names)
}

/// Whether the server takes a parameter of a function called by GET for a filter, readable or not.
pub(crate) fn reads_as_filter(value: &str) -> bool {
    const QUANTIFIED: [&str; 9] = ["eq", "gte", "gt", "lte", "lt", "like", "ilike", "match", "imatch"];
    const SIMPLE: [&str; 12] =
        ["neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "in", "is", "isdistinct"];
    const SEARCHES: [&str; 4] = ["fts", "plfts", "phfts", "wfts"];
    // Once `not.` is read, the server does not go back.
    if value.starts_with("not.") {
        return true;
    }
    let Some((operator, _)) = value.split_once('.') else { return false };
    match operator.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        Some((operator, "any" | "all")) => QUANTIFIED.contains(&operator),
        Some((operator, _)) => SEARCHES.contains(&operator),
        None => [&QUANTIFIED[..], &SIMPLE, &SEARCHES].concat().contains(&operator),
    }
}

/// An array literal of PostgreSQL with one dimension.
pub(crate) fn array(text: &str) -> Option<Vec<Option<String>>> {
    let mut cursor = Cursor(text.strip_prefix('{')?.strip_suffix('}')?);
    let mut elements = Vec::new();
    if cursor.0.is_empty() {
        return Some(elements);
    }
    loop {
        if cursor.peek() == Some('"') {
            elements.push(Some(cursor.quoted()?));
        } else {
            let mut element = String::new();
            while let Some(c) = cursor.peek().filter(|c| *c != ',') {
                cursor.next();
                match c {
                    '"' | '{' | '}' => return None,
                    '\\' => element.push(cursor.next()?),
                    c => element.push(c),
                }
            }
            let element = element.trim();
            match element {
                "" => return None,
                null if null.eq_ignore_ascii_case("null") => elements.push(None),
                element => elements.push(Some(element.to_owned())),
            }
        }
        match cursor.next() {
            None => return Some(elements),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

fn operand(text: String) -> Operand {
    match serde_json::from_str(&text) {
        Ok(json @ (Value::Object(_) | Value::Array(_))) if text != "{}" => return Operand::Json(json),
        _ => {}
    }
    match array(&text) {
        Some(elements) => Operand::Array(elements),
        None => Operand::Text(text),
    }
}
