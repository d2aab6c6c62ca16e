//! Responses as a person reads them.

use super::{Agent, Channel, Company, PlanWord, Response, ScopeWord, Token, Widget, WidgetSettings};
use clap::ValueEnum;
use serde_json::Value;
use std::{fmt, slice::from_ref};

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Company(company) => companies(from_ref(company), f),
            Self::Companies(all) => companies(all, f),
            Self::Agent(agent) => agents(from_ref(agent), f),
            Self::Agents(all) => agents(all, f),
            Self::Tokens(all) => tokens(all, f),
            Self::NewToken(new) => {
                tokens(from_ref(&new.about), f)?;
                write!(f, "\nThe token, which is not shown again:\n\n    {}\n", new.token)
            }
            Self::Widget(widget) => widgets(from_ref(widget), f),
            Self::Widgets(all) => widgets(all, f),
            Self::WidgetSettings(widget) => widget_settings(widget, f),
            Self::WidgetSecret(secret) => {
                write!(
                    f,
                    "The secret of widget {}, which is not shown again:\n\n    {}\n",
                    secret.id, secret.secret
                )
            }
            Self::Channel(channel) => channels(from_ref(channel), f),
            Self::Channels(all) => channels(all, f),
            Self::Revoked(what) => writeln!(f, "Revoked: {}", clean(what)),
        }
    }
}

fn companies(all: &[Company], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let head = ["num", "name", "plan", "property code", "phone", "id", "created"];
    f.write_str(&table(head, all.iter().map(Company::cells)))
}

fn agents(all: &[Agent], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let head = ["num", "name", "role", "status", "email", "id", "created"];
    f.write_str(&table(head, all.iter().map(Agent::cells)))
}

fn tokens(all: &[Token], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let head = ["id", "name", "agent", "scope", "created", "last used", "state"];
    f.write_str(&table(head, all.iter().map(Token::cells)))
}

fn widgets(all: &[Widget], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&table(["id", "domain", "name", "heading"], all.iter().map(Widget::cells)))
}

/// A setting to a line.
fn widget_settings(widget: &WidgetSettings, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(Value::Object(settings)) = serde_json::to_value(widget) else { return Err(fmt::Error) };
    let value = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        value => value.to_string(),
    };
    f.write_str(&table(["setting", "value"], settings.iter().map(|(name, is)| [name.clone(), value(is)])))?;
    f.write_str("Every other setting is as it is by default.\n")
}

fn channels(all: &[Channel], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let head = ["num", "kind", "state", "default", "id", "created"];
    f.write_str(&table(head, all.iter().map(Channel::cells)))
}

impl Company {
    fn cells(&self) -> [String; 7] {
        [
            self.num.to_string(),
            self.name.clone(),
            self.plan.word(),
            self.property_code.clone(),
            or_dash(self.phone.as_ref()),
            self.id.to_string(),
            self.created_at.clone(),
        ]
    }
}

impl Agent {
    fn cells(&self) -> [String; 7] {
        [
            self.num.to_string(),
            self.name.clone(),
            self.role.clone(),
            self.status.clone(),
            or_dash(self.email.as_ref()),
            self.id.to_string(),
            self.created_at.clone(),
        ]
    }
}

impl Token {
    fn cells(&self) -> [String; 7] {
        [
            self.id.to_string(),
            self.name.clone(),
            self.agent.clone(),
            self.scope.word(),
            self.created_at.clone(),
            or_dash(self.last_used_at.as_ref()),
            if self.is_revoked { "revoked".into() } else { "good".into() },
        ]
    }
}

impl Widget {
    fn cells(&self) -> [String; 4] {
        [
            self.id.to_string(),
            or_dash(self.domain.as_ref()),
            or_dash(self.name.as_ref()),
            self.heading.clone(),
        ]
    }
}

impl Channel {
    fn cells(&self) -> [String; 6] {
        [
            self.num.to_string(),
            self.kind.clone(),
            if self.is_active { "on".into() } else { "off".into() },
            if self.is_default { "default".into() } else { "-".into() },
            self.id.to_string(),
            self.created_at.clone(),
        ]
    }
}

impl PlanWord {
    fn word(self) -> String {
        word_of(&self)
    }
}

impl ScopeWord {
    fn word(self) -> String {
        word_of(&self)
    }
}

/// The word that is typed for a value.
fn word_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn or_dash(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "-".into())
}

/// Columns as wide as their widest cell.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut lines = vec![head.map(str::to_uppercase)];
    lines.extend(rows.map(|row| row.map(|cell| clean(&cell))));
    let widths: [usize; N] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Names come from outside too: what a terminal would obey, or what turns the line around, is not printed.
fn clean(text: &str) -> String {
    let is_obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_names_and_nothing_reaches_the_terminal() {
        let rows = [["1".to_owned(), "A\u{1b}[2Jb".to_owned()], ["22".to_owned(), "ü".to_owned()]];
        assert_eq!(table(["num", "name"], rows.into_iter()), "NUM  NAME\n1    A\u{fffd}[2Jb\n22   ü\n");
    }
}
