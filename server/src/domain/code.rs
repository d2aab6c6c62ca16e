//! The short spelling of an id: the same 128 bits in 22 url-safe characters. It is derived, never stored.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// Spells an id short.
pub fn encode(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

/// Reads a short spelling; nothing for text that is none.
pub fn decode(code: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(code).ok()?;
    Uuid::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_and_other_text_is_not() {
        let id = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(decode(&encode(id)), Some(id));
        for text in ["", "AZMAAA", "01930000-0000-7000-8000-000000000001", "????????????????????????"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
