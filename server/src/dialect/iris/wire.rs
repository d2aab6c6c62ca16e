//! What the JSON of iRiS looks like. Fields stand in the order of the API's document.

use crate::{
    dialect::{
        fields::{self, Fields, FromFields},
        params::Param,
    },
    domain::Error,
};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::limits::{PAGE_DEFAULT, PAGE_MAX};
use utoipa::{IntoParams, ToSchema};

/// What every answer is, with the one response `R` in it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<R> {
    /// Takes the place of the token that was sent.
    // Filled in when the answer leaves; see `repeat_session`.
    #[schema(value_type = String, example = "Yq0mRZ0nSxC5W3m8x9f0Qv1k2J7hT4uLzE6bDgAaPso")]
    session_token: Option<String>,
    /// The names of the responses, joined by commas.
    responses_included: &'static str,
    responses: [R; 1],
    status: Success,
}

/// What an envelope begins with before its session is filled in.
pub const WITHOUT_SESSION: &[u8] = br#"{"sessionToken":null"#;

impl<R> Envelope<R> {
    const fn new(name: &'static str, response: R) -> Self {
        Self {
            session_token: None,
            responses_included: name,
            responses: [response],
            status: Success::Success,
        }
    }
}

/// A response that has something to say.
#[derive(Serialize, ToSchema)]
pub struct Answer<C> {
    content: C,
    #[schema(example = true)]
    succeeded: bool,
}

macro_rules! responses {
    ($($response:ident { $field:ident: $content:ty } = $name:literal;)*) => {$(
        #[derive(Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $response {
            $field: Answer<$content>,
        }

        impl From<$content> for Envelope<$response> {
            fn from(content: $content) -> Self {
                Self::new($name, $response { $field: Answer { content, succeeded: true } })
            }
        }
    )*};
}

responses! {
    InitialiseResponse { initialise_response: SessionContent } = "initialiseResponse";
    InitialiseByRoomResponse { initialise_by_room_response: SessionContent } = "initialiseByRoomResponse";
    CreateConversationResponse { create_conversation_response: ConversationContent } = "createConversationResponse";
    GetConversationResponse { get_conversation_response: ConversationContent } = "getConversationResponse";
    GetConversationsResponse { get_conversations_response: ConversationsContent } = "getConversationsResponse";
    CreateMessageResponse { create_message_response: MessageContent } = "createMessageResponse";
    GetMessagesResponse { get_messages_response: MessagesContent } = "getMessagesResponse";
}

/// A response that says that it was done, and no more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoneResponse {
    response_status: Done,
}

#[derive(Serialize, ToSchema)]
pub struct Done {
    #[schema(example = true)]
    succeeded: bool,
}

impl Envelope<DoneResponse> {
    pub const fn done() -> Self {
        Self::new("responseStatus", DoneResponse { response_status: Done { succeeded: true } })
    }
}

/// What an operation answers with the status 200: that it was done, or why not.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Outcome<R> {
    Done(Envelope<R>),
    Refused(ErrorBody),
}

#[derive(Serialize, ToSchema)]
pub enum Success {
    Success,
}

#[derive(Serialize, ToSchema)]
pub enum Failure {
    Failure,
}

/// The envelope of a failure.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Null when the request was refused before its session was known.
    #[schema(required)]
    session_token: Option<String>,
    #[schema(example = "responseStatus")]
    responses_included: &'static str,
    responses: [RefusedResponse; 1],
    status: Failure,
    error_code: ErrorCode,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefusedResponse {
    response_status: Refused,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Refused {
    #[schema(example = false)]
    succeeded: bool,
    /// A sentence for the developer who reads it.
    #[schema(example = "outletCode is no outlet of the property")]
    message: String,
    /// What the log knows the request by; only when it is the server's fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl ErrorBody {
    pub fn new(
        session_token: Option<String>,
        error_code: ErrorCode,
        message: String,
        request_id: Option<String>,
    ) -> Self {
        let response_status = Refused { succeeded: false, message, request_id };
        Self {
            session_token,
            responses_included: "responseStatus",
            responses: [RefusedResponse { response_status }],
            status: Failure::Failure,
            error_code,
        }
    }
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum ErrorCode {
    /// There is no session token, or its session is over. Initialise another.
    InvalidSessionToken,
    /// Fields that can't be accepted; the message names all of them.
    ValidationError,
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// The API token's scope does not reach so far.
    Forbidden,
    /// The conversation is closed.
    ConversationClosed,
    /// The property's default channel is switched off, or there is none.
    ChannelUnusable,
    AlreadyExists,
    /// The Idempotency-Key was used for another request.
    IdempotencyKeyReused,
    /// The request with this Idempotency-Key is still being answered.
    IdempotencyKeyInUse,
    MalformedRequest,
    MethodNotAllowed,
    RequestTimeout,
    RequestTooLarge,
    UnsupportedMediaType,
    TooManyRequests,
    Unavailable,
    InternalError,
}

impl ErrorCode {
    pub const fn of(error: &Error) -> Self {
        match error {
            Error::CredentialsMissing | Error::TokenInvalid | Error::TokenExpired => {
                Self::InvalidSessionToken
            }
            Error::InvalidFields(_) => Self::ValidationError,
            Error::NotFound => Self::NotFound,
            Error::Forbidden(_) => Self::Forbidden,
            Error::ConversationClosed => Self::ConversationClosed,
            Error::ChannelUnusable(_) => Self::ChannelUnusable,
            Error::AlreadyExists(_) => Self::AlreadyExists,
            Error::ClientIdReused | Error::KeyReused => Self::IdempotencyKeyReused,
            Error::KeyInUse => Self::IdempotencyKeyInUse,
            Error::Malformed(_) => Self::MalformedRequest,
            Error::MethodNotAllowed => Self::MethodNotAllowed,
            Error::TooSlow => Self::RequestTimeout,
            Error::TooLarge(_) => Self::RequestTooLarge,
            Error::UnsupportedMediaType(_) => Self::UnsupportedMediaType,
            Error::TooManyRequests(_) => Self::TooManyRequests,
            Error::Unavailable(_) => Self::Unavailable,
            Error::Internal(_) => Self::InternalError,
        }
    }
}

/// What opens a session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Initialise {
    /// The company, as its operator or `demo.json` names it.
    #[schema(example = "DEMO", min_length = 1, max_length = 255)]
    pub property_code: String,
    /// An API token of that company.
    #[schema(example = "01934f6a2b7c7d3e8f90a1b2c3d4e5f6.c2VjcmV0", min_length = 1)]
    pub interface_token: String,
    /// Of the client. Read by nobody.
    #[schema(example = "40")]
    pub version: Option<String>,
    /// The language that is written in, as a BCP 47 tag.
    #[schema(example = "en", max_length = 255)]
    pub language_code: Option<String>,
}

impl FromFields for Initialise {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let property_code = fields.required("propertyCode", fields::name);
        let interface_token = fields.required("interfaceToken", fields::text);
        let language_code = optional_name(fields, "languageCode");
        Some(Self {
            property_code: property_code?,
            interface_token: interface_token?,
            version: None,
            language_code,
        })
    }
}

/// What opens the session of a guest.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct InitialiseByRoom {
    /// The company, as its operator or `demo.json` names it.
    #[schema(example = "DEMO", min_length = 1, max_length = 255)]
    pub property_code: String,
    /// An API token of that company.
    #[schema(example = "01934f6a2b7c7d3e8f90a1b2c3d4e5f6.c2VjcmV0", min_length = 1)]
    pub interface_token: String,
    /// In any letter case.
    #[schema(example = "Lovelace", min_length = 1, max_length = 255)]
    pub last_name: String,
    #[schema(example = "101", min_length = 1, max_length = 255)]
    pub room_number: String,
    /// Of the client. Read by nobody.
    #[schema(example = "40")]
    pub version: Option<String>,
    /// The language that is written in, as a BCP 47 tag.
    #[schema(example = "en", max_length = 255)]
    pub language_code: Option<String>,
}

impl FromFields for InitialiseByRoom {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let session = Initialise::read(fields);
        let last_name = fields.required("lastName", fields::name);
        let room_number = fields.required("roomNumber", fields::name_or_number);
        let Initialise { property_code, interface_token, version, language_code } = session?;
        Some(Self {
            property_code,
            interface_token,
            last_name: last_name?,
            room_number: room_number?,
            version,
            language_code,
        })
    }
}

/// A conversation to be created.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateConversation {
    /// The first message. Without one, or with an empty one, the conversation has no messages yet.
    #[schema(example = "Could we have two more towels?")]
    pub message: Option<String>,
    /// Who writes: `guest` the session's guest, empty the staff.
    #[schema(value_type = Option<String>, pattern = "^(guest)?$", example = "")]
    pub conversation_type: Option<ConversationType>,
    /// An outlet of the property; empty its first one.
    #[schema(example = "MAIN", max_length = 255)]
    pub outlet_code: Option<String>,
    /// Kept with the conversation.
    #[schema(example = "ORDER-17", max_length = 255)]
    pub order_code: Option<String>,
    /// Required: here, or in the query.
    pub session_token: Option<String>,
}

/// How a conversation is created, where it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationType {
    Guest,
}

const CONVERSATION_TYPES: &[(&str, ConversationType)] = &[("guest", ConversationType::Guest)];

impl FromFields for CreateConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            message: fields.optional("message", fields::text).filter(|message| !message.is_empty()),
            conversation_type: optional_word(fields, "conversationType", CONVERSATION_TYPES),
            outlet_code: optional_name(fields, "outletCode"),
            order_code: optional_name(fields, "orderCode"),
            session_token: None,
        })
    }
}

/// A conversation to be created for a guest whom nobody has verified, with the form they filled in.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateNonVerifiedGuestConversation {
    /// The first message. Without one, or with an empty one, the conversation has no messages yet.
    #[schema(example = "A table for two, please.")]
    pub message: Option<String>,
    /// Who writes: `guest` the guest, empty the staff.
    #[schema(value_type = Option<String>, pattern = "^(guest)?$", example = "")]
    pub conversation_type: Option<ConversationType>,
    /// An outlet of the property; empty its first one.
    #[schema(example = "MAIN", max_length = 255)]
    pub outlet_code: Option<String>,
    /// Kept with the conversation.
    #[schema(example = "ORDER-17", max_length = 255)]
    pub order_code: Option<String>,
    /// The form, by the names of its fields. Kept with the conversation.
    #[schema(value_type = Option<Object>, example = json!({ "Guests": "2", "Time": "19:30" }))]
    pub order_form_details_dictionary: Option<Map<String, Value>>,
    /// Required: here, or in the query.
    pub session_token: Option<String>,
}

impl FromFields for CreateNonVerifiedGuestConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let form = fields.optional("orderFormDetailsDictionary", fields::object);
        let CreateConversation { message, conversation_type, outlet_code, order_code, session_token } =
            CreateConversation::read(fields)?;
        Some(Self {
            message,
            conversation_type,
            outlet_code,
            order_code,
            order_form_details_dictionary: form,
            session_token,
        })
    }
}

/// A message for a conversation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateMessage {
    #[schema(example = "They are on their way.", min_length = 1)]
    pub message: String,
    /// Who writes. Empty: the guest in a session of a guest, the staff in any other.
    #[schema(value_type = Option<String>, pattern = "^(guest|staff)?$", example = "staff")]
    pub message_type: Option<MessageType>,
    /// Required: here, or in the query.
    pub session_token: Option<String>,
}

const MESSAGE_TYPES: &[(&str, MessageType)] = &[("guest", MessageType::Guest), ("staff", MessageType::Staff)];

impl FromFields for CreateMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let message = fields.required("message", fields::text);
        let message_type = optional_word(fields, "messageType", MESSAGE_TYPES);
        Some(Self { message: message?, message_type, session_token: None })
    }
}

/// The body of a request that has nothing to say but its session.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct OnlySession {
    /// Required: here, or in the query.
    pub session_token: Option<String>,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
pub struct Page {
    /// 1 is the first page.
    #[param(minimum = 1, maximum = 1_000_000, default = 1, required = false)]
    pub page_number: u32,
    #[param(minimum = 1, maximum = 100, default = 30, required = false)]
    pub page_length: u32,
}

/// Page numbers are counted so far, which keeps every offset a number that the store takes.
const PAGE_NUMBER_MAX: u32 = 1_000_000;

impl FromFields for Page {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut read = |name, max: u32, default| {
            let number = fields.clearable(name, fields::integer_in(1, max.into())).flatten();
            number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
        };
        let page_number = read("PageNumber", PAGE_NUMBER_MAX, 1);
        let page_length = read("PageLength", PAGE_MAX, PAGE_DEFAULT);
        Some(Self { page_number, page_length })
    }
}

impl Page {
    /// How many things stand on the pages before.
    pub const fn offset(self) -> u32 {
        (self.page_number - 1) * self.page_length
    }
}

/// In which order messages are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "PascalCase")]
pub struct Order {
    /// Whether the newest comes first.
    #[param(default = false, required = false)]
    pub descending_order: bool,
}

impl FromFields for Order {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let descending_order = fields.clearable("DescendingOrder", fields::boolean).flatten();
        Some(Self { descending_order: descending_order.unwrap_or(false) })
    }
}

/// A short text. An empty one is as good as none.
fn optional_name(fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    fields.optional(name, fields::short_text).filter(|text| !text.is_empty())
}

/// One of some words. An empty text is as good as none.
fn optional_word<T: Copy>(
    fields: &mut Fields<'_>,
    name: &'static str,
    words: &'static [(&'static str, T)],
) -> Option<T> {
    let read = |param: &Param| match fields::text(param)?.as_str() {
        "" => Ok(None),
        _ => fields::one_of(words)(param).map(Some),
    };
    fields.optional(name, read).flatten()
}

/// What an opened session tells. A company is its own brand and group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionContent {
    #[schema(example = "DEMO")]
    pub brand_code: String,
    #[schema(example = "DEMO")]
    pub group_code: String,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationContent {
    pub conversation: Conversation,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationsContent {
    /// Without their messages.
    pub conversations: Vec<Conversation>,
}

#[derive(Serialize, ToSchema)]
pub struct MessageContent {
    pub message: Message,
}

#[derive(Serialize, ToSchema)]
pub struct MessagesContent {
    pub messages: Vec<Message>,
}

/// A conversation. What is not known is null.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    #[schema(example = "AZNPaip7fT6PkKGyw9Tl9g", pattern = "^[A-Za-z0-9_-]{22}$")]
    pub code: String,
    #[schema(required)]
    pub subject: Option<String>,
    #[schema(required, example = "MAIN")]
    pub outlet_code: Option<String>,
    #[schema(required)]
    pub order_code: Option<String>,
    #[schema(required, example = "Porchlight Demo")]
    pub outlet_name: Option<String>,
    #[schema(example = "DEMO")]
    pub property_code: String,
    #[schema(required, example = "101")]
    pub room_number: Option<String>,
    #[schema(required, example = "Ada")]
    pub guest_first_name: Option<String>,
    #[schema(required, example = "Lovelace")]
    pub guest_last_name: Option<String>,
    #[schema(required, example = "en")]
    pub guest_language_code: Option<String>,
    pub conversation_status: Status,
    /// `guest`, or null when the staff created it.
    #[schema(required, example = "guest")]
    pub conversation_type: Option<String>,
    /// Oldest first.
    pub messages: Vec<Message>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Open,
    Pending,
    Resolved,
    Closed,
}

/// A message. What is not known is null.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// With seven digits of the second's fraction, and an offset.
    #[schema(format = DateTime, example = "2025-01-18T07:52:37.0923950+00:00")]
    pub create_date: String,
    #[schema(example = "AZNPaip7fT6PkKGyw9Tl9g", pattern = "^[A-Za-z0-9_-]{22}$")]
    pub code: String,
    /// Whether the other side has read it.
    pub is_read: bool,
    /// The outlet's name, when the staff wrote it.
    #[schema(required, example = "Porchlight Demo")]
    pub service_center_name: Option<String>,
    pub message_type: MessageType,
    /// Empty only when it holds nothing but files.
    #[schema(example = "Could we have two more towels?")]
    pub content: String,
    #[schema(required, example = "Ada")]
    pub first_name: Option<String>,
    #[schema(required, example = "Lovelace")]
    pub last_name: Option<String>,
    #[schema(required, example = "en")]
    pub language_code: Option<String>,
    /// Never: messages are told as they were written.
    #[schema(example = false)]
    pub is_translated: bool,
    /// The conversation's integer name.
    #[schema(example = 11)]
    pub conversation_id: i64,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    Guest,
    Staff,
}
