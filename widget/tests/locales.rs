//! Holds the language files against the source: every text that is used is there, and none that is not.

#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
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

/// The forms that a language has for numbers, as the Unicode CLDR lists them. Where a form is for one whole number alone it
/// is marked by `=`, and may say that number in a word.
const FORMS: [(&str, &str); 21] = [
    ("ar", "=zero =one =two few many other"),
    ("bn", "one other"),
    ("de", "=one other"),
    ("en", "=one other"),
    ("es", "=one many other"),
    ("fa", "one other"),
    ("fr", "one many other"),
    ("he", "=one =two other"),
    ("hi", "one other"),
    ("id", "other"),
    ("it", "=one many other"),
    ("ja", "other"),
    ("ko", "other"),
    ("nl", "=one other"),
    ("pl", "=one few many other"),
    ("pt-BR", "one many other"),
    ("ru", "one few many other"),
    ("tr", "=one other"),
    ("uk", "one few many other"),
    ("zh-Hans", "other"),
    ("zh-Hant", "other"),
];

type Texts = serde_json::Map<String, Value>;

fn texts(tag: &str) -> Texts {
    let file = root().join("locales").join([tag, ".json"].concat());
    serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap()
}

fn names(tag: &str) -> BTreeSet<String> {
    texts(tag).keys().cloned().collect()
}

/// Every text of a language; of those with forms, each form.
fn sentences(texts: &Texts) -> Vec<(String, &str)> {
    let mut sentences = Vec::new();
    for (name, text) in texts {
        match text {
            Value::String(text) => sentences.push((name.clone(), &**text)),
            Value::Object(forms) => {
                sentences.extend(
                    forms.iter().map(|(form, text)| (format!("{name}, {form}"), text.as_str().unwrap())),
                );
            }
            _ => panic!("{name} is no text"),
        }
    }
    sentences
}

#[test]
fn every_language_has_the_same_texts() {
    let files = files_under(&root().join("locales"));
    let tags: BTreeSet<&str> = files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(tags, FORMS.map(|(tag, _)| tag).into());
    for tag in tags {
        assert_eq!(names(tag), names("en"), "{tag}");
    }
}

#[test]
fn every_language_says_what_it_is_and_which_way_it_runs() {
    for (tag, _) in FORMS {
        let texts = texts(tag);
        assert_eq!(texts["lang"], tag);
        assert_eq!(texts["dir"], if ["ar", "fa", "he"].contains(&tag) { "rtl" } else { "ltr" }, "{tag}");
    }
}

#[test]
fn every_language_has_exactly_its_own_forms_for_numbers() {
    let english = texts("en");
    for (tag, forms) in FORMS {
        let texts = texts(tag);
        let expected: BTreeSet<&str> = forms.split(' ').map(|form| form.trim_start_matches('=')).collect();
        for (name, text) in &english {
            let Some(given) = texts[name].as_object() else {
                assert!(text.is_string(), "{tag} has one form of {name} for all numbers");
                continue;
            };
            assert!(text.is_object(), "{tag} has forms of {name}, which English has not");
            assert_eq!(given.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{tag}: {name}");
        }
    }
}

#[test]
fn every_language_has_the_same_places_to_fill() {
    let places = |text: &str| (text.matches("{}").count(), text.matches(['{', '}']).count());
    let english = texts("en");
    for (tag, forms) in FORMS {
        for (name, text) in &texts(tag) {
            let Some(given) = text.as_object() else {
                let (text, english) = (text.as_str().unwrap(), english[name].as_str().unwrap());
                assert_eq!(places(text), places(english), "{tag}: {name}");
                continue;
            };
            for (form, text) in given {
                let says_it_in_a_word = forms.split(' ').any(|marked| marked.strip_prefix('=') == Some(form))
                    && places(text.as_str().unwrap()) == (0, 0);
                assert!(
                    says_it_in_a_word || places(text.as_str().unwrap()) == (1, 2),
                    "{tag}: {name}, {form}"
                );
            }
        }
    }
}

#[test]
fn every_text_is_set_as_print_would_set_it() {
    for (tag, _) in FORMS {
        for (name, text) in sentences(&texts(tag)) {
            assert!(!text.trim().is_empty(), "{tag}: {name} is empty");
            assert!(
                !text.contains(['"', '\'', '<', '>', '\n', '\t']) && !text.contains("..."),
                "{tag}: {name}"
            );
            assert!(!text.contains("  ") && !text.starts_with(' '), "{tag}: {name}");
            assert_eq!(text.contains("……"), text.contains('…') && tag.starts_with("zh"), "{tag}: {name}");
        }
    }
}

/// The groups of emoji with what a language calls each.
fn emoji(tag: &str) -> Vec<Vec<(String, String)>> {
    let script = fs::read_to_string(root().join("lazy/emoji-names").join([tag, ".js"].concat())).unwrap();
    let groups = script.lines().filter_map(|line| line.strip_prefix("  `")?.strip_suffix("`,"));
    let entry = |entry: &str| {
        let (emoji, words) = entry.split_once(' ').unwrap();
        (emoji.to_owned(), words.to_owned())
    };
    groups.map(|group| group.split(',').map(entry).collect()).collect()
}

#[test]
fn every_language_names_every_group_of_emoji() {
    let n_groups = emoji("en").len();
    for (tag, _) in FORMS {
        let names = texts(tag)["emoji_groups"].as_str().unwrap().to_owned();
        assert_eq!(names.split('|').filter(|name| !name.is_empty()).count(), n_groups + 1, "{tag}: {names}");
    }
}

#[test]
fn every_language_has_the_same_emoji_and_a_name_of_its_own_for_each() {
    let only_emoji = |tag| -> Vec<Vec<String>> {
        emoji(tag).into_iter().map(|group| group.into_iter().map(|(emoji, _)| emoji).collect()).collect()
    };
    for (tag, _) in FORMS {
        assert_eq!(only_emoji(tag), only_emoji("en"), "{tag}");
        let mut names = BTreeSet::new();
        for (emoji, words) in emoji(tag).into_iter().flatten() {
            let (name, more) = words.split_once(" (").unwrap_or((&words, "-)"));
            let more = more.strip_suffix(')').unwrap_or_else(|| panic!("{tag}: {emoji} {words}"));
            for text in [name, more] {
                let is_trimmed = text.split(' ').all(|word| !word.is_empty());
                assert!(is_trimmed && !text.contains(['(', ')']), "{tag}: {emoji} {words}");
            }
            assert!(names.insert(name.to_lowercase()), "{tag}: {emoji} is called as another one is: {name}");
        }
    }
    let files = files_under(&root().join("lazy/emoji-names"));
    assert_eq!(files.len(), FORMS.len(), "{files:?}");
}

#[test]
fn every_text_is_used() {
    let words = words_in_source();
    let unused: Vec<String> = names("en").difference(&words).cloned().collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
}

#[test]
fn every_text_that_is_used_is_there() {
    let english = names("en");
    let mut missing = BTreeSet::new();
    for file in files_under(&root().join("src")) {
        if file.extension().is_some_and(|kind| kind == "rs") {
            let source = fs::read_to_string(&file).unwrap();
            let calls = source.split(|c: char| !(c.is_alphanumeric() || "_(\"".contains(c)));
            let literals = calls.filter_map(|call| {
                let name = ["t(\"", "t_with(\"", "t_count(\""].iter().find_map(|t| call.strip_prefix(t))?;
                name.split('"').next()
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
