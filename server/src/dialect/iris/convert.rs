//! Entities of the domain to the wire types of iRiS.

use super::wire;
use crate::{
    dialect::times::iso_seven_digits,
    domain::{self, Details, Side, Status, code, customer::split_name, message::Submitted},
};
use shared::Ack;

pub fn conversation(
    details: &Details,
    property_code: &str,
    messages: Vec<domain::Message>,
) -> wire::Conversation {
    let guest = details.customer.as_ref();
    let (guest_first_name, guest_last_name) =
        guest.map(domain::Customer::first_and_last_name).unwrap_or_default();
    wire::Conversation {
        code: code::encode(details.conversation.id.0),
        subject: details.subject.clone(),
        outlet_code: details.outlet.as_ref().map(|outlet| outlet.code.clone()),
        order_code: details.order_code.clone(),
        outlet_name: details.outlet.as_ref().map(|outlet| outlet.name.clone()),
        property_code: property_code.to_owned(),
        room_number: guest.and_then(|guest| guest.profile.room.clone()),
        guest_first_name,
        guest_last_name,
        guest_language_code: guest.and_then(|guest| guest.profile.language.clone()),
        conversation_status: match details.conversation.status {
            Status::Open => wire::Status::Open,
            Status::Pending => wire::Status::Pending,
            Status::Resolved => wire::Status::Resolved,
            Status::Closed => wire::Status::Closed,
        },
        conversation_type: details.kind.clone(),
        messages: messages.into_iter().map(|written| message(details.into(), written)).collect(),
    }
}

/// What is told of a conversation with each of its messages.
#[derive(Clone, Copy)]
pub struct Around<'c> {
    conversation_num: i64,
    customer: Option<&'c domain::Customer>,
    outlet_name: Option<&'c str>,
}

impl<'c> From<&'c Details> for Around<'c> {
    fn from(details: &'c Details) -> Self {
        Self {
            conversation_num: details.conversation.num,
            customer: details.customer.as_ref(),
            outlet_name: details.outlet.as_ref().map(|outlet| outlet.name.as_str()),
        }
    }
}

pub fn submitted(submitted: Submitted) -> wire::Message {
    let around = Around {
        conversation_num: submitted.conversation.num,
        customer: submitted.customer.as_ref(),
        outlet_name: submitted.outlet_name.as_deref(),
    };
    message(around, submitted.sent.into_message())
}

pub fn message(around: Around<'_>, message: domain::Message) -> wire::Message {
    let side = message.sender.kind.side();
    let (first_name, last_name) = match side {
        Side::Customer => around.customer.map(domain::Customer::first_and_last_name).unwrap_or_default(),
        Side::Agent => message.sender_name.as_deref().map(split_name).unwrap_or_default(),
    };
    wire::Message {
        create_date: iso_seven_digits(message.created_at),
        code: code::encode(message.id.0),
        is_read: message.ack == Ack::Read,
        service_center_name: match side {
            Side::Customer => None,
            Side::Agent => around.outlet_name.map(ToOwned::to_owned),
        },
        message_type: match side {
            Side::Customer => wire::MessageType::Guest,
            Side::Agent => wire::MessageType::Staff,
        },
        content: message.content,
        first_name,
        last_name,
        language_code: message.language,
        is_translated: false,
        conversation_id: around.conversation_num,
    }
}
