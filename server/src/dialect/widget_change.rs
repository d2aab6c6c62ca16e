//! Reading what is to be changed about a widget: for the API, and for the command line, whose flags are the same fields.

use super::{
    fields::{self, Fields, FromFields, Wrong},
    params::Param,
};
use crate::domain::{
    WidgetChange,
    widget::{
        DEFAULT_COLOR, DEFAULT_HEADING, DEFAULT_TAGLINE, NOT_A_LANGUAGE, NOT_A_SOURCE, is_language_tag,
        sources,
    },
};
use shared::{ColorScheme, Consent, Corner, Launcher, OutOfBounds, Sound};

/// The most domains that can be named in one change. They are sent with every panel, in a header.
pub const ALLOWED_DOMAINS_MAX: usize = 30;

/// What is `null` becomes what it is by default.
impl FromFields for WidgetChange {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.clearable("name", fields::name);
        let allowed_domains = fields.clearable("allowed_domains", allowed_domains);
        let heading = fields.clearable("welcome_heading", fields::name);
        // An empty tagline is one, and no question of the default.
        let tagline = fields.nullable("welcome_tagline", fields::short_text);
        let color = fields.clearable("primary_color", fields::color);
        let badge = fields.clearable("show_online_badge", fields::boolean);
        Some(Self {
            name,
            allowed_domains,
            heading: heading.map(|heading| heading.unwrap_or_else(|| DEFAULT_HEADING.into())),
            tagline: tagline.map(|tagline| tagline.unwrap_or_else(|| DEFAULT_TAGLINE.into())),
            color: color.map(|color| color.unwrap_or_else(|| DEFAULT_COLOR.into())),
            logo_url: fields.clearable("logo_url", fields::web_address),
            show_online_badge: badge.map(|badge| badge.unwrap_or(true)),
            color_scheme: fields.resettable("color_scheme", fields::one_of(ColorScheme::WORDS)),
            radius: fields.resettable("radius", bounded),
            position: fields.resettable("position", fields::one_of(Corner::WORDS)),
            offset_x: fields.resettable("offset_x", bounded),
            offset_y: fields.resettable("offset_y", bounded),
            z_index: fields.resettable("z_index", bounded),
            launcher: fields.resettable("launcher", |param| line(param).map(Launcher::from)),
            launcher_label: fields.clearable("launcher_label", line),
            locale: fields.clearable("locale", language_tag),
            consent: fields.resettable("consent", fields::one_of(Consent::WORDS)),
            open_on_load: fields.resettable("open_on_load", fields::boolean),
            sound: fields.resettable("sound", |param| fields::boolean(param).map(Sound)),
            config: fields.resettable("config", fields::object),
        })
    }
}

fn bounded<T: TryFrom<i64, Error = OutOfBounds>>(param: &Param) -> Result<T, Wrong> {
    T::try_from(fields::integer(param)?).map_err(|bounds| Wrong::Value(bounds.to_string()))
}

/// A name on one line.
fn line(param: &Param) -> Result<String, Wrong> {
    let text = fields::name(param)?;
    if text.contains(char::is_control) { Err(Wrong::Value("must be one line".into())) } else { Ok(text) }
}

fn language_tag(param: &Param) -> Result<String, Wrong> {
    let text = fields::text(param)?;
    if is_language_tag(&text) { Ok(text) } else { Err(Wrong::Value(NOT_A_LANGUAGE.into())) }
}

fn allowed_domains(param: &Param) -> Result<Vec<String>, Wrong> {
    let source = |param: &Param| {
        sources(&fields::text(param)?)
            .ok_or_else(|| Wrong::Value(format!("must be a list; each {NOT_A_SOURCE}")))
    };
    let listed = fields::list(source)(param)?;
    if listed.len() > ALLOWED_DOMAINS_MAX {
        return Err(Wrong::Value(format!("must be at most {ALLOWED_DOMAINS_MAX} domains")));
    }
    let mut sources: Vec<String> = Vec::new();
    for source in listed.into_iter().flatten() {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Ok(sources)
}
