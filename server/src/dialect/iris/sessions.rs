//! Opening sessions. Their requests bring an API token; every other request brings the session's.

use super::wire::{
    Envelope, Initialise, InitialiseByRoom, InitialiseByRoomResponse, InitialiseResponse, Outcome,
    SessionContent,
};
use crate::{
    app::App,
    auth::Token,
    dialect::{
        Input, Reader, Reply, Result, Session,
        fields::{Fields, FromFields},
        idempotency,
        params::Params,
    },
    domain::{Error, Principal},
};
use axum::{Extension, extract::State, http::request::Parts};

/// What the addresses of these operations begin with.
pub const PATH: &str = "/System/Session/";

/// Recognises the API token, which must be of the company whose property is named.
pub async fn authenticate(app: &App, parts: &mut Parts, params: &Params) -> Result<Principal, Error> {
    // A token is answered once and kept nowhere, so an answer that holds one can't be given again.
    parts.headers.remove(idempotency::HEADER);
    let mut fields = Fields::of(params);
    let credentials = if parts.uri.path().ends_with("ByRoom") {
        InitialiseByRoom::read(&mut fields).map(|body| (body.interface_token, body.property_code))
    } else {
        Initialise::read(&mut fields).map(|body| (body.interface_token, body.property_code))
    };
    let (interface_token, property_code) = fields.finish(credentials)?;
    let caller = match app.administration.authenticate(&interface_token).await {
        Err(Error::TokenInvalid) => Err(Error::invalid("interfaceToken", "is not valid")),
        caller => caller,
    }?;
    if caller.property_code != property_code {
        return Err(Error::invalid("propertyCode", "is not of the interfaceToken's company"));
    }
    Ok(caller)
}

/// Opens a session
///
/// The session is the staff's: it sees every conversation of the property. The token in the envelope goes into every
/// further request. It is good for 24 hours after it was last used, and no longer than its interface token.
#[utoipa::path(
    post,
    path = "/System/Session/Initialise",
    tag = "iris",
    operation_id = "iris_initialise_session",
    request_body(content((Initialise = "application/json"), (Initialise = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "The session, or why there is none", body = Outcome<InitialiseResponse>)),
)]
pub async fn initialise(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(body): Input<Initialise>,
) -> Result<(Extension<Session>, Reply<Envelope<InitialiseResponse>>)> {
    let token = app.guest_sessions.open(&caller, None, body.language_code).await?;
    Ok((repeated(&token), Reply(content(body.property_code).into())))
}

/// Opens a guest's session
///
/// The session is that of the guest with this last name in this room: it sees the guest's own conversations.
#[utoipa::path(
    post,
    path = "/System/Session/InitialiseByRoom",
    tag = "iris",
    operation_id = "iris_initialise_session_by_room",
    request_body(
        content((InitialiseByRoom = "application/json"), (InitialiseByRoom = "application/x-www-form-urlencoded"))
    ),
    responses((
        status = 200,
        description = "The session, or why there is none",
        body = Outcome<InitialiseByRoomResponse>,
    )),
)]
pub async fn initialise_by_room(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(body): Input<InitialiseByRoom>,
) -> Result<(Extension<Session>, Reply<Envelope<InitialiseByRoomResponse>>)> {
    let guest = app.customers.guest_of_room(caller.company, &body.last_name, body.room_number).await?;
    let token = app.guest_sessions.open(&caller, Some(guest.id), body.language_code).await?;
    Ok((repeated(&token), Reply(content(body.property_code).into())))
}

fn repeated(token: &Token) -> Extension<Session> {
    Extension(Session(token.reveal().to_owned()))
}

fn content(property_code: String) -> SessionContent {
    SessionContent { brand_code: property_code.clone(), group_code: property_code }
}
