//! The edits themselves, on a TOML document with its comments and blank lines.
//!
//! The library keeps a comment with what follows it. These functions see to it that a
//! comment outlives a neighbor that is removed, and that new things go where a person would
//! put them.

use std::path::Path;

use toml_edit::{Decor, DocumentMut, InlineTable, Item, RawString, Table, TableLike, Value};

use super::ConfigError;

/// Runs an edit on a text. Byte order mark and line ends stay what they were; a text that the
/// library itself would rearrange is refused.
pub(super) fn edit_text<T>(
    text: &str,
    path: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Result<T, ConfigError>,
) -> Result<(T, String), ConfigError> {
    let (mark, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let windows = body.contains("\r\n");
    let plain = if windows { body.replace("\r\n", "\n") } else { body.to_owned() };
    let mixed = windows && plain.replace('\n', "\r\n") != body;
    let mut document: DocumentMut =
        plain.parse().map_err(|_| ConfigError::file(path, "not valid TOML"))?;
    let again = document.to_string();
    if mixed || (again != plain && again != format!("{plain}\n")) {
        return Err(ConfigError::file(path, "this file cannot be edited without rearranging it")
            .with_hint("edit it by hand, or put every profile under its own [profiles.NAME]"));
    }
    let outcome = edit(&mut document)?;
    let new = document.to_string();
    if new == again {
        return Ok((outcome, text.to_owned()));
    }
    let new = if windows { new.replace('\n', "\r\n") } else { new };
    Ok((outcome, format!("{mark}{new}")))
}

/// Sets a key above all tables.
pub(super) fn set_top(document: &mut DocumentMut, key: &str, value: &str) {
    if let Some(item) = document.get_mut(key) {
        replace(item, value.into());
        return;
    }
    let root = document.as_table();
    if root.iter().any(|(_, item)| item.is_value()) {
        document.insert(key, toml_edit::value(value));
        return;
    }
    // The first key of the file: below the comment that opens it, above the first profile's own.
    let prefix = first_prefix(document);
    let (kept, own) = match prefix.rfind("\n\n") {
        Some(blank) => prefix.split_at(blank + 2),
        None => ("", prefix.as_str()),
    };
    let (kept, own) = (kept.to_owned(), own.to_owned());
    let blank = if own.starts_with('\n') || document.is_empty() { "" } else { "\n" };
    set_first_prefix(document, &format!("{blank}{own}"));
    document.insert(key, toml_edit::value(value));
    if let Some(mut key) = document.key_mut(key) {
        key.leaf_decor_mut().set_prefix(kept);
    }
}

/// Removes a key above all tables; the comment above it stays.
pub(super) fn unset_top(document: &mut DocumentMut, key: &str) {
    let orphan = remove_key(document.as_table_mut(), key);
    if !orphan.is_empty() {
        let prefix = first_prefix(document);
        set_first_prefix(document, &format!("{orphan}{prefix}"));
    }
}

/// Adds a profile after everything else.
pub(super) fn add_profile(
    document: &mut DocumentMut,
    name: &str,
    assignments: &[(String, Value)],
) -> Result<(), ConfigError> {
    let ending = as_text(Some(document.trailing()));
    let was_empty = document.as_table().is_empty() && ending.is_empty();
    let profiles = document.entry("profiles").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    match profiles {
        Item::Table(profiles) => {
            let mut table = Table::new();
            let blank = if was_empty || ending.ends_with("\n\n") { "" } else { "\n" };
            table.decor_mut().set_prefix(format!("{ending}{blank}"));
            for (key, value) in assignments {
                table.insert(key, Item::Value(value.clone()));
            }
            profiles.insert(name, Item::Table(table));
            // What ended the file is above the new profile now.
            document.set_trailing("");
            Ok(())
        }
        Item::Value(Value::InlineTable(profiles)) => {
            let mut table = InlineTable::new();
            for (key, value) in assignments {
                table.insert(key, value.clone());
            }
            profiles.insert(name, Value::InlineTable(table));
            Ok(())
        }
        _ => Err(lost(name)),
    }
}

/// Sets a key of a profile; the comment behind its value stays.
pub(super) fn set(
    document: &mut DocumentMut,
    name: &str,
    key: &str,
    value: Value,
) -> Result<(), ConfigError> {
    let profile = profile_mut(document, name)?;
    match profile.get_mut(key) {
        Some(item) => replace(item, value),
        None => {
            profile.insert(key, Item::Value(value));
        }
    }
    Ok(())
}

/// Removes a key of a profile; the comment above it stays.
pub(super) fn unset(document: &mut DocumentMut, name: &str, key: &str) -> Result<(), ConfigError> {
    let profile = profile_mut(document, name)?;
    let orphan = remove_key(profile, key);
    if !orphan.is_empty() {
        let position = document["profiles"][name].as_table().and_then(Table::position);
        prepend_after(document, position, &orphan);
    }
    Ok(())
}

/// Removes a profile and the comment right above it; what a blank line parts from it stays.
pub(super) fn remove_profile(document: &mut DocumentMut, name: &str) -> Result<(), ConfigError> {
    let profiles = document.get_mut("profiles").and_then(Item::as_table_like_mut);
    let Some(removed) = profiles.and_then(|profiles| profiles.remove(name)) else {
        return Err(lost(name));
    };
    if let Item::Table(table) = &removed {
        let prefix = as_text(table.decor().prefix());
        if let Some(blank) = prefix.rfind("\n\n") {
            // With its blank line only when there is text before that.
            let kept = prefix[..blank + 1].to_owned();
            if !kept.trim().is_empty() {
                prepend_after(document, table.position(), &kept);
            }
        }
    }
    Ok(())
}

fn profile_mut<'a>(
    document: &'a mut DocumentMut,
    name: &str,
) -> Result<&'a mut dyn TableLike, ConfigError> {
    document
        .get_mut("profiles")
        .and_then(Item::as_table_like_mut)
        .and_then(|profiles| profiles.get_mut(name))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| lost(name))
}

/// The file was checked before the edit, so only a race of the file with itself leads here.
fn lost(name: &str) -> ConfigError {
    ConfigError::usage(format!("profile {name:?} cannot be edited"))
        .with_hint("edit the file by hand")
}

/// Puts a value in place of another, between the same spaces and comments.
fn replace(item: &mut Item, mut value: Value) {
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}

/// Removes a key. The lines above it, comments and blank ones, go to the next key; returned when there is none.
fn remove_key(table: &mut dyn TableLike, key: &str) -> String {
    let mut comment = table.key(key).map_or_else(String::new, |key| prefix_of(key.leaf_decor()));
    // Whole lines only: what is left is the key's own indentation.
    comment.truncate(comment.rfind('\n').map_or(0, |newline| newline + 1));
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    let is_value = |table: &dyn TableLike, key: &str| table.get(key).is_some_and(Item::is_value);
    let next =
        keys.iter().skip_while(|other| *other != key).skip(1).find(|other| is_value(table, other));
    table.remove(key);
    if let Some(mut next) = next.and_then(|next| table.key_mut(next)) {
        let own = prefix_of(next.leaf_decor());
        next.leaf_decor_mut().set_prefix(format!("{comment}{own}"));
        return String::new();
    }
    comment
}

/// The text before the first table, or the end of a file without tables.
fn first_prefix(document: &DocumentMut) -> String {
    match tables(document).first() {
        Some((_, path)) => as_text(table_at(document, path).decor().prefix()),
        None => as_text(Some(document.trailing())),
    }
}

fn set_first_prefix(document: &mut DocumentMut, prefix: &str) {
    match tables(document).first() {
        Some((_, path)) => table_at_mut(document, path).decor_mut().set_prefix(prefix),
        None => document.set_trailing(prefix),
    }
}

/// Puts a text before the table that follows a position, or at the end of the file.
fn prepend_after(document: &mut DocumentMut, position: Option<isize>, text: &str) {
    let next = tables(document).into_iter().find(|(other, _)| Some(*other) > position);
    match next {
        Some((_, path)) => {
            let decor = table_at_mut(document, &path).decor_mut();
            let own = prefix_of(decor);
            decor.set_prefix(format!("{text}{own}"));
        }
        None => {
            let own = as_text(Some(document.trailing()));
            document.set_trailing(format!("{text}{own}"));
        }
    }
}

/// The tables that have a header of their own, by position: `[profiles]` and the profiles.
fn tables(document: &DocumentMut) -> Vec<(isize, Vec<String>)> {
    let mut found = Vec::new();
    if let Some(profiles) = document.get("profiles").and_then(Item::as_table) {
        let mut add = |table: &Table, path: Vec<String>| {
            if !table.is_implicit() && !table.is_dotted() {
                // A table that is new in this edit has no position: it is at the end.
                found.push((table.position().unwrap_or(isize::MAX), path));
            }
        };
        add(profiles, vec!["profiles".to_owned()]);
        for (name, profile) in profiles.iter() {
            if let Some(profile) = profile.as_table() {
                add(profile, vec!["profiles".to_owned(), name.to_owned()]);
            }
        }
    }
    found.sort();
    found
}

fn table_at<'a>(document: &'a DocumentMut, path: &[String]) -> &'a Table {
    path.iter().fold(document.as_table(), |table, key| {
        table[key].as_table().expect("the path was made from this document's tables")
    })
}

fn table_at_mut<'a>(document: &'a mut DocumentMut, path: &[String]) -> &'a mut Table {
    path.iter().fold(document.as_table_mut(), |table, key| {
        table[key].as_table_mut().expect("the path was made from this document's tables")
    })
}

fn prefix_of(decor: &Decor) -> String {
    as_text(decor.prefix())
}

fn as_text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}
