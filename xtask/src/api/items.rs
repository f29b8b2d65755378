//! The items of a crate that its users can name, one a line.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::types::{Names, list, tagged, text};

/// Traits whose implementations say nothing that a user could rely on.
const SILENT: [&str; 2] = ["StructuralPartialEq", "Freeze"];

struct Walk<'a> {
    index: &'a Value,
    names: Names<'a>,
    lines: BTreeSet<String>,
}

/// The listing of the crate that this JSON of rustdoc describes.
pub(super) fn listing(json: &Value) -> Result<String, String> {
    let index = &json["index"];
    let root = json["root"].as_u64().and_then(|id| index.get(id.to_string()));
    let root = root.ok_or("rustdoc's JSON has no root")?;
    let name = text(&root["name"]);
    let names = Names {
        own: name,
        local: BTreeMap::new(),
        paths: &json["paths"],
        foreign: RefCell::new(BTreeSet::new()),
    };
    let mut walk = Walk { index, names, lines: BTreeSet::new() };
    // Twice: the first time finds where everything is public, so that the second can write it so.
    walk.module(root, name);
    walk.lines.clear();
    walk.names.foreign.borrow_mut().clear();
    walk.module(root, name);

    let foreign: Vec<_> = walk.names.foreign.borrow().iter().cloned().collect();
    let mut text = format!(
        "# The public API of {name}, with all features, by `cargo xtask api`. Types of other crates in it: {}.\n\n",
        if foreign.is_empty() { "none".to_owned() } else { foreign.join(", ") }
    );
    for line in &walk.lines {
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

fn condition(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(", ")) }
}

impl<'a> Walk<'a> {
    fn get(&self, id: &Value) -> Option<&'a Value> {
        self.index.get(id.as_u64()?.to_string())
    }

    /// A line begins with the path, so that what belongs together stands together.
    fn line(&mut self, path: &str, rest: &str) {
        self.lines.insert(format!("{path} {rest}"));
    }

    fn module(&mut self, module: &Value, path: &str) {
        for id in list(&module["inner"]["module"]["items"]) {
            let Some(item) = self.get(id) else { continue };
            if item["visibility"] != "public" {
                continue;
            }
            let (kind, inner) = tagged(&item["inner"]);
            if kind != "use" {
                let path = format!("{path}::{}", text(&item["name"]));
                self.item(id, item, &path);
            } else if let Some(target) = self.get(&inner["id"]) {
                if inner["is_glob"] == true {
                    self.module(target, path);
                } else {
                    self.item(&inner["id"], target, &format!("{path}::{}", text(&inner["name"])));
                }
            } else {
                let path = format!("{path}::{}", text(&inner["name"]));
                self.line(&path, &format!("use {}", text(&inner["source"])));
            }
        }
    }

    fn item(&mut self, id: &Value, item: &'a Value, path: &str) {
        if let Some(id) = id.as_u64() {
            // Of several places, the shortest is the one that users know.
            let known = self.names.local.entry(id).or_insert_with(|| path.to_owned());
            if path.len() < known.len() {
                path.clone_into(known);
            }
            if known != path {
                let line = format!("use {known}");
                self.line(path, &line);
                return;
            }
        }
        let (kind, inner) = tagged(&item["inner"]);
        let generics = self.names.parameters(&inner["generics"]);
        let conditions = condition(&self.names.conditions(&inner["generics"]));
        let open = if item["attrs"].to_string().contains("non_exhaustive") { " non_exhaustive" } else { "" };
        match kind {
            "module" => {
                self.line(path, "mod");
                self.module(item, path);
            }
            "struct" | "union" => {
                self.line(path, &format!("{kind}{generics}{conditions}{open}"));
                let (shape, fields) = tagged(&inner["kind"]);
                let fields = if shape == "tuple" { list(fields) } else { list(&fields["fields"]) };
                for field in fields {
                    self.field(field, path);
                }
            }
            "enum" => {
                self.line(path, &format!("enum{generics}{conditions}{open}"));
                for variant in list(&inner["variants"]) {
                    self.variant(variant, path);
                }
            }
            "trait" => {
                let bounds = self.names.bounds(&inner["bounds"]);
                let bounds = if bounds.is_empty() { bounds } else { format!(": {bounds}") };
                self.line(path, &format!("trait{generics}{bounds}{conditions}"));
                self.members(inner, path, &[]);
            }
            "function" => {
                let (before, after, conditions) = self.names.function(inner);
                self.line(path, &format!("{before}{after}{}", condition(&conditions)));
            }
            "type_alias" => {
                let of = self.names.type_(&inner["type"]);
                self.line(path, &format!("type{generics} = {of}{conditions}"));
            }
            "constant" | "static" => {
                let of = self.names.type_(&inner["type"]);
                self.line(path, &format!("{kind}: {of}"));
            }
            other => self.line(path, other),
        }
        for id in list(&inner["impls"]) {
            self.implementation(id, path);
        }
    }

    fn field(&mut self, id: &Value, path: &str) {
        let Some(field) = self.get(id) else { return };
        if field["visibility"] == "public" {
            let of = self.names.type_(&field["inner"]["struct_field"]);
            self.line(&format!("{path}::{}", text(&field["name"])), &format!("field: {of}"));
        }
    }

    fn variant(&mut self, id: &Value, path: &str) {
        let Some(variant) = self.get(id) else { return };
        let of = |field: &Value| {
            self.get(field).map_or_else(String::new, |field| {
                let of = self.names.type_(&field["inner"]["struct_field"]);
                let name = text(&field["name"]);
                if name.starts_with(|first: char| first.is_ascii_digit()) {
                    of
                } else {
                    format!("{name}: {of}")
                }
            })
        };
        let holds = match tagged(&variant["inner"]["variant"]["kind"]) {
            ("tuple", fields) => format!("({})", list(fields).iter().map(of).collect::<Vec<_>>().join(", ")),
            ("struct", inner) => {
                format!(" {{ {} }}", list(&inner["fields"]).iter().map(of).collect::<Vec<_>>().join(", "))
            }
            _ => String::new(),
        };
        let open =
            if variant["attrs"].to_string().contains("non_exhaustive") { " non_exhaustive" } else { "" };
        self.line(&format!("{path}::{}", text(&variant["name"])), &format!("variant{holds}{open}"));
    }

    fn implementation(&mut self, id: &Value, path: &str) {
        let Some(item) = self.get(id) else { return };
        let inner = &item["inner"]["impl"];
        let negative = inner["is_negative"] == true;
        let is_silent = SILENT.contains(&text(&inner["trait"]["path"])) || !inner["blanket_impl"].is_null();
        if is_silent || (inner["is_synthetic"] == true && !negative) {
            return;
        }
        let of = self.names.type_(&inner["for"]);
        let mut conditions = self.names.conditions(&inner["generics"]);
        if inner["trait"].is_null() {
            // A method of some shapes of a generic type says of which.
            if of.contains('<') {
                conditions.push(format!("Self = {of}"));
            }
            self.members(inner, path, &conditions);
            return;
        }
        let name = self.names.item(&inner["trait"]);
        if negative {
            if matches!(name.as_str(), "Send" | "Sync") {
                self.line(path, &format!("impl !{name} for {of}"));
            }
            return;
        }
        let mut types = Vec::new();
        for item in list(&inner["items"]).iter().filter_map(|id| self.get(id)) {
            if let ("assoc_type", assoc) = tagged(&item["inner"]) {
                types.push(format!("{} = {}", text(&item["name"]), self.names.type_(&assoc["type"])));
            }
        }
        let types = if types.is_empty() { String::new() } else { format!(" {{ {} }}", types.join(", ")) };
        let name = self.names.path(&inner["trait"]);
        self.line(path, &format!("impl {name} for {of}{}{types}", condition(&conditions)));
    }

    /// The functions, constants and types of a trait or of an implementation.
    fn members(&mut self, inner: &Value, path: &str, outer: &[String]) {
        for id in list(&inner["items"]) {
            let Some(item) = self.get(id) else { continue };
            let is_trait = inner.get("is_auto").is_some();
            if !is_trait && item["visibility"] != "public" {
                continue;
            }
            let path = format!("{path}::{}", text(&item["name"]));
            match tagged(&item["inner"]) {
                ("function", function) => {
                    let (before, after, mut conditions) = self.names.function(function);
                    conditions.extend(outer.iter().cloned());
                    let provided = if is_trait && function["has_body"] == true { " (provided)" } else { "" };
                    self.line(&path, &format!("{before}{after}{}{provided}", condition(&conditions)));
                }
                ("assoc_const", constant) => {
                    let of = self.names.type_(&constant["type"]);
                    self.line(&path, &format!("const: {of}{}", condition(outer)));
                }
                ("assoc_type", assoc) => {
                    let bounds = self.names.bounds(&assoc["bounds"]);
                    let bounds = if bounds.is_empty() { bounds } else { format!(": {bounds}") };
                    self.line(&path, &format!("type{bounds}"));
                }
                (other, _) => self.line(&path, other),
            }
        }
    }
}
