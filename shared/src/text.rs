//! The text of a message, checked where it comes in.

use crate::limits::TEXT_MAX_BYTES;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Text that may be stored: not blank, at most [`TEXT_MAX_BYTES`] bytes of UTF-8, without NUL. Everything else (emoji,
/// direction marks, combining characters, white space at the ends) is kept byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageText(String);

/// Why a text can't be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextProblem {
    /// Nothing but white space.
    Blank,
    /// More than [`TEXT_MAX_BYTES`] bytes.
    TooLong,
    /// It holds a NUL character, which programs written in C would take for the end.
    Nul,
}

impl fmt::Display for TextProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blank => "must not be blank",
            Self::TooLong => "must be at most 16384 bytes of UTF-8",
            Self::Nul => "must not contain the NUL character",
        })
    }
}

impl MessageText {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for MessageText {
    type Error = TextProblem;

    fn try_from(text: String) -> Result<Self, TextProblem> {
        if text.len() > TEXT_MAX_BYTES {
            Err(TextProblem::TooLong)
        } else if text.contains('\0') {
            Err(TextProblem::Nul)
        } else if text.trim().is_empty() {
            Err(TextProblem::Blank)
        } else {
            Ok(Self(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: String) -> Result<(), TextProblem> {
        MessageText::try_from(text).map(drop)
    }

    #[test]
    fn the_limit_counts_bytes_and_includes_its_own_number() {
        assert_eq!(check("a".repeat(TEXT_MAX_BYTES - 1)), Ok(()));
        assert_eq!(check("a".repeat(TEXT_MAX_BYTES)), Ok(()));
        assert_eq!(check("a".repeat(TEXT_MAX_BYTES + 1)), Err(TextProblem::TooLong));
        assert_eq!(check("é".repeat(TEXT_MAX_BYTES / 2)), Ok(()));
        assert_eq!(check("é".repeat(TEXT_MAX_BYTES / 2) + "a"), Err(TextProblem::TooLong));
    }

    #[test]
    fn blank_text_and_nul_are_refused_each_by_its_own_name() {
        assert_eq!(check(String::new()), Err(TextProblem::Blank));
        assert_eq!(check(" \n\u{3000}\t".into()), Err(TextProblem::Blank));
        assert_eq!(check("a\0b".into()), Err(TextProblem::Nul));
    }

    #[test]
    fn what_is_accepted_is_kept_byte_for_byte() {
        let text = "  \u{202e}مرحبا\u{200f} 👩‍👩‍👧 e\u{301}\r\n ";
        assert_eq!(MessageText::try_from(text.to_owned()).unwrap().as_str(), text);
    }
}
