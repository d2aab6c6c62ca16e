//! A widget's settings as they are typed: all of them text, read by what reads the API's fields, so that a value which the
//! one takes the other takes too.

use super::Failure;
use crate::{
    dialect::{
        fields::{Fields, FromFields},
        params::Params,
    },
    domain::{Error, WidgetChange},
};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// On the wire by the names of the API's fields. A flag with an empty value puts back the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WidgetFlags {
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A page that may show it: example.com, <https://*.example.com>, <http://localhost:*>. Once for each.
    #[arg(long = "allowed-domain", value_name = "DOMAIN")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_domains: Vec<String>,
    #[arg(long)]
    #[serde(rename = "welcome_heading", skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The line under the heading; may be empty.
    #[arg(long)]
    #[serde(rename = "welcome_tagline", skip_serializing_if = "Option::is_none")]
    pub tagline: Option<String>,
    /// Such as #7650ff.
    #[arg(long)]
    #[serde(rename = "primary_color", skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// An https address of a picture.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// true or false.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_online_badge: Option<String>,
    /// system, light or dark.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_scheme: Option<String>,
    /// 0 to 32 pixels.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<String>,
    /// end or start.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// 0 to 400 pixels.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_x: Option<String>,
    /// 0 to 400 pixels.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_y: Option<String>,
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub z_index: Option<String>,
    /// default, hidden, or a CSS selector of the page's own elements.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launcher: Option<String>,
    /// What the launcher is called for those who don't see it.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launcher_label: Option<String>,
    /// A language, such as de or pt-BR; by default the page's.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What may be kept in the visitor's browser: full, session or none.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// true or false.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_on_load: Option<String>,
    /// true or false.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<String>,
}

/// Fields of the API that have another name on the command line.
const SHORT_NAMES: [(&str, &str); 4] = [
    ("welcome_heading", "heading"),
    ("welcome_tagline", "tagline"),
    ("primary_color", "color"),
    ("allowed_domains", "allowed-domain"),
];

impl WidgetFlags {
    /// What they change, or everything that is wrong with them.
    pub(super) fn read(&self) -> Result<WidgetChange, Failure> {
        let params = Params::of_texts(self.texts()?);
        let mut fields = Fields::of(&params);
        let change = WidgetChange::read(&mut fields);
        fields.finish(change).map_err(|error| match error {
            Error::InvalidFields(problems) => {
                let problems =
                    problems.iter().map(|field| format!("--{} {}", flag(field.field), field.problem));
                Failure::invalid(problems.collect::<Vec<_>>().join("; "))
            }
            error => error.into(),
        })
    }

    /// Each field that was given, with its values.
    fn texts(&self) -> Result<Vec<(String, Vec<String>)>, Error> {
        let Value::Object(given) = serde_json::to_value(self).map_err(Error::internal)? else {
            return Err(Error::internal("flags are an object"));
        };
        let texts = |value: Value| -> Vec<String> {
            match value {
                Value::Array(values) => values.into_iter().filter_map(text).collect(),
                value => text(value).into_iter().collect(),
            }
        };
        Ok(given.into_iter().map(|(name, value)| (name, texts(value))).collect())
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The flag of a field.
fn flag(field: &str) -> String {
    let short = SHORT_NAMES.iter().find(|(name, _)| *name == field).map(|(_, short)| (*short).to_owned());
    short.unwrap_or_else(|| field.replace('_', "-"))
}
