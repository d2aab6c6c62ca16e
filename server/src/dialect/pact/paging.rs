//! Pages of lists: which one is asked for, and the token of the next.
//!
//! A token holds the number of the last thing on its page, so it stays right while others are added. Whatever isn't a token
//! of this list is the first page.

use crate::dialect::{
    fields::{self, Fields, FromFields, Wrong},
    params::Param,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::limits::NAME_MAX_CHARS;
use utoipa::{IntoParams, ToSchema};

const PER_DEFAULT: u32 = 50;
const PER_MAX: i64 = 100;

/// How much of a digest keeps other text from being taken for a token.
const CHECK_BYTES: usize = 4;

/// What there are lists of. A token of one means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Companies = 1,
    Channels,
    Conversations,
    Messages,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Direction {
    Asc,
    Desc,
}

/// Parameters of every list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next_page` of the page before. Any other text, or none: the first page.
    #[param(max_length = 255, example = "")]
    pub from: Option<String>,
    /// How many there may be on the page.
    #[param(minimum = 1, maximum = 100, default = 50, example = 50)]
    pub per: Option<u32>,
    /// Oldest first, or newest first.
    #[param(inline, default = "asc", example = "asc")]
    pub sort_direction: Option<Direction>,
    /// The same as `sort_direction`, which goes before it.
    #[param(inline, example = "asc")]
    pub sort: Option<Direction>,
}

impl FromFields for PageQuery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from", page_token);
        let per =
            fields.optional("per", fields::integer_in(1, PER_MAX)).and_then(|per| u32::try_from(per).ok());
        let sort_direction = fields.optional("sort_direction", direction);
        let sort = fields.optional("sort", direction);
        Some(Self { from, per, sort_direction, sort })
    }
}

/// Any text may be asked for; only the tokens that were given lead anywhere.
fn page_token(param: &Param) -> Result<String, Wrong> {
    let text = match param {
        Param::Text(values) => values.last().cloned().unwrap_or_default(),
        Param::Json(Value::String(text)) => text.clone(),
        Param::Json(_) => return Err(Wrong::Type("a string")),
    };
    if text.chars().count() > NAME_MAX_CHARS {
        return Err(Wrong::Value(format!("must be at most {NAME_MAX_CHARS} characters")));
    }
    Ok(text)
}

fn direction(param: &Param) -> Result<Direction, Wrong> {
    match fields::text(param)?.as_str() {
        "asc" => Ok(Direction::Asc),
        "desc" => Ok(Direction::Desc),
        _ => Err(Wrong::Value("must be asc or desc".into())),
    }
}

impl PageQuery {
    pub fn per(&self) -> u32 {
        self.per.unwrap_or(PER_DEFAULT)
    }

    pub fn is_descending(&self) -> bool {
        self.sort_direction.or(self.sort) == Some(Direction::Desc)
    }

    /// The number after which the page begins.
    pub fn after(&self, list: List) -> Option<i64> {
        self.from.as_deref().and_then(|token| num_in(list, token))
    }

    /// Cuts what was read, one more than fits if there is more, down to a page; answers with the token of the next.
    pub fn cut<T>(&self, list: List, found: &mut Vec<T>, num: impl Fn(&T) -> i64) -> Option<String> {
        let per = self.per() as usize;
        let has_more = found.len() > per;
        found.truncate(per);
        found.last().filter(|_| has_more).map(|last| token(list, num(last)))
    }
}

/// The token of the page after the thing with this number.
pub fn token(list: List, num: i64) -> String {
    let mut bytes = vec![list as u8];
    bytes.extend(num.to_be_bytes());
    let check = Sha256::digest(&bytes);
    bytes.extend(&check[..CHECK_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn num_in(list: List, text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let num = i64::from_be_bytes(bytes.get(1..9)?.try_into().ok()?);
    (token(list, num) == text).then_some(num)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_by_its_own_list_only() {
        let page = token(List::Messages, 42);
        assert_eq!(num_in(List::Messages, &page), Some(42));
        assert_eq!(num_in(List::Conversations, &page), None);
        for text in ["", "42", "fslkfg2lkdfmlwkmlmw4of94wg34lfkm34lg", &page[1..], &format!("{page}A")] {
            assert_eq!(num_in(List::Messages, text), None, "{text}");
        }
    }
}
