//! What is written is what is read: the encoders against readers that follow the grammars of PostgREST and PostgreSQL.
//!
//! Sources: PostgREST's `QueryParams` module, and
//! <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>.

use proptest::prelude::*;

use std::collections::BTreeMap;

use crate::column::{Column, names, push_name};
use crate::filter::or;
use crate::literal::{Literal, in_logic_tree, list, push_quoted};
use crate::query::order::Order;
use crate::query::verbs::columns;
use crate::reader::{Parameter, Reader, Sorted, Tree};
use crate::rpc;
use crate::text::Text;

/// Texts full of what means something in one of the grammars.
fn awkward() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(
            prop::sample::select(vec![
                ",",
                ".",
                ":",
                "(",
                ")",
                "{",
                "}",
                "[",
                "]",
                "\"",
                "'",
                "\\",
                "%",
                "&",
                "=",
                "+",
                "#",
                "?",
                ";",
                " ",
                "\n",
                "\t",
                "😀",
                "null",
                "NULL",
                "true",
                "not.",
                "eq.",
                "or(",
                "a",
                "Ж",
                "9223372036854775807",
                "->",
                "*",
            ]),
            0..8
        )
        .prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let condition = (awkward().prop_filter("a name is not empty", |name| !name.is_empty()), awkward())
        .prop_map(|(name, value)| Tree::Condition(name, "eq".to_owned(), value));
    condition.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            (prop::sample::select(vec!["and", "or"]), proptest::collection::vec(inner.clone(), 1..4))
                .prop_map(|(word, trees)| Tree::Group(word.to_owned(), trees)),
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

/// Texts that begin as filters do, or nearly so.
fn almost_a_filter() -> impl Strategy<Value = String> {
    let operators = vec![
        "eq",
        "neq",
        "gt",
        "gte",
        "lt",
        "lte",
        "like",
        "ilike",
        "match",
        "imatch",
        "isdistinct",
        "in",
        "is",
        "fts",
        "plfts",
        "phfts",
        "wfts",
        "cs",
        "cd",
        "ov",
        "sl",
        "sr",
        "nxr",
        "nxl",
        "adj",
        "all",
        "any",
        "not",
        "equal",
        "",
    ];
    let arguments = vec!["", "", "(any)", "(all)", "(english)", "(a b)", "(a.b)", "()", "(", " "];
    let part = |parts| prop::sample::select(parts);
    (
        part(vec!["", "not.", "not", "Not."]),
        part(operators),
        part(arguments),
        part(vec![".", "", ". ", "(", "{"]),
        awkward(),
    )
        .prop_map(|(denial, operator, argument, dot, rest)| {
            format!("{denial}{operator}{argument}{dot}{rest}")
        })
}

/// A name that a column can have.
fn named() -> impl Strategy<Value = String> {
    prop_oneof![
        awkward().prop_filter("a name is not empty", |name| !name.is_empty()),
        prop::sample::select(vec![
            "select",
            "order",
            "limit",
            "and",
            "not",
            "a.limit",
            "limit ",
            "on_conflict"
        ])
        .prop_map(str::to_owned),
    ]
}

fn quoted(name: &str) -> String {
    let mut text = String::new();
    push_quoted(&mut text, name);
    text
}

/// An order, and what it says.
fn sorted() -> impl Strategy<Value = (Order, Sorted)> {
    let keys = proptest::collection::vec((prop::sample::select(vec!["->", "->>"]), named()), 0..3);
    let relation = proptest::option::of("[a-z_]{1,6}");
    let directions = prop::sample::select(vec![".asc", ".desc"]);
    let nulls = prop::sample::select(vec!["", ".nullsfirst", ".nullslast"]);
    (relation, named(), keys, directions, nulls).prop_map(|(relation, name, keys, direction, nulls)| {
        let mut path = quoted(&name);
        keys.iter().for_each(|(arrow, key)| path.push_str(&format!("{arrow}{}", quoted(key))));
        // A text with parentheses is a relation only if its column has none: others are named as columns.
        let relation = relation.filter(|_| !path.contains(['(', ')']));
        let by = match &relation {
            Some(relation) => Order::from(format!("{relation}({path})")),
            None if keys.is_empty() => Order::from(Column::exact(&name)),
            None => Order::from(Column::from(path)),
        };
        let by = if direction == ".desc" { Order::desc(by) } else { Order::asc(by) };
        let by = match nulls {
            ".nullsfirst" => by.nulls_first(),
            ".nullslast" => by.nulls_last(),
            _ => by,
        };
        (by, Sorted { relation, field: (name, keys), direction, nulls })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn a_list_is_read_as_it_was_written(values in proptest::collection::vec(awkward(), 0..6)) {
        // One empty text alone cannot be written as a list, and is not: see `Column::in_`.
        prop_assume!(values != [""]);
        prop_assert_eq!(Reader::new(&list(&values)).list(), values);
    }

    #[test]
    fn an_array_is_read_as_it_was_written(values in proptest::collection::vec(proptest::option::of(awkward()), 0..6)) {
        let written = Literal::of(&values).map(Literal::into_text).expect("texts can be written");
        prop_assert_eq!(Reader::new(&written).array(), values);
    }

    #[test]
    fn a_name_is_read_as_it_was_written(name in awkward()) {
        let mut written = String::new();
        push_name(&mut written, &name);
        let mut reader = Reader::new(&written);
        prop_assert_eq!(reader.name(), name);
        prop_assert_eq!(reader.0.next(), None);
    }

    #[test]
    fn a_value_in_a_tree_ends_where_it_should(value in awkward()) {
        let written = format!("{},next", in_logic_tree(&value));
        let mut reader = Reader::new(&written);
        prop_assert_eq!(reader.value(&[',', ')']), value);
        prop_assert!(reader.eat(','));
    }

    #[test]
    fn a_tree_is_read_as_it_was_written(trees in proptest::collection::vec(tree(), 1..4)) {
        let (key, value) = or(trees.iter().map(Tree::filter)).pair(None).expect("texts can be written");
        prop_assert_eq!(&key, "or");
        let mut reader = Reader::new(&value);
        let read = Tree::Group(key, reader.trees());
        prop_assert_eq!(reader.0.next(), None);
        // It is not simplified once more: what is sent has no parentheses that say nothing.
        prop_assert_eq!(read, Tree::Group("or".to_owned(), trees).simplified());
    }

    #[test]
    fn a_value_that_stands_alone_is_not_touched(name in awkward(), value in awkward()) {
        prop_assume!(!name.is_empty());
        let (_, written) = Column::exact(&name).eq(&value).pair(None).expect("a text can be written");
        prop_assert_eq!(written, format!("eq.{value}"));
    }

    #[test]
    fn a_key_of_json_is_read_as_it_was_written(key in awkward()) {
        // An arrow begins the next key, and a key in quotes is taken as it is.
        prop_assume!(!key.contains("->") && !key.starts_with('"') && !key.ends_with('-'));
        let column = Column::from(format!("data->>{key}").as_str());
        let written = column.as_str().strip_prefix("data->>").expect("the column stays").to_owned();
        let mut reader = Reader::new(&written);
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let read = if written.starts_with('"') { reader.value(&[]) } else { std::iter::from_fn(|| reader.0.next_if(plain)).collect() };
        prop_assert_eq!(read, key);
        prop_assert_eq!(reader.0.next(), None);
    }

    #[test]
    fn an_argument_in_a_url_is_no_filter(args in proptest::collection::btree_map(named(), prop_oneof![almost_a_filter(), awkward()], 0..3)) {
        let reserved = |name: &str| ["select", "columns", "on_conflict", "order", "limit", "offset", "and", "or"].contains(&name);
        let (body, _) = rpc::body(&args).expect("a map of texts can be written");
        match rpc::literals(&body).and_then(rpc::pairs) {
            Ok(pairs) => {
                let mut read = BTreeMap::new();
                for (key, value) in pairs {
                    // The server looks for these behind the last dot, in quotes or not.
                    prop_assert!(!reserved(key.rsplit('.').next().unwrap_or_default()), "{key}");
                    prop_assert_eq!(Reader::parameter(&value), Parameter::Argument, "{}", value);
                    let mut reader = Reader::new(&key);
                    read.insert(reader.name(), value);
                    prop_assert_eq!(reader.0.next(), None);
                }
                prop_assert_eq!(read, args);
            }
            Err(_) => prop_assert!(args.iter().any(|(name, value)| reserved(name) || rpc::reads_as_filter(value))),
        }
    }

    #[test]
    fn what_is_refused_as_an_argument_begins_as_a_filter(value in prop_oneof![almost_a_filter(), awkward()]) {
        let refused = rpc::reads_as_filter(&value);
        let operator = value.split(['.', '(']).next().unwrap_or_default().to_owned();
        match Reader::parameter(&value) {
            Parameter::Argument => {
                prop_assert!(!refused || Reader::parameter(&format!("{operator}.()")) == Parameter::Filter, "{value}");
            }
            Parameter::Filter | Parameter::Error => prop_assert!(refused, "{value}"),
        }
    }

    #[test]
    fn an_order_is_read_as_it_was_written(orders in proptest::collection::vec(sorted(), 1..4)) {
        let mut text = Text::new();
        for (n, (order, _)) in orders.iter().enumerate() {
            if n > 0 {
                text.push(',');
            }
            order.write(&mut text);
        }
        let said: Vec<_> = orders.into_iter().map(|(_, said)| said).collect();
        prop_assert_eq!(Reader::new(&text).order(), said, "{}", text);
    }

    #[test]
    fn the_columns_of_rows_are_read_as_they_were_written(
        rows in proptest::collection::vec(proptest::collection::btree_map(awkward(), 0..9, 0..4), 0..4)
    ) {
        let body = serde_json::to_vec(&rows).expect("rows can be written");
        let mut all: Vec<String> = Vec::new();
        for name in rows.iter().flat_map(BTreeMap::keys) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        match columns(&body).expect("these are rows") {
            Some(written) => prop_assert_eq!(Reader::new(&written).names(), all),
            None => prop_assert!(all.is_empty()),
        }
    }

    #[test]
    fn the_columns_of_a_conflict_are_read_as_they_were_written(all in proptest::collection::vec((named(), any::<bool>()), 1..4)) {
        // A name that is not in quotes has no blanks around it, no comma in it, and no quotes where those would begin.
        let is_bare = |name: &str| name.trim() == name && !name.contains(',') && !name.starts_with('"');
        let given: Vec<_> = all
            .iter()
            .map(|(name, bare)| if *bare && is_bare(name) { name.clone() } else { quoted(name) })
            .collect();
        let said: Vec<_> = all.into_iter().map(|(name, _)| name).collect();
        for separator in [",", " ,  "] {
            prop_assert_eq!(Reader::new(&names(&given.join(separator))).names(), said.clone());
        }
    }

    #[test]
    fn any_list_of_names_can_be_written(list in awkward()) {
        let _ = Reader::new(&names(&list)).names();
    }

    #[test]
    fn any_path_can_be_written(path in awkward()) {
        let _ = Column::from(path.as_str());
        let _ = crate::query::order::Order::from(path.as_str());
    }
}
