//! Finds what a reader would expect to be able to click in a text: addresses that begin with `http:`, `https:`,
//! `mailto:`, `tel:` or `www.`. Nothing else ever becomes a link, so no text can make a `javascript:` one.

const PREFIXES: [&str; 5] = ["https://", "http://", "mailto:", "tel:", "www."];

/// Where a link leads.
pub fn href(link: &str) -> String {
    if starts_with(link, "www.") { ["https://", link].concat() } else { link.to_owned() }
}

/// How many bytes at the start of `rest` are a link.
pub fn link_length(rest: &str) -> usize {
    let Some(prefix) = PREFIXES.iter().find(|prefix| starts_with(rest, prefix)) else {
        return 0;
    };
    let end = rest.find(ends_link).unwrap_or(rest.len());
    let mut link = &rest[..end];
    // Punctuation at the end belongs to the sentence, and so does a bracket that was opened before the link.
    while let Some(last) = link.chars().next_back() {
        let is_sentence = match last {
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '…' | '。' | '，' | '、' | '！' | '？'
            | '：' | '；' => true,
            ')' => is_unopened(link, '(', ')'),
            ']' => is_unopened(link, '[', ']'),
            '}' => is_unopened(link, '{', '}'),
            _ => false,
        };
        if !is_sentence {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    let says_something =
        link.get(prefix.len()..).and_then(|target| target.chars().next()).is_some_and(|first| {
            !first.is_ascii() || first.is_ascii_alphanumeric() || matches!(first, '[' | '+' | '(')
        });
    // `www.` alone is no host; with a dot inside it is.
    let has_host = *prefix != "www." || link[prefix.len().min(link.len())..].contains('.');
    if says_something && has_host { link.len() } else { 0 }
}

/// In any case.
pub fn starts_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

fn ends_link(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '<' | '>' | '"' | '`' | '«' | '»' | '“' | '”' | '（' | '）' | '「' | '」' | '【' | '】')
        // Direction marks could make an address read as another one.
        || matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn is_unopened(link: &str, open: char, close: char) -> bool {
    link.matches(close).count() > link.matches(open).count()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::state::formatting::{Piece, pieces};
    use proptest::prelude::*;

    fn links(text: &str) -> Vec<&str> {
        let links = pieces(text).into_iter().filter_map(|piece| match piece {
            Piece::Link(link) => Some(link),
            _ => None,
        });
        links.collect()
    }

    #[test]
    fn every_allowed_scheme_is_a_link_in_any_case() {
        for link in [
            "http://example.org",
            "HTTPS://Example.org/a?b=c&d=e#f",
            "mailto:robin@example.org",
            "tel:+49-30-1234567",
            "www.example.org/ü/🎈",
            "http://localhost:8080/~x",
            "https://[2001:db8::1]/",
        ] {
            assert_eq!(links(&format!("see {link} there")), [link]);
            assert_eq!(links(link), [link]);
        }
        assert_eq!(href("www.example.org"), "https://www.example.org");
        assert_eq!(href("tel:112"), "tel:112");
    }

    #[test]
    fn other_schemes_and_halves_of_addresses_are_text() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x ftp://example.org file:///etc/passwd",
            "xhttp://example.org",
            "http:// https:// mailto: tel: www. www.x",
            "https://",
            "https:///path",
            "https://\u{202e}gro.elpmaxe",
            "",
        ] {
            assert_eq!(links(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn the_sentence_around_a_link_is_not_part_of_it() {
        assert_eq!(links("Look (https://example.org/a_(b)), please."), ["https://example.org/a_(b)"]);
        assert_eq!(
            links("At https://example.org/?!... or https://example.org/b;"),
            ["https://example.org/", "https://example.org/b"]
        );
        assert_eq!(
            links("<https://example.org> \"https://example.org/q\""),
            ["https://example.org", "https://example.org/q"]
        );
        assert_eq!(links("看https://example.org。"), ["https://example.org"]);
        assert_eq!(
            links("https://example.org/a\nhttps://example.org/b"),
            ["https://example.org/a", "https://example.org/b"]
        );
    }

    #[test]
    fn the_pieces_are_the_text_in_order() {
        use Piece::{Link, Text};
        assert_eq!(
            pieces("a https://example.org, b"),
            [Text("a "), Link("https://example.org"), Text(", b")]
        );
    }

    proptest! {
        #[test]
        fn whatever_is_written_the_pieces_join_to_it_and_links_lead_only_to_allowed_schemes(
            text in "([a-zé(). \u{202e}<\"]|http://|https://|HTTPS://|mailto:|tel:|www\\.|javascript:|data:|/|:){0,24}",
        ) {
            let mut joined = String::new();
            for piece in pieces(&text) {
                match piece {
                    Piece::Text(text) => joined.push_str(text),
                    Piece::Open(_) | Piece::Close => prop_assert!(false, "there are no marks"),
                    Piece::Link(link) => {
                        let href = href(link).to_ascii_lowercase();
                        prop_assert!(["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme)));
                        joined.push_str(link);
                    }
                }
            }
            prop_assert_eq!(joined, text);
        }

    }
}
