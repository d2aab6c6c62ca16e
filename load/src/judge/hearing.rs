//! What one stream said, from its first connection to its last, and whether that is as it should be.

use shared::{ConversationId, Event, Message, Position, Seq, Snapshot};
use uuid::Uuid;

#[derive(Clone, Debug, Default)]
pub struct Hearing {
    /// The newest conversation that was heard of.
    pub conversation: Option<ConversationId>,
    /// Its messages as they were first heard: number and id.
    pub heard: Vec<(Seq, Uuid)>,
    pub last_seq: Seq,
    pub position: Option<Position>,
    pub n_gaps: usize,
    pub n_doubled: usize,
    /// Events whose position is not after the one before.
    pub n_backwards: usize,
    pub n_unreadable: usize,
    /// Snapshots where the stream should have gone on after the position that was named.
    pub n_restarted: usize,
}

impl Hearing {
    /// Takes an event. `has_resumed`: this connection named a position that the server gave out.
    pub fn take(&mut self, id: Option<&str>, event: &Event, has_resumed: bool) {
        let position: Option<Position> = id.and_then(|id| id.parse().ok());
        if let (Some(before), Some(now)) = (self.position, position) {
            // Only a heartbeat may repeat a position: it says that there is nothing after it.
            let is_after = match event {
                Event::Heartbeat(_) | Event::Snapshot(_) => now.rev >= before.rev,
                _ => now.rev > before.rev,
            };
            self.n_backwards += usize::from(now.epoch != before.epoch || !is_after);
        }
        self.position = position.or(self.position);
        match event {
            Event::Snapshot(snapshot) => {
                self.n_restarted += usize::from(has_resumed);
                self.snapshot(snapshot);
            }
            Event::Message(message) => self.message(message),
            _ => {}
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        let Some(thread) = &snapshot.thread else { return };
        self.turn_to(thread.conversation.id);
        for message in &thread.messages {
            if message.seq > self.last_seq {
                // A snapshot shows the newest messages; what is older is fetched when the visitor scrolls.
                self.heard.push((message.seq, message.id.0));
                self.last_seq = message.seq;
            }
        }
    }

    fn message(&mut self, message: &Message) {
        self.turn_to(message.conversation_id);
        // Nobody reads or delivers in these scenarios, so a message is never said again for having changed.
        if message.seq <= self.last_seq {
            self.n_doubled += 1;
            return;
        }
        self.n_gaps += usize::from(message.seq != self.last_seq + 1);
        self.heard.push((message.seq, message.id.0));
        self.last_seq = message.seq;
    }

    fn turn_to(&mut self, conversation: ConversationId) {
        if self.conversation != Some(conversation) {
            self.conversation = Some(conversation);
            self.heard.clear();
            self.last_seq = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{Ack, Heartbeat, MessageId, Sender, SenderType, Timestamp};

    fn message(seq: Seq) -> Event {
        Event::Message(Message {
            id: MessageId(Uuid::from_u128(seq.unsigned_abs().into())),
            conversation_id: ConversationId(Uuid::nil()),
            seq,
            client_id: None,
            sender: Sender { kind: SenderType::Customer, id: None, name: None, avatar_url: None },
            content: "hello".into(),
            attachments: Vec::new(),
            ack: Ack::Sent,
            created_at: Timestamp(0),
        })
    }

    fn offences(events: &[(&str, Event)], has_resumed: bool) -> [usize; 4] {
        let mut hearing = Hearing::default();
        for (id, event) in events {
            hearing.take(Some(id), event, has_resumed);
        }
        [hearing.n_gaps, hearing.n_doubled, hearing.n_backwards, hearing.n_restarted]
    }

    #[test]
    fn one_after_the_other_is_as_it_should_be() {
        let heartbeat = Event::Heartbeat(Heartbeat {});
        assert_eq!(offences(&[("1.1", message(1)), ("1.1", heartbeat), ("1.2", message(2))], true), [0; 4]);
    }

    #[test]
    fn what_is_left_out_said_twice_or_said_too_late_is_noticed() {
        assert_eq!(offences(&[("1.1", message(1)), ("1.3", message(3))], false), [1, 0, 0, 0]);
        assert_eq!(offences(&[("1.1", message(1)), ("1.2", message(1))], false), [0, 1, 0, 0]);
        assert_eq!(offences(&[("1.2", message(1)), ("1.1", message(2))], false), [0, 0, 1, 0]);
        assert_eq!(offences(&[("1.1", message(1)), ("2.2", message(2))], false), [0, 0, 1, 0]);
    }

    #[test]
    fn a_snapshot_in_place_of_what_was_missed_is_noticed_and_a_first_one_is_not() {
        let snapshot = Event::Snapshot(Snapshot { thread: None });
        assert_eq!(offences(&[("1.1", snapshot.clone())], false), [0; 4]);
        assert_eq!(offences(&[("1.1", snapshot)], true), [0, 0, 0, 1]);
    }
}
