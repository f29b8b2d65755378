//! What is written is what is read: the encoders against readers that follow the grammars of PostgREST and PostgreSQL.
//!
//! Sources: PostgREST's `QueryParams` module, and
//! <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>.

use proptest::prelude::*;

use crate::column::{Column, push_name};
use crate::filter::or;
use crate::literal::{Literal, in_logic_tree, list};
use crate::reader::{Reader, Tree};

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
    fn any_path_can_be_written(path in awkward()) {
        let _ = Column::from(path.as_str());
        let _ = crate::query::order::Order::from(path.as_str());
    }
}
