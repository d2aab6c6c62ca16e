//! The messages of the conversation on screen, merged from snapshots, pages of history, live events and answers,
//! whichever comes first and however often. The place of a message is its `seq`.

use shared::{
    Ack, ClientId, Conversation, ConversationId, ConversationStatus, Message, MessagePage, Reader, Receipt,
    ReceiptState, SenderType, Seq, Thread,
};

#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The conversation on screen: the visitor's newest. Ids are UUIDv7, so a later one is greater.
    id: Option<ConversationId>,
    conversation: Option<Conversation>,
    /// Ascending by `seq`, no `seq` twice.
    messages: Vec<Message>,
    /// The other side has got, and read, everything up to these. Kept apart from the messages, because a receipt may
    /// overtake the message it is about.
    delivered_seq: Seq,
    read_seq: Seq,
}

impl Timeline {
    pub fn conversation(&self) -> Option<&Conversation> {
        self.conversation.as_ref()
    }

    pub fn conversation_id(&self) -> Option<ConversationId> {
        self.id
    }

    /// Ascending by `seq`.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub fn first_seq(&self) -> Option<Seq> {
        self.messages.first().map(|message| message.seq)
    }

    /// Whether there are older messages than the first here. `seq` has no holes, so the first one says it.
    pub fn has_more(&self) -> bool {
        self.older_than().is_some()
    }

    /// Before which message some are missing.
    pub fn older_than(&self) -> Option<Seq> {
        let first =
            self.first_seq().or(self.conversation.as_ref().map(|conversation| conversation.last_seq + 1));
        first.filter(|first| *first > 1)
    }

    /// The `seq` of each message that the visitor did not write, ascending.
    pub fn of_others(&self) -> impl Iterator<Item = Seq> {
        self.messages
            .iter()
            .filter(|message| message.sender.kind != SenderType::Customer)
            .map(|message| message.seq)
    }

    pub fn contains(&self, client_id: ClientId) -> bool {
        self.messages.iter().any(|message| message.client_id == Some(client_id))
    }

    /// Whether this message is here, as it is or as it was before.
    pub fn knows(&self, message: &Message) -> bool {
        let is_on_screen = self.id == Some(message.conversation_id);
        is_on_screen && self.messages.binary_search_by_key(&message.seq, |known| known.seq).is_ok()
    }

    /// How far one of the visitor's own messages has come.
    pub fn ack(&self, message: &Message) -> Ack {
        let by_receipt = if message.seq <= self.read_seq {
            Ack::Read
        } else if message.seq <= self.delivered_seq {
            Ack::Delivered
        } else {
            message.ack
        };
        by_receipt.max(message.ack)
    }

    /// Replaces everything.
    pub fn snapshot(&mut self, thread: Option<Thread>) {
        *self = Self::default();
        if let Some(thread) = thread {
            self.thread(thread);
        }
    }

    /// A conversation with its newest messages, as the server answered when it was started.
    pub fn thread(&mut self, thread: Thread) {
        self.answered(thread.conversation);
        for message in thread.messages {
            self.message(message);
        }
    }

    /// Something about a conversation changed, or there is a new one.
    pub fn update(&mut self, conversation: Conversation) {
        if self.turn_to(conversation.id) {
            self.conversation = Some(conversation);
        }
    }

    /// What an answer says of a conversation. An event may have overtaken it, and says then what is so; but what is closed stays
    /// closed.
    pub fn answered(&mut self, conversation: Conversation) {
        let known = self.conversation.as_ref().filter(|known| known.id == conversation.id);
        let is_news = known.is_none_or(|known| known.updated_at < conversation.updated_at);
        if is_news || conversation.status == ConversationStatus::Closed {
            self.update(conversation);
        }
    }

    /// A message is new, or was changed.
    pub fn message(&mut self, message: Message) {
        if !self.turn_to(message.conversation_id) {
            return;
        }
        match self.messages.binary_search_by_key(&message.seq, |known| known.seq) {
            // An answer that was overtaken says less of how far it has come.
            Ok(index) => {
                let ack = message.ack.max(self.messages[index].ack);
                self.messages[index] = Message { ack, ..message };
            }
            Err(index) => self.messages.insert(index, message),
        }
    }

    /// The answer to a message that was sent. It may have been stored long since: between it and the first here some would be missing
    /// then, which nobody would ask for, and it comes with its page.
    pub fn sent(&mut self, message: Message) {
        let is_on_screen = self.id == Some(message.conversation_id);
        if !is_on_screen || self.first_seq().is_none_or(|first| message.seq + 1 >= first) {
            self.message(message);
        }
    }

    /// Older messages. A page of a conversation that is no longer on screen is passed over.
    pub fn page(&mut self, conversation_id: ConversationId, page: MessagePage) {
        if self.id == Some(conversation_id) {
            for message in page.messages {
                self.message(message);
            }
        }
    }

    /// The other side has got or read something.
    pub fn receipt(&mut self, receipt: &Receipt) {
        if self.id == Some(receipt.conversation_id) && receipt.by == Reader::Agent {
            let seq = match receipt.state {
                ReceiptState::Delivered => &mut self.delivered_seq,
                ReceiptState::Read => &mut self.read_seq,
            };
            *seq = receipt.up_to_seq.max(*seq);
        }
    }

    /// Shows a newer conversation instead of an older one. Answers whether `id` is the one on screen now.
    fn turn_to(&mut self, id: ConversationId) -> bool {
        if self.id < Some(id) {
            *self = Self { id: Some(id), ..Self::default() };
        }
        self.id == Some(id)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
pub mod fixtures {
    //! Short ways to make messages.

    use shared::{
        Ack, ClientId, Conversation, ConversationId, ConversationStatus, Message, MessageId, Sender,
        SenderType, Seq, Thread, Timestamp, id::uuid_v7,
    };

    pub fn conversation_id(n: u64) -> ConversationId {
        ConversationId(uuid_v7(n, &[0; 10]))
    }

    pub fn client_id(n: i64) -> ClientId {
        ClientId(uuid_v7(u64::try_from(n).unwrap(), &[1; 10]))
    }

    pub fn conversation(n: u64) -> Conversation {
        Conversation {
            id: conversation_id(n),
            status: ConversationStatus::Open,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            last_seq: 0,
            customer_read_seq: 0,
            n_unread: 0,
            agent: None,
        }
    }

    pub fn thread(n: u64, messages: Vec<Message>) -> Thread {
        Thread { conversation: conversation(n), messages, has_more: false }
    }

    /// Of conversation 1.
    pub fn from_agent(seq: Seq) -> Message {
        let kind = SenderType::Agent;
        let id = MessageId(uuid_v7(u64::try_from(seq).unwrap(), &[2; 10]));
        Message {
            id,
            conversation_id: conversation_id(1),
            seq,
            client_id: None,
            sender: Sender { kind, id: Some(id.0), name: Some("Robin".into()), avatar_url: None },
            content: format!("agent {seq}"),
            attachments: Vec::new(),
            ack: Ack::Sent,
            created_at: Timestamp::from_unix_ms(seq * 1000),
        }
    }

    /// Of conversation 1.
    pub fn from_customer(seq: Seq) -> Message {
        Message {
            client_id: Some(client_id(seq)),
            sender: Sender { kind: SenderType::Customer, id: None, name: None, avatar_url: None },
            content: format!("customer {seq}"),
            ..from_agent(seq)
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{fixtures::*, *};
    use proptest::prelude::*;
    use shared::Timestamp;

    fn seqs(timeline: &Timeline) -> Vec<Seq> {
        timeline.messages().iter().map(|message| message.seq).collect()
    }

    fn receipt(state: ReceiptState, up_to_seq: Seq) -> Receipt {
        Receipt { conversation_id: conversation_id(1), by: Reader::Agent, state, up_to_seq, at: Timestamp(0) }
    }

    #[test]
    fn a_message_that_comes_twice_is_there_once_as_it_was_last_said() {
        let mut timeline = Timeline::default();
        timeline.thread(thread(1, vec![from_customer(1)]));
        timeline.message(Message { content: "changed".into(), ..from_customer(1) });
        assert_eq!(seqs(&timeline), [1]);
        assert_eq!(timeline.messages()[0].content, "changed");
    }

    #[test]
    fn older_pages_go_before_and_live_ones_after() {
        let mut timeline = Timeline::default();
        timeline.snapshot(Some(thread(1, vec![from_agent(5), from_agent(6)])));
        assert!(timeline.has_more());
        timeline.message(from_agent(7));
        timeline.page(
            conversation_id(1),
            MessagePage { messages: (1..6).map(from_agent).collect(), has_more: false },
        );
        assert_eq!(seqs(&timeline), [1, 2, 3, 4, 5, 6, 7]);
        assert!(!timeline.has_more());
    }

    #[test]
    fn a_message_that_was_stored_long_since_leaves_no_gap_that_nothing_fills() {
        let mut timeline = Timeline::default();
        timeline.snapshot(Some(thread(1, vec![from_agent(4), from_agent(5)])));
        timeline.sent(from_customer(2));
        assert_eq!(seqs(&timeline), [4, 5]);
        for seq in [3, 6, 8] {
            timeline.sent(from_customer(seq));
        }
        assert_eq!(seqs(&timeline), [3, 4, 5, 6, 8], "what is between the last two is on its way");
        timeline.sent(Message { conversation_id: conversation_id(2), ..from_customer(1) });
        assert_eq!(seqs(&timeline), [1], "the first of a newer conversation");
    }

    #[test]
    fn a_newer_conversation_takes_the_screen_and_an_older_one_never_does() {
        let mut timeline = Timeline::default();
        timeline.thread(thread(1, vec![from_agent(1)]));
        timeline.update(conversation(2));
        assert_eq!(timeline.conversation_id(), Some(conversation_id(2)));
        timeline.message(from_agent(2));
        timeline.update(conversation(1));
        timeline.page(conversation_id(1), MessagePage { messages: vec![from_agent(3)], has_more: false });
        assert!(seqs(&timeline).is_empty());
        assert_eq!(timeline.conversation(), Some(&conversation(2)));
    }

    #[test]
    fn a_message_may_come_before_the_news_of_its_conversation() {
        let mut timeline = Timeline::default();
        timeline.message(from_agent(1));
        timeline.update(conversation(1));
        assert_eq!(seqs(&timeline), [1]);
    }

    #[test]
    fn receipts_only_go_forward_and_may_overtake_their_message() {
        let mut timeline = Timeline::default();
        timeline.thread(thread(1, vec![from_customer(1)]));
        timeline.receipt(&receipt(ReceiptState::Read, 2));
        timeline.receipt(&receipt(ReceiptState::Delivered, 3));
        timeline.receipt(&receipt(ReceiptState::Read, 1));
        timeline.receipt(&Receipt { by: Reader::Customer, ..receipt(ReceiptState::Read, 9) });
        timeline.message(from_customer(2));
        timeline.message(from_customer(3));
        timeline.message(from_customer(4));
        timeline.message(Message { ack: Ack::Read, ..from_customer(5) });
        let acks: Vec<Ack> = timeline.messages().iter().map(|message| timeline.ack(message)).collect();
        assert_eq!(acks, [Ack::Read, Ack::Read, Ack::Delivered, Ack::Sent, Ack::Read]);
    }

    #[test]
    fn an_answer_that_was_overtaken_takes_back_neither_a_receipt_nor_a_change() {
        let mut timeline = Timeline::default();
        timeline.thread(thread(1, vec![Message { ack: Ack::Read, ..from_customer(1) }]));
        timeline.message(from_customer(1));
        assert_eq!(timeline.ack(&timeline.messages()[0]), Ack::Read);

        let early = conversation(1);
        let late = Conversation { updated_at: early.updated_at.plus_seconds(1), ..early.clone() };
        timeline.update(late.clone());
        timeline.answered(Conversation { status: ConversationStatus::Resolved, ..early.clone() });
        assert_eq!(timeline.conversation(), Some(&late));
        let closed = Conversation { status: ConversationStatus::Closed, ..early };
        timeline.answered(closed.clone());
        assert_eq!(timeline.conversation(), Some(&closed));
    }

    #[test]
    fn a_snapshot_replaces_everything() {
        let mut timeline = Timeline::default();
        timeline.thread(thread(2, vec![]));
        timeline.snapshot(Some(thread(1, vec![from_agent(1)])));
        assert_eq!(seqs(&timeline), [1]);
        timeline.snapshot(None);
        assert_eq!(timeline.conversation_id(), None);
    }

    proptest! {
        #[test]
        fn in_whatever_order_and_however_often_they_come_each_is_there_once_and_in_its_place(
            seqs_as_they_come in proptest::collection::vec(1_i64..40, 0..120),
        ) {
            let mut timeline = Timeline::default();
            for &seq in &seqs_as_they_come {
                timeline.message(if seq % 3 == 0 { from_customer(seq) } else { from_agent(seq) });
            }
            let mut expected = seqs_as_they_come;
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(seqs(&timeline), expected);
        }
    }
}
