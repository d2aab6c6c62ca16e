//! The name under which a file's bytes are kept: random, so that who doesn't know it can't ask for it.

use crate::clock::random_bytes;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

/// 256 random bits, spelled in 43 url-safe characters. Nothing else is a key, so that none can lead out of its directory.
/// It doesn't print itself: whoever reads it in a log could read the file.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileKey(String);

impl FileKey {
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()))
    }

    /// A key in its only spelling; `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        // The decoder refuses padding, foreign characters and spare bits that are not zero.
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_read_back_and_does_not_print_itself() {
        let key = FileKey::generate();
        assert_eq!(FileKey::parse(key.as_str()), Some(key.clone()));
        assert_ne!(key, FileKey::generate());
        assert!(!format!("{key:?}").contains(key.as_str()));
    }

    #[test]
    fn only_the_one_spelling_of_a_key_is_a_key() {
        let zeros = "A".repeat(43);
        assert!(FileKey::parse(&zeros).is_some());
        for text in [
            String::new(),
            "A".repeat(42),
            "A".repeat(44),
            format!("{zeros}="),
            // The last character's lowest two bits belong to no byte.
            format!("{}B", "A".repeat(42)),
            format!("../{}", "A".repeat(40)),
            format!("..%2f{}", "A".repeat(38)),
            format!("/etc/passwd{}", "A".repeat(32)),
            format!("{}.", "A".repeat(42)),
            format!("{}/", "A".repeat(42)),
            format!("{}\\", "A".repeat(42)),
            format!("{}\0", "A".repeat(42)),
            format!("{}+", "A".repeat(42)),
            format!(" {zeros}"),
            format!("{zeros}\n"),
            "Ａ".repeat(43),
        ] {
            assert_eq!(FileKey::parse(&text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_a_key_is_a_single_harmless_path_segment(text in "[A-Za-z0-9_./\\\\-]{43}|[A-Za-z0-9_-]{42}[A-Za-z]") {
            if let Some(key) = FileKey::parse(&text) {
                prop_assert!(key.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
                prop_assert_eq!(key.as_str(), text);
            }
        }
    }
}
