//! The way of messages out of the outbox, as the panel's `chat` goes it.

use super::Visitor;
use crate::{
    clock::now_ms,
    http::{Ask, Reply},
    judge::ledger::Told,
    world::count,
};
use http::Method;
use shared::{ClientId, ConversationList, Message, SendMessage, StartConversation, Thread};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use widget::state::outbox::{Action, Entry, Outcome};

impl Visitor {
    /// Does what the outbox wants done, for as long as it is asked to run.
    pub async fn deliver(self: Arc<Self>) {
        loop {
            let stirred = self.stirred.notified();
            let action = self.state().outbox.next(now_ms());
            match action {
                Action::Rest => stirred.await,
                Action::WaitUntil(until_ms) => {
                    let wait = Duration::from_secs_f64((until_ms - now_ms()).max(0.0) / 1000.0);
                    tokio::select! {
                        () = sleep(wait) => {}
                        () = stirred => {}
                    }
                }
                Action::Look => self.look().await,
                Action::Send { entry, .. } => self.put(entry).await,
            }
        }
    }

    /// Sends a message, and tells the outbox how it went.
    async fn put(&self, entry: Entry) {
        let client_id = entry.client_id;
        let (content, attachments) = (entry.content.clone(), Vec::new());
        let path = match entry.conversation_id {
            Some(id) => format!("/widget/v1/conversations/{id}/messages/{client_id}"),
            None => "/widget/v1/conversations".to_owned(),
        };
        let ask = if entry.starts {
            Ask::new(Method::POST, &path).with_json(&StartConversation { client_id, content, attachments })
        } else {
            Ask::new(Method::PUT, &path).with_json(&SendMessage { content, attachments })
        };
        let begun = Instant::now();
        self.state().sent_at.entry(client_id).or_insert(begun);
        let outcome = match self.ensure_session().await {
            Err(outcome) => outcome,
            // A stream has brought it back meanwhile.
            Ok(()) if !self.state().outbox.sent(&entry) => Outcome::NotSent,
            Ok(()) => match self.call(ask).await {
                None => Outcome::SessionOver,
                Some(reply) => self.take_answer(&reply),
            },
        };
        let is_measured = self.state().is_measured;
        match outcome {
            Outcome::Accepted if !is_measured => {}
            Outcome::Accepted => self.world.note_latency(&self.world.acknowledged_after, begun),
            Outcome::Refused(_) => count(&self.world.counters.n_refused),
            _ => count(&self.world.counters.n_retries),
        }
        let mut state = self.state();
        let random = state.random();
        state.outbox.finish(client_id, outcome, now_ms(), random);
    }

    fn take_answer(&self, reply: &Reply) -> Outcome {
        let mut state = self.state();
        if let Some(thread) = reply.read::<Thread>() {
            // The thread of a start that is repeated may hold more than what was started with.
            for message in &thread.messages {
                self.acknowledge(message);
            }
            state.timeline.thread(thread);
            state.follow_timeline();
        } else if let Some(message) = reply.read::<Message>() {
            self.acknowledge(&message);
            state.timeline.sent(message);
        } else if reply.is_ok() {
            return Outcome::Retry { after_ms: None };
        }
        reply.outcome()
    }

    /// Writes down that the server says it has this message.
    pub(super) fn acknowledge(&self, message: &Message) {
        let Some(client_id): Option<ClientId> = message.client_id else { return };
        let told = Told { conversation: message.conversation_id, seq: message.seq };
        if self.world.ledger.acknowledged(client_id, told) {
            count(&self.world.counters.n_acknowledged);
        }
    }

    /// Asks which conversation is the newest.
    async fn look(&self) {
        let reply = self.call(Ask::get("/widget/v1/conversations")).await;
        let list = reply.as_ref().and_then(Reply::read::<ConversationList>);
        let mut state = self.state();
        if let Some(list) = list {
            for conversation in list.conversations {
                state.timeline.update(conversation);
            }
            state.follow_timeline();
        } else {
            let random = state.random();
            state.outbox.look_failed(reply.and_then(|reply| reply.retry_after_ms), now_ms(), random);
        }
    }
}
