//! Holds the language files against the source: every text that is used is there, and none that is not.

#![cfg(not(target_arch = "wasm32"))]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn files_under(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every quoted word in the source, every one in a `data-t` attribute, and `texts.word` in the parts that come later.
fn words_in_source() -> BTreeSet<String> {
    let mut files = files_under(&root().join("src"));
    files.push(root().join("../index.html"));
    let sources =
        files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs" || kind == "html"));
    let source: Vec<String> = sources.map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut words: BTreeSet<String> =
        source.join("\n").split(['"', ' ', '=', '\n']).map(str::to_owned).collect();
    words.extend(texts_of_lazy_parts());
    words
}

/// Every `texts.word` in the parts that come later.
fn texts_of_lazy_parts() -> BTreeSet<String> {
    let scripts = files_under(&root().join("lazy"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "js"));
    let source: Vec<String> = scripts.map(|path| fs::read_to_string(path).unwrap()).collect();
    let source = source.join("\n");
    let after = source.split("texts.").skip(1);
    after.map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()).collect()
}

fn names(language: &Path) -> BTreeSet<String> {
    let texts: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&fs::read_to_string(language).unwrap()).unwrap();
    assert!(texts.values().all(serde_json::Value::is_string), "{} holds texts only", language.display());
    texts.keys().cloned().collect()
}

#[test]
fn every_language_has_the_same_texts() {
    let english = names(&root().join("locales/en.json"));
    for language in files_under(&root().join("locales")) {
        assert_eq!(names(&language), english, "{}", language.display());
    }
}

#[test]
fn every_text_is_used() {
    let words = words_in_source();
    let unused: Vec<String> = names(&root().join("locales/en.json")).difference(&words).cloned().collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}

#[test]
fn every_text_that_is_used_is_there() {
    let english = names(&root().join("locales/en.json"));
    let mut missing = BTreeSet::new();
    for file in files_under(&root().join("src")) {
        if file.extension().is_some_and(|kind| kind == "rs") {
            let source = fs::read_to_string(&file).unwrap();
            let calls = source.split(|c: char| !(c.is_alphanumeric() || "_(\"".contains(c)));
            let literals = calls.filter_map(|call| {
                call.strip_prefix("t(\"").or_else(|| call.strip_prefix("t_with(\""))?.split('"').next()
            });
            missing.extend(literals.filter(|name| !english.contains(*name)).map(str::to_owned));
            let attributes = source.split("data-t=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let names =
                attributes.flat_map(|value| value.split(' ')).map(|part| part.rsplit('=').next().unwrap());
            missing.extend(names.filter(|name| !english.contains(*name)).map(str::to_owned));
        }
    }
    missing.extend(texts_of_lazy_parts().difference(&english).cloned());
    missing.remove("");
    assert!(missing.is_empty(), "no language file has {missing:?}");
}
