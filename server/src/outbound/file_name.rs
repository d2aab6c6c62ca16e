//! What a fetched file is called: by its server's `Content-Disposition`, else by its URL.

use crate::files::clean_name;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use url::Url;

/// A longer header names nothing; it was made to keep whoever reads it busy.
const HEADER_MAX_BYTES: usize = 4096;

/// Nothing here is trusted: whatever is found goes through [`clean_name`].
pub fn of(headers: &HeaderMap, url: &Url) -> String {
    let disposition =
        headers.get(header::CONTENT_DISPOSITION).filter(|value| value.len() <= HEADER_MAX_BYTES);
    let named = disposition.and_then(|value| from_disposition(&String::from_utf8_lossy(value.as_bytes())));
    let name = named.unwrap_or_else(|| {
        let segment = url.path_segments().and_then(|mut segments| segments.next_back());
        percent_decode_str(segment.unwrap_or_default()).decode_utf8_lossy().into_owned()
    });
    clean_name(&name)
}

/// `filename*`, which can say every name, goes before `filename`.
fn from_disposition(value: &str) -> Option<String> {
    let parameters = parameters(value);
    let find = |wanted: &str| {
        parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    };
    let extended = find("filename*").and_then(|value| {
        let (charset, encoded) = value.split_once('\'')?;
        let (_language, encoded) = encoded.split_once('\'')?;
        let is_utf_8 = charset.eq_ignore_ascii_case("utf-8");
        is_utf_8.then(|| percent_decode_str(encoded).decode_utf8().ok())?.map(Into::into)
    });
    extended.or_else(|| find("filename").map(str::to_owned)).filter(|name| !name.is_empty())
}

/// The parameters after the first semicolon. A quoted value may hold semicolons, and backslashes before what it means.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut characters = value.chars();
    while characters.by_ref().any(|character| character == ';') {
        // Each round begins after a semicolon outside of quotes and leaves the next one to the next round.
        let rest = characters.as_str();
        let Some((name, after)) = rest.split_once('=') else { break };
        if let Some(semicolon) = name.find(';') {
            characters = rest[semicolon..].chars();
            continue;
        }
        let after = after.trim_start();
        let (value, n_bytes) = if let Some(quoted) = after.strip_prefix('"') {
            let (value, n_bytes) = unquote(quoted);
            (value, n_bytes + 1)
        } else {
            let end = after.find(';').unwrap_or(after.len());
            (after[..end].trim_end().to_owned(), end)
        };
        parameters.push((name.trim().to_owned(), value));
        characters = after[n_bytes..].chars();
    }
    parameters
}

/// The text up to the closing quote, and how many bytes it took with that quote.
fn unquote(quoted: &str) -> (String, usize) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, at + 1),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, quoted.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn name(disposition: &str, url: &str) -> String {
        let mut headers = HeaderMap::new();
        if !disposition.is_empty() {
            headers.insert(
                header::CONTENT_DISPOSITION,
                HeaderValue::from_bytes(disposition.as_bytes()).unwrap(),
            );
        }
        of(&headers, &Url::parse(url).unwrap())
    }

    #[test]
    fn a_files_server_names_it() {
        for (disposition, expected) in [
            ("attachment; filename=plain.txt", "plain.txt"),
            ("attachment; filename=\"with space.txt\"", "with space.txt"),
            ("attachment;filename=\"a;b.txt\";size=3", "a;b.txt"),
            ("attachment; filename=\"say \\\"hi\\\".txt\"", "say \"hi\".txt"),
            ("attachment; size=3; FileName = last.txt ", "last.txt"),
            (
                "attachment; filename=\"fallback.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt",
                "naïve €.txt",
            ),
            ("attachment; filename*=utf-8'en'x.txt", "x.txt"),
            ("attachment; filename=\"fallback.txt\"; filename*=latin-1''%E4.txt", "fallback.txt"),
            ("attachment; filename=\"fallback.txt\"; filename*=UTF-8''%ff%fe", "fallback.txt"),
            ("inline; creation; filename=x.png", "x.png"),
            ("attachment; filename=\"never closed", "never closed"),
            ("attachment; filename=\"../../etc/passwd\"", "passwd"),
            ("attachment; filename=naïve.txt", "naïve.txt"),
        ] {
            assert_eq!(name(disposition, "https://host.example/other"), expected, "{disposition}");
        }
    }

    #[test]
    fn without_such_a_name_the_url_tells() {
        for (disposition, url, expected) in [
            ("", "https://host.example/a/photo.jpg?size=large#top", "photo.jpg"),
            ("attachment", "https://host.example/na%C3%AFve%20name.txt", "naïve name.txt"),
            ("attachment; filename=", "https://host.example/photo.jpg", "photo.jpg"),
            ("", "https://host.example/", "file"),
            ("", "https://host.example/a/", "file"),
            ("", "https://host.example/..%2f..%2fetc%2fpasswd", "passwd"),
            ("", "https://host.example/%00%0d%0aSet-Cookie:%20a", "Set-Cookie: a"),
        ] {
            assert_eq!(name(disposition, url), expected, "{disposition} {url}");
        }
    }

    #[test]
    fn a_header_that_is_longer_than_any_name_is_not_read() {
        let url = "https://host.example/photo.jpg";
        let long = |length: usize| format!("attachment; filename=a.txt{}", ";".repeat(length - 26));
        assert_eq!(name(&long(HEADER_MAX_BYTES), url), "a.txt");
        assert_eq!(name(&long(HEADER_MAX_BYTES + 1), url), "photo.jpg");
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(disposition in "(;|=|\"|\\\\|'|%|filename|filename\\*|.){0,40}") {
            let _ = from_disposition(&disposition);
        }
    }
}
