//! What a file is called, once nothing in it can surprise who sees it or saves it.

/// The most characters a name has. File systems take 255 bytes; browsers shorten what they save.
const MAX_CHARACTERS: usize = 255;

/// What is longer than this after the last dot is no extension.
const EXTENSION_MAX_CHARACTERS: usize = 16;

/// A name that is shown and offered for saving. It is never a path of ours: that is what keys are for.
///
/// Only what stands after the last slash of either kind is left, without characters that don't show and those that turn
/// the direction of writing around (`gpj.exe` can be made to look like `exe.jpg`). What is too long loses the end of its
/// stem and keeps its extension.
pub fn clean_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = name.chars().filter(|character| !is_unwelcome(*character)).collect();
    let short = shorten(trim_end(visible.trim_start()));
    let name = trim_end(&short);
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

/// Windows drops dots and spaces at the end, so a name must not hide something before them.
fn trim_end(name: &str) -> &str {
    name.trim_end_matches(|character: char| character.is_whitespace() || character == '.')
}

/// Control characters, line ends, marks and overrides of direction, and what takes no room. The joiners stay: scripts and
/// emoji need them.
fn is_unwelcome(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn shorten(name: &str) -> String {
    let n_characters = name.chars().count();
    if n_characters <= MAX_CHARACTERS {
        return name.to_owned();
    }
    let extension = name
        .rfind('.')
        .map(|dot| &name[dot..])
        .filter(|extension| (2..=EXTENSION_MAX_CHARACTERS + 1).contains(&extension.chars().count()))
        .unwrap_or_default();
    let n_kept = MAX_CHARACTERS - extension.chars().count();
    name.chars().take(n_kept).chain(extension.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        for name in [
            "photo.jpg",
            "Lebenslauf Müller (2).pdf",
            "写真.png",
            "👩‍👩‍👧.png",
            "می‌خواهم.txt",
            ".env",
            "a.tar.gz",
            "a\"b'c;d.txt",
        ] {
            assert_eq!(clean_name(name), name);
        }
    }

    #[test]
    fn a_name_has_no_folders() {
        for (name, expected) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\photo.jpg", "photo.jpg"),
            ("a/b\\c.txt", "c.txt"),
            ("/", "file"),
            ("a/", "file"),
            ("..", "file"),
            ("../..", "file"),
            (".", "file"),
        ] {
            assert_eq!(clean_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_holds_nothing_that_does_not_show() {
        for (name, expected) in [
            ("a\0b\r\nc\t\u{7f}\u{85}.txt", "abc.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("a\u{2066}b\u{2069}\u{200f}\u{61c}\u{feff}\u{200b}.txt", "ab.txt"),
            ("a\u{2028}b\u{2029}.txt", "ab.txt"),
            ("  photo.jpg  ", "photo.jpg"),
            ("virus.exe. . .", "virus.exe"),
            ("\u{202e}", "file"),
            ("", "file"),
            (" \u{3000} ", "file"),
        ] {
            assert_eq!(clean_name(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_extension() {
        let stem = |length: usize| "ä".repeat(length);
        for length in [250, 251] {
            let name = format!("{}.txt", stem(length));
            assert_eq!(clean_name(&name), name);
        }
        assert_eq!(clean_name(&format!("{}.txt", stem(252))), format!("{}.txt", stem(251)));
        assert_eq!(clean_name(&stem(300)), stem(255));
        let no_extension = format!("{}.{}", stem(10), stem(300));
        assert_eq!(clean_name(&no_extension), format!("{}.{}", stem(10), stem(244)));
    }

    proptest! {
        #[test]
        fn a_clean_name_is_never_empty_never_long_and_already_clean(name in ".{0,400}|[./\\\\ a\u{202e}]{0,300}") {
            let clean = clean_name(&name);
            prop_assert!((1..=MAX_CHARACTERS).contains(&clean.chars().count()));
            prop_assert_eq!(clean_name(&clean), clean);
        }
    }
}
