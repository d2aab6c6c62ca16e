//! The live streams of a visitor's tabs, as the panel's `stream` keeps one.

use super::Visitor;
use crate::{
    clock::now_ms,
    http::{Ask, open_stream, retry_after_ms},
    world::{Counters, count},
};
use http_body_util::BodyExt;
use shared::{
    Event,
    sse::{Frame, Parser},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::{sleep, timeout};
use widget::state::connection::SILENCE_MS;

/// The largest event that is still believed, as in the panel.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// A stream that is live, for as long as this is held.
struct Live<'c>(&'c Counters);

impl<'c> Live<'c> {
    fn new(counters: &'c Counters) -> Self {
        count(&counters.n_live);
        count(&counters.n_opened);
        Self(counters)
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.n_live.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Visitor {
    /// Keeps the stream of one tab open, for as long as it is asked to run.
    pub async fn listen(self: Arc<Self>, tab: usize) {
        loop {
            self.state().tabs[tab].connection.connecting(now_ms());
            let retry_after_ms = self.run_stream(tab).await;
            let wait_ms = {
                let mut state = self.state();
                let random = state.random();
                state.tabs[tab].connection.closed(now_ms(), retry_after_ms, random)
            };
            let woken = self.woken.notified();
            tokio::select! {
                () = sleep(Duration::from_secs_f64(wait_ms / 1000.0)) => {}
                () = woken => {}
            }
        }
    }

    /// One stream from its request to its end. Answers the wait that the server asked for, if it did.
    async fn run_stream(&self, tab: usize) -> Option<f64> {
        let token = self.access_token()?;
        let last_event_id = self.state().tabs[tab].last_event_id.clone();
        let mut ask = Ask::get("/widget/v1/stream").with_token(&token);
        ask.last_event_id = last_event_id.as_deref();
        let patience = Duration::from_secs_f64(SILENCE_MS / 1000.0);
        let opened = timeout(patience, open_stream(self.way, ask)).await;
        let Ok(Ok(response)) = opened else {
            self.world.counters.note_status(0);
            return None;
        };
        let status = response.status().as_u16();
        self.world.counters.note_status(status);
        match status {
            200 => {}
            401 => {
                self.renew(&token).await;
                // With new tokens there is no reason to wait.
                return self.access_token().filter(|renewed| *renewed != token).map(|_| 0.0);
            }
            _ => return retry_after_ms(&response),
        }
        let mut body = response.into_body();
        let mut parser = Parser::new(MAX_FRAME_BYTES);
        let mut frames = Vec::new();
        let mut live = None;
        loop {
            self.state().tabs[tab].connection.heard(now_ms());
            let chunk = timeout(patience, body.frame()).await.ok()??.ok()?;
            let Some(bytes) = chunk.data_ref() else { continue };
            parser.push(bytes, |frame| frames.push(frame)).ok()?;
            for frame in frames.drain(..) {
                // Live is a stream that has said where it stands, not one that was merely accepted.
                live.get_or_insert_with(|| Live::new(&self.world.counters));
                self.hear(tab, frame, last_event_id.is_some());
            }
        }
    }

    fn hear(&self, tab: usize, frame: Frame, has_resumed: bool) {
        let mut state = self.state();
        let state = &mut *state;
        let heard = &mut state.tabs[tab];
        match Event::read(&frame.event, &frame.data) {
            Ok(Some(event)) => {
                heard.hearing.take(frame.id.as_deref(), &event, has_resumed);
                if let Event::Goodbye(goodbye) = &event {
                    heard.connection.said_goodbye(f64::from(goodbye.reconnect_after_ms));
                }
                if let Event::Message(message) = &event {
                    count(&self.world.counters.n_heard);
                    let sent_at = message.client_id.and_then(|client_id| state.sent_at.get(&client_id));
                    if let Some(sent_at) = sent_at.filter(|_| state.is_measured) {
                        self.world.note_latency(&self.world.heard_after, *sent_at);
                    }
                }
                // The first tab is the one that sends.
                if tab == 0 {
                    self.follow(state, event);
                }
            }
            Ok(None) => {}
            Err(_) => heard.hearing.n_unreadable += 1,
        }
        if frame.id.is_some() {
            state.tabs[tab].last_event_id = frame.id;
        }
    }

    fn follow(&self, state: &mut super::State, event: Event) {
        match event {
            Event::Snapshot(snapshot) => {
                for message in snapshot.thread.iter().flat_map(|thread| &thread.messages) {
                    self.acknowledge(message);
                }
                state.timeline.snapshot(snapshot.thread);
                state.follow_timeline();
            }
            Event::Conversation(conversation) => {
                state.timeline.update(conversation);
                state.follow_timeline();
            }
            Event::Message(message) => {
                self.acknowledge(&message);
                state.timeline.message(message);
            }
            Event::Receipt(receipt) => state.timeline.receipt(&receipt),
            Event::Typing(_) | Event::Heartbeat(_) | Event::Goodbye(_) => {}
        }
        let unsent = state.outbox.items().iter().map(|item| item.entry.client_id);
        let arrived: Vec<_> = unsent.filter(|client_id| state.timeline.contains(*client_id)).collect();
        for client_id in arrived {
            state.outbox.confirm(client_id);
        }
        self.stirred.notify_one();
    }
}
