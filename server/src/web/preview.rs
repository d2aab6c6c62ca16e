//! The widget that a page's address names; in mock mode also a preview of it: how it would be with other settings.
//!
//! A preview is named `ID~SETTINGS`, where SETTINGS is a form with the API's fields, in base64url. It stores nothing, and who
//! may frame the panel stays as it is.

use crate::{
    app::App,
    dialect::{
        fields::{Fields, FromFields},
        params::Params,
    },
    domain::{Result, Widget, WidgetChange},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A widget as it is to be shown.
pub struct Shown {
    pub widget: Widget,
    /// What the panel's address has to name, so that it shows the same.
    pub name: String,
}

/// Nothing for a name that no widget has, and for a preview that could not be a widget's settings.
pub async fn find(app: &App, name: &str) -> Result<Option<Shown>> {
    let (id, settings) = match name.split_once('~').filter(|_| app.web.is_mock) {
        Some((id, settings)) => (id, Some(settings)),
        None => (name, None),
    };
    let Ok(id) = id.parse() else { return Ok(None) };
    let Some(widget) = app.store.widget(id).await? else { return Ok(None) };
    Ok(match settings {
        None => Some(Shown { name: widget.id.to_string(), widget }),
        Some(settings) => {
            change(settings).map(|change| Shown { name: name.to_owned(), widget: widget.changed(change) })
        }
    })
}

fn change(settings: &str) -> Option<WidgetChange> {
    let form = URL_SAFE_NO_PAD.decode(settings).ok()?;
    let params = Params::of_form(&form)?;
    let mut fields = Fields::of(&params);
    let change = WidgetChange::read(&mut fields);
    let change = fields.finish(change).ok()?;
    Some(WidgetChange { allowed_domains: None, ..change })
}
