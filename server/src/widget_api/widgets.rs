//! A widget's public settings.

use crate::{
    app::App,
    domain::Error,
    widget_api::{convert, error::Result, extract::InPath},
};
use axum::{Json, extract::State};
use shared::{WidgetId, WidgetSettings};

pub async fn get_widget(
    State(app): State<App>,
    InPath(id): InPath<WidgetId>,
) -> Result<Json<WidgetSettings>> {
    let widget = app.store.widget(id).await?.ok_or(Error::NotFound)?;
    Ok(Json(convert::widget_settings(widget)))
}
