//! Readers that follow the grammars of PostgREST and PostgreSQL, against which the encoders are held by property tests and
//! fuzzing. They panic at what those would not read.
//!
//! Sources: PostgREST's `QueryParams` module, and
//! <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>.
#![allow(clippy::expect_used, clippy::panic, reason = "what cannot be read is a fault of the encoder")]
#![cfg_attr(not(test), allow(dead_code, reason = "names are read by the property tests alone"))]

use crate::column::Column;
use crate::filter::{Filter, and, not, or};

/// Reads like a parser of PostgREST's: from the left, one character after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a>(pub(crate) std::iter::Peekable<std::str::Chars<'a>>);

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.chars().peekable())
    }

    pub(crate) fn eat(&mut self, c: char) -> bool {
        self.0.next_if_eq(&c).is_some()
    }

    /// `"…"` with `\"` and `\\`, or up to one of `ends`.
    pub(crate) fn value(&mut self, ends: &[char]) -> String {
        if self.eat('"') {
            let mut text = String::new();
            loop {
                match self.0.next().expect("a quoted value ends") {
                    '"' => return text,
                    '\\' => text.push(self.0.next().expect("an escape has a character")),
                    c => text.push(c),
                }
            }
        }
        std::iter::from_fn(|| self.0.next_if(|c| !ends.contains(c))).collect()
    }

    /// `(a,b)`. Blanks before the first element are not part of it.
    pub(crate) fn list(&mut self) -> Vec<String> {
        assert!(self.eat('('));
        while self.eat(' ') {}
        let mut values = Vec::new();
        while !self.eat(')') {
            values.push(self.value(&[',', ')']));
            self.eat(',');
        }
        assert_eq!(self.0.next(), None, "nothing stands behind the list");
        values
    }

    /// `{a,"b"}`, as PostgreSQL reads the text of an array.
    pub(crate) fn array(&mut self) -> Vec<Option<String>> {
        assert!(self.eat('{'));
        let mut values = Vec::new();
        while !self.eat('}') {
            let quoted = self.0.peek() == Some(&'"');
            let value = self.value(&[',', '}']);
            let trimmed = value.trim();
            assert!(
                quoted || (!trimmed.is_empty() && !trimmed.contains(['{', '"', '\\'])),
                "malformed: {value:?}"
            );
            values.push(
                (quoted || !trimmed.eq_ignore_ascii_case("null"))
                    .then(|| if quoted { value.clone() } else { trimmed.to_owned() }),
            );
            self.eat(',');
        }
        assert_eq!(self.0.next(), None, "nothing stands behind the array");
        values
    }

    /// A name: `"…"`, or ASCII letters and digits, `_`, `$`, blanks and single `-` between them. PostgREST reads more, but
    /// what this crate leaves bare must be this.
    pub(crate) fn name(&mut self) -> String {
        if self.0.peek() == Some(&'"') {
            return self.value(&[]);
        }
        let bare = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | ' ' | '-');
        let name: String = std::iter::from_fn(|| self.0.next_if(bare)).collect();
        assert!(
            !name.contains("--") && !name.starts_with('-') && !name.ends_with('-'),
            "malformed: {name:?}"
        );
        name.trim().to_owned()
    }

    /// Names apart by commas, as `columns` and `on_conflict` have them. What would be left, PostgREST would ignore.
    pub(crate) fn names(&mut self) -> Vec<String> {
        let mut names = vec![self.name()];
        while self.comma() {
            names.push(self.name());
        }
        assert_eq!(self.0.next(), None, "nothing stands behind the names");
        names
    }

    /// A comma, with blanks around it.
    fn comma(&mut self) -> bool {
        self.blanks();
        let found = self.eat(',');
        self.blanks();
        found
    }

    fn blanks(&mut self) {
        while self.0.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    }

    /// A word of the grammar, if it comes next.
    fn word(&mut self, word: &str) -> bool {
        let mut ahead = self.0.clone();
        let found = word.chars().all(|c| ahead.next() == Some(c));
        if found {
            self.0 = ahead;
        }
        found
    }

    /// A name, and the keys of JSON behind it with their arrows.
    fn field(&mut self) -> (String, Vec<(&'static str, String)>) {
        let (name, mut keys) = (self.name(), Vec::new());
        while let Some(arrow) = ["->>", "->"].into_iter().find(|arrow| self.word(arrow)) {
            let key = self.value(&['(', '-', ':', '.', ',', '>', ')']);
            keys.push((arrow, key));
        }
        (name, keys)
    }

    /// What rows are sorted by. Each term needs its end, or PostgREST reads another one.
    pub(crate) fn order(&mut self) -> Vec<Sorted> {
        let mut terms = Vec::new();
        loop {
            self.blanks();
            let (mut relation, mut field) = (None, self.field());
            if self.eat('(') {
                assert!(field.1.is_empty(), "a relation has no keys");
                relation = Some(field.0);
                field = self.field();
                assert!(self.eat(')'), "a relation ends");
            }
            let direction = [".asc", ".desc"].into_iter().find(|word| self.word(word)).unwrap_or_default();
            let nulls =
                [".nullsfirst", ".nullslast"].into_iter().find(|word| self.word(word)).unwrap_or_default();
            terms.push(Sorted { relation, field, direction, nulls });
            if !self.comma() {
                break;
            }
        }
        assert_eq!(self.0.next(), None, "nothing stands behind the order");
        terms
    }

    /// What PostgREST makes of a parameter in the URL of a call: `pOpExpr pSingleVal <|> pure (NoOpExpr v)`. An alternative
    /// that has read something and then fails is no alternative any more.
    pub(crate) fn parameter(value: &'a str) -> Parameter {
        let mut reader = Self::new(value);
        let is_denied = reader.word("not.");
        if reader.word("in.") {
            reader.blanks();
            return if reader.eat('(') { Parameter::Filter } else { Parameter::Error };
        }
        if reader.word("is.") {
            return Parameter::Filter; // Or an error: either way, no argument.
        }
        let is_filter =
            ["isdistinct"].into_iter().chain(SIMPLE).any(|word| reader.clone().operator(word, &[]))
                || SEARCHES.into_iter().any(|word| reader.clone().search(word))
                || QUANTIFIED.into_iter().any(|word| reader.clone().operator(word, &["(any)", "(all)"]));
        match (is_filter, is_denied) {
            (true, _) => Parameter::Filter,
            (false, true) => Parameter::Error,
            (false, false) => Parameter::Argument,
        }
    }

    fn operator(mut self, word: &str, quantifiers: &[&str]) -> bool {
        let found = self.word(word);
        quantifiers.iter().any(|quantifier| self.word(quantifier));
        found && self.eat('.')
    }

    fn search(mut self, word: &str) -> bool {
        let found = self.word(word);
        let mut ahead = self.clone();
        if ahead.eat('(') {
            let mut config = 0;
            while ahead.0.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '$')).is_some() {
                config += 1;
            }
            if config > 0 && ahead.eat(')') {
                self = ahead;
            }
        }
        found && self.eat('.')
    }

    /// One side of a logic tree.
    pub(crate) fn tree(&mut self) -> Tree {
        let name = self.name();
        if matches!(name.as_str(), "and" | "or") && self.0.peek() == Some(&'(') {
            return Tree::Group(name, self.trees());
        }
        assert!(self.eat('.'), "a dot follows {name:?}");
        // A filter is tried before a group: a column may have the name `not`.
        if name == "not" && self.is_group() {
            return Tree::Not(Box::new(self.tree()));
        }
        let mut operator = self.name();
        assert!(self.eat('.'));
        let negated = operator == "not";
        if negated {
            operator = self.name();
            assert!(self.eat('.'));
        }
        let condition = Tree::Condition(name, operator, self.value(&[',', ')']));
        if negated { Tree::Not(Box::new(condition)) } else { condition }
    }

    fn is_group(&self) -> bool {
        let rest: String = self.0.clone().take(4).collect();
        rest.starts_with("and(") || rest.starts_with("or(")
    }

    pub(crate) fn trees(&mut self) -> Vec<Tree> {
        assert!(self.eat('('));
        let mut trees = vec![self.tree()];
        while self.eat(',') {
            trees.push(self.tree());
        }
        assert!(self.eat(')'), "a group ends");
        trees
    }
}

/// One term of an order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sorted {
    pub(crate) relation: Option<String>,
    pub(crate) field: (String, Vec<(&'static str, String)>),
    pub(crate) direction: &'static str,
    pub(crate) nulls: &'static str,
}

/// What a parameter in the URL of a call is taken for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Parameter {
    Filter,
    Error,
    Argument,
}

const SIMPLE: [&str; 9] = ["neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj"];
const SEARCHES: [&str; 4] = ["fts", "plfts", "phfts", "wfts"];
const QUANTIFIED: [&str; 9] = ["eq", "gte", "gt", "lte", "lt", "like", "ilike", "match", "imatch"];

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Condition(String, String, String),
    Group(String, Vec<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    pub(crate) fn filter(&self) -> Filter {
        match self {
            Self::Condition(name, _, value) => Column::exact(name).eq(value),
            Self::Group(word, trees) if word == "and" => and(trees.iter().map(Self::filter)),
            Self::Group(_, trees) => or(trees.iter().map(Self::filter)),
            Self::Not(tree) => not(tree.filter()),
        }
    }

    /// Two negations are none, and a group within one of its kind is part of it.
    pub(crate) fn simplified(self) -> Self {
        match self {
            Self::Not(inner) => match inner.simplified() {
                Self::Not(tree) => *tree,
                tree => Self::Not(Box::new(tree)),
            },
            Self::Group(word, trees) => {
                let trees = trees.into_iter().map(Self::simplified);
                let parts = trees.flat_map(|tree| match tree {
                    Self::Group(inner, parts) if inner == word => parts,
                    tree => vec![tree],
                });
                Self::Group(word.clone(), parts.collect())
            }
            condition => condition,
        }
    }
}
