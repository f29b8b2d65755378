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
