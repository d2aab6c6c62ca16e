//! Reading parameters as the types they have to be, naming everything that is wrong at once.
//!
//! ```text
//! fn read(fields: &mut Fields<'_>) -> Option<Self> {
//!     let on = fields.required("on", name);
//!     let message = fields.optional("message", text);
//!     Some(Self { on: on?, message })
//! }
//! ```
//!
//! A parameter that is `null` is not there. Text from a form or a query may stand for a number or a truth value; text from
//! JSON may not, except where an API's clients are known to send it.

use super::params::{Param, Params};
use crate::domain::{Error, InvalidField, Result};
use serde_json::{Map, Value};
use shared::{
    MessageText,
    limits::{NAME_MAX_CHARS, TEXT_MAX_BYTES},
};
use uuid::Uuid;

/// What can be read from a request's parameters.
pub trait FromFields: Sized {
    /// `None` when something that is needed can't be had; `fields` knows what.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// The parameters of one request, and what was found wrong with them so far.
pub struct Fields<'p> {
    params: &'p Params,
    problems: Vec<InvalidField>,
}

/// Why a parameter can't be read.
pub enum Wrong {
    /// It is something else than this.
    Type(&'static str),
    Value(String),
}

type Read<T> = std::result::Result<T, Wrong>;

impl<'p> Fields<'p> {
    pub const fn of(params: &'p Params) -> Self {
        Self { params, problems: Vec::new() }
    }

    /// A parameter that has to be there.
    pub fn required<T>(&mut self, name: &'static str, read: impl Fn(&Param) -> Read<T>) -> Option<T> {
        if !self.has(name) {
            self.problems.push(InvalidField::missing(name));
            return None;
        }
        self.optional(name, read)
    }

    /// A parameter that may be there. One that is there has to be right.
    pub fn optional<T>(&mut self, name: &'static str, read: impl Fn(&Param) -> Read<T>) -> Option<T> {
        let param = self.params.get(name).filter(|param| !is_null(param))?;
        match read(param) {
            Ok(value) => Some(value),
            Err(Wrong::Type(expected)) => {
                self.problems.push(InvalidField::wrong_type(name, expected));
                None
            }
            Err(Wrong::Value(problem)) => {
                self.problems.push(InvalidField::value(name, problem));
                None
            }
        }
    }

    /// A parameter that may be left out, and may be `null` (or empty in a form) to clear what it stands for.
    pub fn clearable<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Param) -> Read<T>,
    ) -> Option<Option<T>> {
        match self.params.get(name)? {
            Param::Text(values) if values.iter().all(String::is_empty) => Some(None),
            _ => self.nullable(name, read),
        }
    }

    /// The same for what may be an empty text: only `null` clears it.
    pub fn nullable<T>(&mut self, name: &'static str, read: impl Fn(&Param) -> Read<T>) -> Option<Option<T>> {
        if is_null(self.params.get(name)?) { Some(None) } else { self.optional(name, read).map(Some) }
    }

    /// A parameter that may be left out, and may be `null` (or empty in a form) to put back the default.
    pub fn resettable<T: Default>(
        &mut self,
        name: &'static str,
        read: impl Fn(&Param) -> Read<T>,
    ) -> Option<T> {
        self.clearable(name, read).map(Option::unwrap_or_default)
    }

    pub fn has(&self, name: &str) -> bool {
        self.params.get(name).is_some_and(|param| !is_null(param))
    }

    /// Notes something else that is wrong.
    pub fn wrong(&mut self, problem: InvalidField) {
        self.problems.push(problem);
    }

    /// Whether anything was found wrong so far.
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    pub fn finish<T>(self, read: Option<T>) -> Result<T> {
        match read {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ if self.problems.is_empty() => {
                Err(Error::internal("fields were not read, and nothing was wrong"))
            }
            _ => Err(Error::InvalidFields(self.problems)),
        }
    }
}

/// Nothing but what is nowhere.
impl FromFields for () {
    fn read(_fields: &mut Fields<'_>) -> Option<Self> {
        Some(())
    }
}

const fn is_null(param: &Param) -> bool {
    matches!(param, Param::Json(Value::Null))
}

/// Any text, empty or not, up to the length of a message.
pub fn text(param: &Param) -> Read<String> {
    let text = match param {
        Param::Text(values) => values.last().cloned().unwrap_or_default(),
        Param::Json(Value::String(text)) => text.clone(),
        Param::Json(_) => return Err(Wrong::Type("a string")),
    };
    if text.len() > TEXT_MAX_BYTES {
        Err(Wrong::Value(format!("must be at most {TEXT_MAX_BYTES} bytes of UTF-8")))
    } else if text.contains('\0') {
        Err(Wrong::Value("must not contain the NUL character".into()))
    } else {
        Ok(text)
    }
}

/// What a message may say: a text that is not blank.
pub fn message_text(param: &Param) -> Read<MessageText> {
    MessageText::try_from(text(param)?).map_err(|problem| Wrong::Value(problem.to_string()))
}

/// A name or another short text: not blank, up to 255 characters.
pub fn name(param: &Param) -> Read<String> {
    let text = short_text(param)?;
    if text.trim().is_empty() { Err(Wrong::Value("must not be blank".into())) } else { Ok(text) }
}

/// A short text that may be empty.
pub fn short_text(param: &Param) -> Read<String> {
    let text = text(param)?;
    if text.chars().count() > NAME_MAX_CHARS {
        return Err(Wrong::Value(format!("must be at most {NAME_MAX_CHARS} characters")));
    }
    Ok(text)
}

/// A name that may come as a JSON number: phone numbers do.
pub fn name_or_number(param: &Param) -> Read<String> {
    match param {
        Param::Json(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        param => name(param),
    }
}

pub fn uuid(param: &Param) -> Read<Uuid> {
    let text = text(param).map_err(|_| Wrong::Type("a UUID"))?;
    // Only the usual spelling: hyphenated, without braces or a prefix.
    Some(&text)
        .filter(|text| text.len() == 36)
        .and_then(|text| Uuid::try_parse(text).ok())
        .ok_or(Wrong::Type("a UUID"))
}

pub fn integer(param: &Param) -> Read<i64> {
    match param {
        Param::Text(values) => values.last().and_then(|text| text.parse().ok()),
        Param::Json(value) => value.as_i64(),
    }
    .ok_or(Wrong::Type("an integer"))
}

/// An integer from `min` to `max`.
pub fn integer_in(min: i64, max: i64) -> impl Fn(&Param) -> Read<i64> {
    move |param| {
        let number = integer(param)?;
        if (min..=max).contains(&number) {
            Ok(number)
        } else {
            Err(Wrong::Value(format!("must be from {min} to {max}")))
        }
    }
}

/// `true` or `false`; in a form or a query also 1, 0, yes, no, on, off.
pub fn boolean(param: &Param) -> Read<bool> {
    let known = match param {
        Param::Json(value) => value.as_bool(),
        Param::Text(values) => match values.last().map(|text| text.to_ascii_lowercase()).as_deref() {
            Some("true" | "1" | "yes" | "on") => Some(true),
            Some("false" | "0" | "no" | "off") => Some(false),
            _ => None,
        },
    };
    known.ok_or(Wrong::Type("a boolean"))
}

/// A JSON object; in a form, one written as text.
pub fn object(param: &Param) -> Read<Map<String, Value>> {
    let object = match param {
        Param::Json(Value::Object(object)) => Some(object.clone()),
        Param::Json(_) => None,
        Param::Text(values) => values.last().and_then(|text| serde_json::from_str(text).ok()),
    };
    let object = object.ok_or(Wrong::Type("an object"))?;
    if Value::Object(object.clone()).to_string().contains("\\u0000") {
        return Err(Wrong::Value("must not contain the NUL character".into()));
    }
    Ok(object)
}

/// A list, each item of it read by `read`. One item may stand alone.
pub fn list<T>(read: impl Fn(&Param) -> Read<T>) -> impl Fn(&Param) -> Read<Vec<T>> {
    move |param| match param {
        Param::Text(values) => values.iter().map(|value| read(&Param::Text(vec![value.clone()]))).collect(),
        Param::Json(Value::Array(values)) => {
            values.iter().map(|value| read(&Param::Json(value.clone()))).collect()
        }
        Param::Json(_) => Err(Wrong::Type("a list")),
    }
}

/// One of some words, whatever their case.
pub fn one_of<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Param) -> Read<T> {
    move |param| {
        let text = text(param)?;
        words.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)).map(|(_, value)| *value).ok_or_else(
            || {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                Wrong::Value(format!("must be one of {}", words.join(", ")))
            },
        )
    }
}

/// An http or https address.
pub fn web_address(param: &Param) -> Read<String> {
    let text = text(param)?;
    let is_address = ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let is_clean = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_address && is_clean && text.len() <= 2048 {
        Ok(text)
    } else {
        Err(Wrong::Value("must be an http or https address of at most 2048 characters".into()))
    }
}

/// `#rrggbb`.
pub fn color(param: &Param) -> Read<String> {
    let text = text(param)?;
    let is_color = text.len() == 7
        && text.strip_prefix('#').is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_color { Ok(text) } else { Err(Wrong::Value("must be a colour such as #7650ff".into())) }
}
