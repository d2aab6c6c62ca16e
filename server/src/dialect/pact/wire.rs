//! What Pact's JSON looks like, and what its forms may hold.

use crate::{
    dialect::{
        fields::{self, Fields, FromFields, Wrong},
        params::Param,
    },
    domain::{ChannelKind, InvalidField},
};
use serde::Serialize;
use shared::limits::ATTACHMENTS_MAX;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A refusal.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    #[schema(inline)]
    pub status: Errored,
    /// Why, in a sentence.
    #[schema(example = "phone is required")]
    pub error: String,
    /// What is wrong with each field; empty where it is no field's fault.
    #[schema(example = json!({ "phone": ["is required"] }))]
    pub errors: BTreeMap<String, Vec<String>>,
    /// What the server's log calls the request, where the failure is the server's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Errored {
    Errored,
}

/// How a request went.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    Created,
    Updated,
    Deleted,
}

/// An answer.
#[derive(Serialize, ToSchema)]
pub struct Answer<T> {
    #[schema(inline)]
    pub status: Outcome,
    pub data: T,
}

impl<T> Answer<T> {
    pub const fn ok(data: T) -> Self {
        Self { status: Outcome::Ok, data }
    }
}

/// An answer that says only how it went.
#[derive(Serialize, ToSchema)]
pub struct Done {
    #[schema(inline)]
    pub status: Outcome,
}

/// What was made or changed, by its id.
#[derive(Serialize, ToSchema)]
pub struct Named {
    #[schema(example = 1)]
    pub external_id: i64,
}

/// What a conversation runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Whatsapp,
    TelegramPersonal,
    Widget,
    Slack,
    Messenger,
    Twitter,
    Sms,
}

impl From<ChannelKind> for Provider {
    fn from(kind: ChannelKind) -> Self {
        match kind {
            ChannelKind::Whatsapp => Self::Whatsapp,
            ChannelKind::TelegramPersonal => Self::TelegramPersonal,
            ChannelKind::Widget => Self::Widget,
            ChannelKind::Slack => Self::Slack,
            ChannelKind::Messenger => Self::Messenger,
            ChannelKind::Twitter => Self::Twitter,
            ChannelKind::Sms => Self::Sms,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Conversation {
    #[schema(example = 1)]
    pub external_id: i64,
    #[schema(example = "79250000001")]
    pub name: String,
    #[schema(example = 1)]
    pub channel_id: i64,
    pub channel_type: Provider,
    /// ISO 8601, UTC, with milliseconds.
    #[schema(format = "date-time", example = "2017-11-11T10:17:10.655Z")]
    pub created_at: String,
    /// The same in whole seconds since 1970.
    #[schema(example = 1_510_395_430)]
    pub created_at_timestamp: i64,
    #[schema(example = "/avatars/original/missing.png")]
    pub avatar: String,
    /// Who the contact is on the channel: a phone number, a user name. Of a visitor, the integer id of the customer; empty
    /// where there is no contact yet.
    #[schema(example = "79250000001")]
    pub sender_external_id: String,
    pub meta: Meta,
    /// In whole seconds since 1970; 0 until there is a message.
    #[schema(example = 0)]
    pub last_message_at: i64,
    /// The same of the newest message of the contact.
    #[schema(example = 0)]
    pub last_income_message_at: i64,
    pub bitrix_block_openlines: bool,
}

/// Always empty.
#[derive(Serialize, ToSchema)]
pub struct Meta {}

#[derive(Serialize, ToSchema)]
pub struct ConversationList {
    pub conversations: Vec<Conversation>,
    /// What `from` has to be for the next page; null on the last.
    #[schema(required = true)]
    pub next_page: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct OneConversation {
    pub conversation: Conversation,
}

#[derive(Serialize, ToSchema)]
pub struct NamedConversation {
    pub conversation: Named,
}

#[derive(Serialize, ToSchema)]
pub struct Message {
    #[schema(example = 47_098)]
    pub external_id: i64,
    #[schema(example = 1)]
    pub channel_id: i64,
    pub channel_type: Provider,
    /// Empty only beside attachments.
    #[serde(rename = "message")]
    #[schema(example = "Hello")]
    pub text: String,
    /// Whether the contact wrote it.
    pub income: bool,
    /// ISO 8601, UTC, with milliseconds.
    #[schema(format = "date-time", example = "2017-09-17T12:44:28.000Z")]
    pub created_at: String,
    #[schema(example = 1_505_652_268)]
    pub created_at_timestamp: i64,
    pub attachments: Vec<Attachment>,
}

#[derive(Serialize, ToSchema)]
pub struct MessageList {
    pub messages: Vec<Message>,
    /// What `from` has to be for the next page; null on the last.
    #[schema(required = true)]
    pub next_page: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Attachment {
    pub external_id: i64,
    #[schema(example = "image.png")]
    pub file_name: String,
    #[schema(example = "image/png")]
    pub mime_type: String,
    /// In bytes.
    pub size: u64,
    #[schema(format = "uri")]
    pub url: String,
}

/// A message on its way.
#[derive(Serialize, ToSchema)]
pub struct Job {
    /// To ask after it: `GET …/channels/{channel}/jobs/{id}`. On a widget channel a message is there at once and is its own
    /// job, so there it is the same as `message_id`.
    #[schema(example = 18)]
    pub id: i64,
    #[schema(example = 1)]
    pub company_id: i64,
    pub channel: JobChannel,
    #[schema(example = 1)]
    pub conversation_id: i64,
    #[schema(inline)]
    pub state: JobState,
    /// Null until it is known what came of it.
    #[schema(required = true)]
    pub message_id: Option<i64>,
    /// The same.
    #[schema(required = true)]
    pub details: Option<JobDetails>,
    /// In whole seconds since 1970.
    #[schema(example = 1_510_396_057)]
    pub created_at: i64,
}

#[derive(Serialize, ToSchema)]
pub struct JobChannel {
    #[schema(example = 1)]
    pub id: i64,
    #[serde(rename = "type")]
    pub kind: Provider,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    TryingDeliver,
    Delivered,
    Failed,
}

#[derive(Serialize, ToSchema)]
pub struct JobDetails {
    #[schema(inline)]
    pub result: JobResult,
    /// Why it was not delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub enum JobResult {
    #[serde(rename = "DELIVERED")]
    Delivered,
    #[serde(rename = "NOT DELIVERED")]
    NotDelivered,
}

#[derive(Serialize, ToSchema)]
pub struct Company {
    #[schema(example = 1)]
    pub external_id: i64,
    #[schema(example = "COMPANY_NAME")]
    pub name: String,
    #[schema(required = true)]
    pub phone: Option<String>,
    #[schema(required = true)]
    pub description: Option<String>,
    #[schema(required = true)]
    pub webhook_url: Option<String>,
    pub hidden: bool,
}

#[derive(Serialize, ToSchema)]
pub struct CompanyList {
    pub companies: Vec<Company>,
    /// What `from` has to be for the next page; null on the last.
    #[schema(required = true)]
    pub next_page: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Channel {
    #[schema(example = 1)]
    pub external_id: i64,
    pub provider: Provider,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelList {
    pub channels: Vec<Channel>,
    /// What `from` has to be for the next page; null on the last.
    #[schema(required = true)]
    pub next_page: Option<String>,
}

/// Whether somebody is known.
#[derive(Serialize, ToSchema)]
pub struct Exists {
    #[schema(inline)]
    pub status: Outcome,
    pub exists: bool,
}

/// Body of `POST …/conversations`: whom a conversation is opened with, and over what.
pub struct CreateConversation {
    pub kind: ChannelKind,
    /// A phone number or a user name.
    pub handle: String,
    pub text: Option<String>,
}

impl FromFields for CreateConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let provider = fields.required("provider", open_provider);
        let phone = fields.optional("phone", phone);
        let text = fields.optional("text", said);
        fields.optional("send_to_crm", fields::boolean);
        let kind = provider?;
        let handle = if kind == ChannelKind::TelegramPersonal {
            let username = fields.optional("username", username);
            if !fields.has("text") {
                fields.wrong(InvalidField::missing("text"));
            }
            match (fields.has("phone"), fields.has("username")) {
                (true, true) => {
                    fields.wrong(InvalidField::value("username", "must not come together with phone"));
                    None
                }
                (false, false) => {
                    fields.wrong(InvalidField {
                        problem: "or username is required".into(),
                        ..InvalidField::missing("phone")
                    });
                    None
                }
                (true, false) => phone,
                (false, true) => username,
            }
        } else {
            if !fields.has("phone") {
                fields.wrong(InvalidField::missing("phone"));
            }
            phone
        };
        Some(Self { kind, handle: handle?, text })
    }
}

fn open_provider(param: &Param) -> Result<ChannelKind, Wrong> {
    match ChannelKind::from_word(&fields::text(param)?) {
        Some(kind @ (ChannelKind::Whatsapp | ChannelKind::TelegramPersonal)) => Ok(kind),
        _ => Err(Wrong::Value("must be whatsapp or telegram_personal".into())),
    }
}

/// The digits of an international phone number.
pub fn phone(param: &Param) -> Result<String, Wrong> {
    let text = fields::name_or_number(param)?;
    let is_phone = (8..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0');
    if is_phone {
        Ok(text)
    } else {
        Err(Wrong::Value("must be the 8 to 15 digits of an international number, as in 79250000001".into()))
    }
}

/// A user name, with or without an @ in front.
fn username(param: &Param) -> Result<String, Wrong> {
    let text = fields::text(param)?;
    let name = text.strip_prefix('@').unwrap_or(&text);
    let is_name = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(Wrong::Value(
            "must be a user name: a letter, then letters, digits and _, at most 64 of them".into(),
        ))
    }
}

/// Text that is said to somebody: not blank.
fn said(param: &Param) -> Result<String, Wrong> {
    let text = fields::text(param)?;
    if text.trim().is_empty() { Err(Wrong::Value("must not be blank".into())) } else { Ok(text) }
}

#[derive(ToSchema)]
pub struct UpdateNote {
    /// May be empty.
    #[schema(max_length = 16384, pattern = "^[^\\u0000]*$", example = "your note")]
    pub note: String,
}

impl FromFields for UpdateNote {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { note: fields.required("note", fields::text)? })
    }
}

#[derive(ToSchema)]
pub struct AssignConversation {
    /// The integer id of the user. Without one nobody is assigned.
    #[schema(example = 1)]
    pub assignee_id: Option<i64>,
}

impl FromFields for AssignConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { assignee_id: fields.clearable("assignee_id", fields::integer).flatten() })
    }
}

#[derive(ToSchema)]
pub struct ToggleBitrixBlock {
    /// Without it: the other way round.
    #[schema(example = true)]
    pub enabled: Option<bool>,
}

impl FromFields for ToggleBitrixBlock {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { enabled: fields.optional("enabled", fields::boolean) })
    }
}

/// Body of `POST …/messages`: what is said, or files, or both.
pub struct SendMessage {
    /// What the text was called.
    pub field: &'static str,
    /// Blank only beside attachments.
    pub text: String,
    pub attachments: Vec<i64>,
}

/// What the ids of attachments are called.
pub const ATTACHMENTS: &str = "attachments_ids";

impl FromFields for SendMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let attachments = fields.optional(ATTACHMENTS, attachment_nums).unwrap_or_default();
        let field = text_field(fields);
        fields.optional("send_to_crm", fields::boolean);
        let text = if fields.has(ATTACHMENTS) {
            fields.optional(field, fields::text).unwrap_or_default()
        } else {
            fields.required(field, said)?
        };
        Some(Self { field, text, attachments })
    }
}

/// What the text of a message is called in this request. Where both names are there, the document's own counts.
fn text_field(fields: &mut Fields<'_>) -> &'static str {
    match (fields.has("message"), fields.has("text")) {
        (false, true) => "text",
        (true, true) => {
            fields.optional("text", fields::text);
            "message"
        }
        _ => "message",
    }
}

fn attachment_nums(param: &Param) -> Result<Vec<i64>, Wrong> {
    let nums = fields::list(fields::integer)(param)?;
    if nums.len() > ATTACHMENTS_MAX {
        return Err(Wrong::Value(format!("must be at most {ATTACHMENTS_MAX}")));
    }
    Ok(nums)
}

/// A file as a part of the body.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what is read from the body as it comes in")]
pub struct UploadFile {
    /// Exactly one of `file` and `file_url`.
    #[schema(value_type = String, format = "binary")]
    file: Vec<u8>,
}

/// A file behind an address.
#[derive(ToSchema)]
pub struct UploadUrl {
    /// A public http or https address. The file is fetched now.
    #[schema(format = "uri", max_length = 4096, example = "https://example.com/image.png")]
    pub file_url: String,
}

impl FromFields for UploadUrl {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        if !fields.has("file_url") {
            let problem = "or file is required".into();
            fields.wrong(InvalidField { problem, ..InvalidField::missing("file_url") });
            return None;
        }
        if fields.has("file") {
            fields.wrong(InvalidField::value(
                "file",
                "must be sent as multipart/form-data, and not beside file_url",
            ));
        }
        Some(Self { file_url: fields.optional("file_url", fields::text)? })
    }
}

#[derive(ToSchema)]
pub struct CreateCompany {
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$",
        example = "Test"
    )]
    pub name: String,
    #[schema(max_length = 255, pattern = "^[^\\u0000]*$")]
    pub phone: Option<String>,
    #[schema(max_length = 16384, pattern = "^[^\\u0000]*$")]
    pub description: Option<String>,
    /// Where webhooks go. It is sent `{"source":"pact.im","operation":"test"}` now, and has to answer with 200.
    #[schema(format = "uri", max_length = 4096)]
    pub webhook_url: Option<String>,
    #[schema(default = false)]
    pub hidden: Option<bool>,
}

/// What is left out stays as it is; what is null, or empty in a form, is cleared.
#[derive(ToSchema)]
#[expect(clippy::option_option, reason = "left out, cleared and set are three things")]
pub struct UpdateCompany {
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$",
        example = "Test"
    )]
    pub name: Option<String>,
    #[schema(value_type = Option<String>, max_length = 255, pattern = "^[^\\u0000]*$")]
    pub phone: Option<Option<String>>,
    #[schema(value_type = Option<String>, max_length = 16384, pattern = "^[^\\u0000]*$")]
    pub description: Option<Option<String>>,
    /// Where webhooks go from now on. It is sent `{"source":"pact.im","operation":"test"}` now, and has to answer with 200.
    #[schema(value_type = Option<String>, format = "uri", max_length = 4096)]
    pub webhook_url: Option<Option<String>>,
    pub hidden: Option<bool>,
}

impl FromFields for UpdateCompany {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.optional("name", fields::name),
            phone: fields.clearable("phone", phone_of_company),
            description: fields.clearable("description", fields::text),
            webhook_url: fields.clearable("webhook_url", fields::text),
            hidden: fields.optional("hidden", fields::boolean),
        })
    }
}

impl FromFields for CreateCompany {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", fields::name);
        let phone = fields.clearable("phone", phone_of_company).flatten();
        let description = fields.clearable("description", fields::text).flatten();
        let webhook_url = fields.clearable("webhook_url", fields::text).flatten();
        let hidden = fields.optional("hidden", fields::boolean);
        Some(Self { name: name?, phone, description, webhook_url, hidden })
    }
}

/// A company's phone number is for people to read, so any text may be one.
fn phone_of_company(param: &Param) -> Result<String, Wrong> {
    match param {
        Param::Json(serde_json::Value::String(_)) | Param::Text(_) => fields::short_text(param),
        Param::Json(_) => fields::name_or_number(param),
    }
}

#[derive(ToSchema)]
pub struct CreateChannel {
    #[schema(value_type = Provider)]
    pub provider: ChannelKind,
    /// Kept: whole seconds since 1970. Nothing is there to be synchronised.
    pub sync_messages_from: Option<i64>,
    /// Kept.
    pub do_not_mark_as_read: Option<bool>,
}

impl FromFields for CreateChannel {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let provider = fields.required("provider", any_provider);
        let UpdateChannel { sync_messages_from, do_not_mark_as_read } = UpdateChannel::read(fields)?;
        Some(Self { provider: provider?, sync_messages_from, do_not_mark_as_read })
    }
}

fn any_provider(param: &Param) -> Result<ChannelKind, Wrong> {
    ChannelKind::from_word(&fields::text(param)?).ok_or_else(|| {
        let words = ChannelKind::ALL.map(ChannelKind::word).join(", ");
        Wrong::Value(format!("must be one of {words}"))
    })
}

/// What is left out stays as it is.
#[derive(ToSchema)]
pub struct UpdateChannel {
    /// Kept: whole seconds since 1970. Nothing is there to be synchronised.
    #[schema(example = 1_510_395_430)]
    pub sync_messages_from: Option<i64>,
    /// Kept.
    pub do_not_mark_as_read: Option<bool>,
}

impl FromFields for UpdateChannel {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            sync_messages_from: fields.optional("sync_messages_from", fields::integer),
            do_not_mark_as_read: fields.optional("do_not_mark_as_read", fields::boolean),
        })
    }
}

/// A first message to somebody.
pub struct FirstMessage {
    pub phone: String,
    /// What the text was called.
    pub field: &'static str,
    pub text: String,
}

impl FromFields for FirstMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let phone = fields.required("phone", phone);
        let field = text_field(fields);
        let text = fields.required(field, said);
        Some(Self { phone: phone?, field, text: text? })
    }
}

/// Who is asked after.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    #[param(pattern = "^[1-9][0-9]{7,14}$", example = "79250000001")]
    pub phone: String,
}

impl FromFields for UserQuery {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { phone: fields.required("phone", phone)? })
    }
}
