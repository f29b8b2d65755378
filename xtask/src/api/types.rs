//! Types, bounds and signatures, written out of rustdoc's JSON.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Writes types by the names under which a user finds them.
pub(super) struct Names<'a> {
    /// The name of this crate.
    pub(super) own: &'a str,
    /// Where each item of this crate is public, by its id.
    pub(super) local: BTreeMap<u64, String>,
    /// Where each item that this crate names is defined.
    pub(super) paths: &'a Value,
    /// The other crates that were named.
    pub(super) foreign: RefCell<BTreeSet<String>>,
}

/// The elements of a list; none if it is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The name of the one variant of an externally tagged enum, and what it holds.
pub(super) fn tagged(value: &Value) -> (&str, &Value) {
    match value.as_object().and_then(|object| object.iter().next()) {
        Some((tag, inner)) => (tag, inner),
        None => (text(value), &Value::Null),
    }
}

impl Names<'_> {
    /// The name of the item that a path leads to: its public path here, or the crate and the name there.
    pub(super) fn item(&self, path: &Value) -> String {
        let written = text(&path["path"]);
        let Some(id) = path["id"].as_u64() else { return written.to_owned() };
        if let Some(local) = self.local.get(&id) {
            return local.split_once("::").map_or(local.as_str(), |(_, inside)| inside).to_owned();
        }
        let known = list(&self.paths[id.to_string()]["path"]);
        let (Some(first), Some(last)) = (known.first().map(text), known.last().map(text)) else {
            return written.to_owned();
        };
        if matches!(first, "std" | "core" | "alloc") {
            return last.to_owned();
        }
        if first == self.own {
            // A trait that seals another one, which no user can name.
            return known.iter().skip(1).map(text).collect::<Vec<_>>().join("::");
        }
        self.foreign.borrow_mut().insert(first.to_owned());
        // The modules between are the other crate's own matter, and change with its patches.
        format!("{first}::{last}")
    }

    pub(super) fn path(&self, path: &Value) -> String {
        self.item(path) + &self.arguments(&path["args"])
    }

    fn arguments(&self, arguments: &Value) -> String {
        let (kind, inner) = tagged(arguments);
        match kind {
            "angle_bracketed" => {
                let mut parts: Vec<_> = list(&inner["args"])
                    .iter()
                    .map(|argument| match tagged(argument) {
                        ("lifetime", name) => text(name).to_owned(),
                        ("type", of) => self.type_(of),
                        ("const", of) => text(&of["expr"]).to_owned(),
                        _ => "_".to_owned(),
                    })
                    .collect();
                parts.extend(list(&inner["constraints"]).iter().map(|constraint| {
                    let name =
                        format!("{}{}", text(&constraint["name"]), self.arguments(&constraint["args"]));
                    match tagged(&constraint["binding"]) {
                        ("equality", of) => format!("{name} = {}", self.term(of)),
                        (_, bounds) => format!("{name}: {}", self.bounds(bounds)),
                    }
                }));
                if parts.is_empty() { String::new() } else { format!("<{}>", parts.join(", ")) }
            }
            "parenthesized" => {
                let inputs: Vec<_> = list(&inner["inputs"]).iter().map(|input| self.type_(input)).collect();
                format!("({}){}", inputs.join(", "), self.output(&inner["output"]))
            }
            _ => String::new(),
        }
    }

    fn term(&self, term: &Value) -> String {
        match tagged(term) {
            ("type", of) => self.type_(of),
            (_, constant) => text(&constant["expr"]).to_owned(),
        }
    }

    fn output(&self, output: &Value) -> String {
        if output.is_null() { String::new() } else { format!(" -> {}", self.type_(output)) }
    }

    pub(super) fn type_(&self, value: &Value) -> String {
        let (kind, inner) = tagged(value);
        match kind {
            "resolved_path" => self.path(inner),
            "generic" | "primitive" => text(inner).to_owned(),
            "infer" => "_".to_owned(),
            "tuple" => {
                let parts: Vec<_> = list(inner).iter().map(|part| self.type_(part)).collect();
                format!("({})", parts.join(", "))
            }
            "slice" => format!("[{}]", self.type_(inner)),
            "array" => format!("[{}; {}]", self.type_(&inner["type"]), text(&inner["len"])),
            "impl_trait" => format!("impl {}", self.bounds(inner)),
            "borrowed_ref" => {
                let lifetime = inner["lifetime"].as_str().map(|name| format!("{name} ")).unwrap_or_default();
                let mutable = if inner["is_mutable"] == true { "mut " } else { "" };
                format!("&{lifetime}{mutable}{}", self.type_(&inner["type"]))
            }
            "raw_pointer" => {
                let mutable = if inner["is_mutable"] == true { "mut" } else { "const" };
                format!("*{mutable} {}", self.type_(&inner["type"]))
            }
            "dyn_trait" => {
                let mut parts: Vec<_> =
                    list(&inner["traits"]).iter().map(|bound| self.poly_trait(bound)).collect();
                parts.extend(inner["lifetime"].as_str().map(str::to_owned));
                format!("dyn {}", parts.join(" + "))
            }
            "qualified_path" => {
                let of = self.type_(&inner["self_type"]);
                let name = format!("{}{}", text(&inner["name"]), self.arguments(&inner["args"]));
                if inner["trait"].is_null() || text(&inner["trait"]["path"]).is_empty() {
                    format!("{of}::{name}")
                } else {
                    format!("<{of} as {}>::{name}", self.path(&inner["trait"]))
                }
            }
            "function_pointer" => {
                let inputs: Vec<_> =
                    list(&inner["sig"]["inputs"]).iter().map(|input| self.type_(&input[1])).collect();
                format!("fn({}){}", inputs.join(", "), self.output(&inner["sig"]["output"]))
            }
            other => other.to_owned(),
        }
    }

    fn poly_trait(&self, bound: &Value) -> String {
        higher_ranked(&bound["generic_params"]) + &self.path(&bound["trait"])
    }

    pub(super) fn bounds(&self, bounds: &Value) -> String {
        let parts: Vec<_> = list(bounds)
            .iter()
            .map(|bound| match tagged(bound) {
                ("trait_bound", of) => {
                    let maybe = if of["modifier"] == "maybe" { "?" } else { "" };
                    format!("{maybe}{}", self.poly_trait(of))
                }
                ("outlives", lifetime) => text(lifetime).to_owned(),
                ("use", captured) => {
                    let names: Vec<_> = list(captured).iter().map(|name| text(tagged(name).1)).collect();
                    format!("use<{}>", names.join(", "))
                }
                (other, _) => other.to_owned(),
            })
            .collect();
        parts.join(" + ")
    }

    /// `<'a, T, const N: usize>`, without the parameters that stand for an `impl Trait`.
    pub(super) fn parameters(&self, generics: &Value) -> String {
        let parts: Vec<_> = list(&generics["params"])
            .iter()
            .filter(|parameter| parameter["kind"]["type"]["is_synthetic"] != true)
            .map(|parameter| {
                let name = text(&parameter["name"]);
                match tagged(&parameter["kind"]) {
                    ("type", of) if !of["default"].is_null() => {
                        format!("{name} = {}", self.type_(&of["default"]))
                    }
                    ("const", of) => format!("const {name}: {}", self.type_(&of["type"])),
                    _ => name.to_owned(),
                }
            })
            .collect();
        if parts.is_empty() { String::new() } else { format!("<{}>", parts.join(", ")) }
    }

    /// All bounds on the parameters, wherever they were written.
    pub(super) fn conditions(&self, generics: &Value) -> Vec<String> {
        let mut conditions = Vec::new();
        for parameter in list(&generics["params"]) {
            let of = &parameter["kind"]["type"];
            if of["is_synthetic"] != true && !list(&of["bounds"]).is_empty() {
                conditions.push(format!("{}: {}", text(&parameter["name"]), self.bounds(&of["bounds"])));
            }
        }
        for predicate in list(&generics["where_predicates"]) {
            conditions.push(match tagged(predicate) {
                ("bound_predicate", of) => format!(
                    "{}{}: {}",
                    higher_ranked(&of["generic_params"]),
                    self.type_(&of["type"]),
                    self.bounds(&of["bounds"])
                ),
                ("lifetime_predicate", of) => {
                    let outlived: Vec<_> = list(&of["outlives"]).iter().map(text).collect();
                    format!("{}: {}", text(&of["lifetime"]), outlived.join(" + "))
                }
                (_, of) => format!("{} = {}", self.type_(&of["lhs"]), self.term(&of["rhs"])),
            });
        }
        conditions
    }

    /// A function without its name's path: what stands before the name, and what after.
    pub(super) fn function(&self, function: &Value) -> (String, String, Vec<String>) {
        let header = &function["header"];
        let mut before = String::new();
        for (flag, word) in [("is_const", "const "), ("is_async", "async "), ("is_unsafe", "unsafe ")] {
            if header[flag] == true {
                before.push_str(word);
            }
        }
        before.push_str("fn");
        let inputs: Vec<_> = list(&function["sig"]["inputs"])
            .iter()
            .map(|input| {
                let (name, of) = (text(&input[0]), self.type_(&input[1]));
                match (name, of.as_str()) {
                    ("self", "Self") => "self".to_owned(),
                    ("self", "&Self") => "&self".to_owned(),
                    ("self", "&mut Self") => "&mut self".to_owned(),
                    _ => format!("{name}: {of}"),
                }
            })
            .collect();
        let after = format!(
            "{}({}){}",
            self.parameters(&function["generics"]),
            inputs.join(", "),
            self.output(&function["sig"]["output"])
        );
        (before, after, self.conditions(&function["generics"]))
    }
}

fn higher_ranked(parameters: &Value) -> String {
    let names: Vec<_> = list(parameters).iter().map(|parameter| text(&parameter["name"])).collect();
    if names.is_empty() { String::new() } else { format!("for<{}> ", names.join(", ")) }
}
