//! Entities of the domain to the wire types of iRiS.

use super::wire;
use crate::{
    dialect::times::iso_seven_digits,
    domain::{self, Details, Side, Status, code, customer::split_name},
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
        messages: messages.into_iter().map(|written| message(details, written)).collect(),
    }
}

/// A message of the conversation that `details` are of.
pub fn message(details: &Details, message: domain::Message) -> wire::Message {
    let side = message.sender.kind.side();
    let (first_name, last_name) = match side {
        Side::Customer => {
            details.customer.as_ref().map(domain::Customer::first_and_last_name).unwrap_or_default()
        }
        Side::Agent => message.sender_name.as_deref().map(split_name).unwrap_or_default(),
    };
    wire::Message {
        create_date: iso_seven_digits(message.created_at),
        code: code::encode(message.id.0),
        is_read: message.ack == Ack::Read,
        service_center_name: match side {
            Side::Customer => None,
            Side::Agent => details.outlet.as_ref().map(|outlet| outlet.name.clone()),
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
        conversation_id: details.conversation.num,
    }
}
