//! What the JSON of `/mock` looks like.

use crate::{
    connectors::{self, BehaviourChange},
    dialect::{
        fields::{self, Fields, FromFields, Wrong},
        params::Param,
    },
    domain::{Channel, InvalidField},
};
use serde::Serialize;
use shared::{MessageText, Seq};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The longest that a message may be made to be under way, in milliseconds.
const DELAY_MAX_MS: u32 = 3_600_000;
/// The most deliveries that may be made to fail in advance.
const COUNT_MAX: u32 = 1_000_000;

/// A refusal.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Serialize, ToSchema)]
pub struct ErrorDetail {
    #[schema(example = "invalid_fields")]
    pub code: &'static str,
    /// A sentence for the developer who reads it.
    #[schema(example = "from is required")]
    pub message: String,
    /// Only with the code `invalid_fields`: all that is wrong.
    #[schema(required = false, nullable = false, value_type = Vec<FieldProblem>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldProblem>>,
    /// Only with a 5xx: finds the request in the server's log.
    #[schema(required = false, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FieldProblem {
    pub field: &'static str,
    pub problem: String,
}

impl FieldProblem {
    pub fn of(problem: &InvalidField) -> Self {
        Self { field: problem.field, problem: problem.problem.clone() }
    }
}

/// The company that is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfCompany {
    /// The number of a company that the token's company made, to act for it. Without: the token's own company.
    #[param(required = false, nullable = false)]
    pub company: Option<i64>,
}

impl FromFields for OfCompany {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { company: fields.optional("company", fields::integer) })
    }
}

#[derive(ToSchema)]
pub struct WriteAsCustomer {
    /// Who writes: their handle on the app.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        example = "@shalvah"
    )]
    pub from: String,
    /// What they write, at most 16 KiB of UTF-8. It may be left out beside attachments.
    #[schema(
        max_length = 16384,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        example = "Is the lamp still there?"
    )]
    pub text: Option<String>,
    /// Their name, if they are not known yet.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        example = "Shalvah"
    )]
    pub name: Option<String>,
    /// Ids of files that were uploaded and not sent.
    #[schema(max_items = 10, required = false)]
    pub attachments: Vec<Uuid>,
    /// The number of a company that the token's company made, to act for it.
    pub company: Option<i64>,
}

impl FromFields for WriteAsCustomer {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from", fields::name_or_number);
        let name = fields.optional("name", fields::name);
        let attachments = fields.optional("attachments", fields::list(fields::uuid));
        let company = fields.optional("company", fields::integer);
        let text = if attachments.as_ref().is_some_and(|attachments| !attachments.is_empty()) {
            fields.optional("text", fields::message_text)
        } else {
            Some(fields.required("text", fields::message_text)?)
        };
        Some(Self {
            from: from?,
            text: text.map(MessageText::into_string),
            name,
            attachments: attachments.unwrap_or_default(),
            company,
        })
    }
}

#[derive(Serialize, ToSchema)]
pub struct Received {
    pub conversation: ReceivedConversation,
    pub message: ReceivedMessage,
    #[schema(required)]
    pub customer_id: Option<Uuid>,
}

/// The conversation by all its names.
#[derive(Serialize, ToSchema)]
pub struct ReceivedConversation {
    pub id: Uuid,
    pub num: i64,
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAQ")]
    pub code: String,
    /// Whether it began with this message.
    pub is_new: bool,
}

#[derive(Serialize, ToSchema)]
pub struct ReceivedMessage {
    pub id: Uuid,
    pub num: i64,
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAg")]
    pub code: String,
    /// Its place in the conversation: 1, 2, 3.
    pub seq: Seq,
}

#[derive(Serialize, ToSchema)]
pub struct Read {
    /// The customer has read up to here.
    pub read_up_to_seq: Seq,
}

#[derive(ToSchema)]
pub struct SetBehaviour {
    /// How long a message is under way.
    #[schema(minimum = 0, maximum = 3_600_000, example = 100)]
    pub delay_ms: Option<u32>,
    /// So many of the next messages do not arrive.
    #[schema(minimum = 0, maximum = 1_000_000, example = 1)]
    pub fail_next: Option<u32>,
    /// Why they don't.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        example = "the number is not on WhatsApp"
    )]
    pub reason: Option<String>,
    /// Whether messages wait until they are released.
    pub hold: Option<bool>,
    /// Whether the customer reads what arrives.
    pub read: Option<bool>,
    /// The number of a company that the token's company made, to act for it.
    pub company: Option<i64>,
}

impl FromFields for SetBehaviour {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            delay_ms: fields.optional("delay_ms", up_to(DELAY_MAX_MS)),
            fail_next: fields.optional("fail_next", up_to(COUNT_MAX)),
            reason: fields.optional("reason", fields::name),
            hold: fields.optional("hold", fields::boolean),
            read: fields.optional("read", fields::boolean),
            company: fields.optional("company", fields::integer),
        })
    }
}

impl SetBehaviour {
    pub fn into_change(self) -> BehaviourChange {
        BehaviourChange {
            delay: self.delay_ms.map(|delay_ms| Duration::from_millis(delay_ms.into())),
            n_failures: self.fail_next,
            reason: self.reason,
            holds: self.hold,
            reads: self.read,
        }
    }
}

/// An integer from 0 to `max`.
fn up_to(max: u32) -> impl Fn(&Param) -> Result<u32, Wrong> {
    move |param| {
        let number = fields::integer_in(0, max.into())(param)?;
        u32::try_from(number).map_err(|_| Wrong::Type("an integer"))
    }
}

#[derive(Serialize, ToSchema)]
pub struct Behaviour {
    pub channel_id: Uuid,
    pub channel_num: i64,
    #[schema(example = "slack")]
    pub kind: &'static str,
    pub delay_ms: u64,
    /// So many of the next messages still do not arrive.
    pub fail_next: u32,
    pub reason: String,
    pub hold: bool,
    pub read: bool,
}

impl Behaviour {
    pub fn of(channel: &Channel, behaviour: connectors::Behaviour) -> Self {
        Self {
            channel_id: channel.id,
            channel_num: channel.num,
            kind: channel.kind.word(),
            delay_ms: u64::try_from(behaviour.delay.as_millis()).unwrap_or(u64::MAX),
            fail_next: behaviour.n_failures,
            reason: behaviour.reason,
            hold: behaviour.holds,
            read: behaviour.reads,
        }
    }
}

#[derive(ToSchema)]
pub struct DropWebhooks {
    /// So many of the next deliveries are lost; 0: no more.
    #[schema(minimum = 0, maximum = 1_000_000, example = 1)]
    pub n: u32,
    /// The number of a company that the token's company made, to act for it.
    pub company: Option<i64>,
}

impl FromFields for DropWebhooks {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let n = fields.required("n", up_to(COUNT_MAX));
        let company = fields.optional("company", fields::integer);
        Some(Self { n: n?, company })
    }
}

#[derive(Serialize, ToSchema)]
pub struct Dropped {
    /// So many of the next deliveries are lost.
    pub n: u32,
}

#[derive(Serialize, ToSchema)]
pub struct Reset {
    pub is_reset: bool,
}
