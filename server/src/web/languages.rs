//! The panel's languages: which of them a visitor gets, and `GET /widget/v1/texts/LANGUAGE`, the texts of one.

use crate::{app::App, web::accepted};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Response, header},
};

/// A file of `widget/locales/`.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    pub tag: &'static str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    /// As JSON.
    pub texts: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// The language of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    pub language: &'static Language,
    /// What the browser would rather have was asked, so that another visitor may get another language from the same address.
    is_browsers: bool,
}

impl Choice {
    /// The first of these tags that is a language of ours; else what the browser would rather have; else English.
    pub fn of<'t>(tags: impl IntoIterator<Item = Option<&'t str>>, request: &HeaderMap) -> Self {
        if let Some(language) = tags.into_iter().flatten().find_map(language_of) {
            return Self { language, is_browsers: false };
        }
        let mut wanted: Vec<_> = accepted(request, header::ACCEPT_LANGUAGE).collect();
        // Equals stay in the order in which they were named.
        wanted.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let wanted = wanted.into_iter().find_map(|(tag, _)| language_of(tag));
        let language = wanted.or_else(|| language_of("en")).expect("English is always there");
        Self { language, is_browsers: true }
    }

    /// Lets caches know what the answer depends on.
    pub fn tell(&self, response: &mut Response<Body>) {
        if self.is_browsers {
            response
                .headers_mut()
                .insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language"));
        }
    }
}

/// The language that a tag such as `pt-PT` or `zh_TW` asks for, if it is one of ours.
fn language_of(tag: &str) -> Option<&'static Language> {
    let tag = tag.to_ascii_lowercase();
    let mut subtags = tag.split(['-', '_']);
    let ours = match subtags.next()? {
        // What older systems still say.
        "iw" => "he",
        "in" => "id",
        // Chinese is written in two ways, which a tag names, or else its region does.
        "zh" => match subtags.find(|subtag| matches!(*subtag, "hans" | "hant" | "hk" | "mo" | "tw")) {
            None | Some("hans") => "zh-Hans",
            Some(_) => "zh-Hant",
        },
        other => other,
    };
    // A language that we have in one variety is better in that than not at all.
    let fits = |language: &&Language| language.tag == ours || language.tag.split('-').next() == Some(ours);
    LANGUAGES.iter().find(fits)
}

/// The texts, for a panel whose language changes while it is open.
pub async fn texts(State(app): State<App>, Path(tag): Path<String>, headers: HeaderMap) -> Response<Body> {
    let choice = Choice::of([Some(&*tag)], &headers);
    let Language { tag, texts, .. } = choice.language;
    let body = app.web.texts.get(tag, || (*texts).to_owned());
    let mut response = body.answer(&headers, "application/json");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    choice.tell(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(tags: &[&str], accept_language: &str) -> (&'static str, bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::try_from(accept_language).unwrap());
        let choice = Choice::of(tags.iter().copied().map(Some), &headers);
        (choice.language.tag, choice.is_browsers)
    }

    #[test]
    fn each_language_is_had_by_its_own_tag() {
        assert!(LANGUAGES.len() >= 20);
        for language in LANGUAGES {
            assert_eq!(language_of(language.tag), Some(language));
            assert_eq!(language_of(&language.tag.to_uppercase()), Some(language));
        }
    }

    #[test]
    fn a_tag_gets_the_language_that_its_reader_expects() {
        for (tag, ours) in [
            ("en-GB", "en"),
            ("de_AT", "de"),
            ("pt", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("es-419", "es"),
            ("iw", "he"),
            ("iw-IL", "he"),
            ("in", "id"),
            ("zh", "zh-Hans"),
            ("zh-CN", "zh-Hans"),
            ("zh-SG", "zh-Hans"),
            ("zh-TW", "zh-Hant"),
            ("zh-HK", "zh-Hant"),
            ("zh_MO", "zh-Hant"),
            ("zh-Hant-CN", "zh-Hant"),
            ("zh-Hans-HK", "zh-Hans"),
            ("ar-EG-u-nu-latn", "ar"),
        ] {
            assert_eq!(language_of(tag).map(|language| language.tag), Some(ours), "{tag}");
        }
    }

    #[test]
    fn what_is_no_language_of_ours_gets_none() {
        for tag in ["", "-", "*", "xx", "tlh", "d", "deu", "english", "zh2", "e n", "<script>", "\u{0}", "ру"]
        {
            assert_eq!(language_of(tag), None, "{tag}");
        }
    }

    #[test]
    fn the_first_tag_that_can_be_served_wins_over_the_browsers_wishes() {
        assert_eq!(chosen(&["fr", "de"], "ja"), ("fr", false));
        assert_eq!(chosen(&["xx", "de"], "ja"), ("de", false));
        assert_eq!(chosen(&["xx"], "ja"), ("ja", true));
    }

    #[test]
    fn the_browser_is_given_what_it_would_rather_have() {
        for (accept_language, ours) in [
            ("de-DE,de;q=0.9,en;q=0.8", "de"),
            ("ca, fr;q=0.4, es;q=0.8", "es"),
            ("fr;q=0.8, it;q=0.8", "fr"),
            ("de;q=0, pl;q=0.1", "pl"),
            ("zh-HK", "zh-Hant"),
            ("ca", "en"),
            ("*", "en"),
            ("", "en"),
            ("de;q=much, nl;q=nan, ;;,=, it;q=0.1", "it"),
        ] {
            assert_eq!(chosen(&[], accept_language), (ours, true), "{accept_language}");
        }
    }
}
