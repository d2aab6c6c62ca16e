//! Customers: the people who write, and are written to.

use crate::domain::ChannelKind;
use serde_json::{Map, Value};
use shared::{CompanyId, CustomerId, Timestamp};

#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    pub id: CustomerId,
    pub num: i64,
    pub company: CompanyId,
    pub profile: Profile,
    pub created_at: Timestamp,
}

/// What is known of a customer. Nothing need be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub username: Option<String>,
    /// What the business calls them; one customer of a company has it.
    pub external_id: Option<String>,
    pub avatar_url: Option<String>,
    pub language: Option<String>,
    pub room: Option<String>,
    /// The business's own; kept and given back.
    pub attributes: Map<String, Value>,
}

impl Customer {
    /// What they are called, if that is known.
    pub fn name(&self) -> Option<String> {
        let Profile { name, first_name, last_name, username, .. } = &self.profile;
        let both = [first_name, last_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        name.clone().or_else(|| (!both.is_empty()).then_some(both)).or_else(|| username.clone())
    }

    /// A name to show, if there is anything that names them.
    pub fn display_name(&self) -> Option<String> {
        self.name().or_else(|| self.profile.phone.clone()).or_else(|| self.profile.email.clone())
    }

    /// The first and the last name, as far as they are known.
    pub fn first_and_last_name(&self) -> (Option<String>, Option<String>) {
        let Profile { name, first_name, last_name, .. } = &self.profile;
        match name {
            Some(name) if first_name.is_none() && last_name.is_none() => split_name(name),
            _ => (first_name.clone(), last_name.clone()),
        }
    }
}

/// A full name as a first and a last one: the last word is the last name.
pub fn split_name(name: &str) -> (Option<String>, Option<String>) {
    match name.trim().rsplit_once(char::is_whitespace) {
        Some((first, last)) => (Some(first.trim_end().to_owned()), Some(last.to_owned())),
        None => (Some(name.trim().to_owned()).filter(|name| !name.is_empty()), None),
    }
}

/// What may be changed about a customer: `None` stays, `Some(None)` is cleared.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub name: Option<Option<String>>,
    pub first_name: Option<Option<String>>,
    pub last_name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub username: Option<Option<String>>,
    pub external_id: Option<Option<String>>,
    pub avatar_url: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub room: Option<Option<String>>,
    pub attributes: Option<Map<String, Value>>,
}

impl Profile {
    /// What is known of somebody who is met on an app for the first time, under this handle.
    #[must_use]
    pub fn met_on(kind: ChannelKind, handle: &str, name: Option<String>) -> Self {
        let handle = kind.handle(handle);
        let is_phone = handle.bytes().all(|byte| byte.is_ascii_digit());
        match kind {
            ChannelKind::Whatsapp | ChannelKind::Sms | ChannelKind::TelegramPersonal if is_phone => {
                Self { name, phone: Some(handle), ..Self::default() }
            }
            ChannelKind::Widget => Self { name, ..Self::default() },
            _ => Self { name, username: Some(handle), ..Self::default() },
        }
    }

    #[must_use]
    pub fn changed(self, change: ProfileChange) -> Self {
        Self {
            name: change.name.unwrap_or(self.name),
            first_name: change.first_name.unwrap_or(self.first_name),
            last_name: change.last_name.unwrap_or(self.last_name),
            email: change.email.unwrap_or(self.email),
            phone: change.phone.unwrap_or(self.phone),
            username: change.username.unwrap_or(self.username),
            external_id: change.external_id.unwrap_or(self.external_id),
            avatar_url: change.avatar_url.unwrap_or(self.avatar_url),
            language: change.language.unwrap_or(self.language),
            room: change.room.unwrap_or(self.room),
            attributes: change.attributes.unwrap_or(self.attributes),
        }
    }
}

/// Which customers are meant.
#[derive(Clone, Debug)]
pub enum CustomerFilter {
    All,
    ExternalId(String),
    Email(String),
    /// The guests of a room. The newest come first.
    Room(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_name_is_the_last_name() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(split_name("Ada Lovelace"), (some("Ada"), some("Lovelace")));
        assert_eq!(split_name(" Ada  King Lovelace "), (some("Ada  King"), some("Lovelace")));
        assert_eq!(split_name("Ada"), (some("Ada"), None));
        assert_eq!(split_name(" "), (None, None));
    }
}
