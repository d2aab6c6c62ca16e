//! The mock agent: in mock mode, somebody who answers like a person, by a script.
//!
//! It uses the same use cases as every API, so whatever it does a real agent can do. It answers visitors of the demo
//! company's widget and nobody else: on other channels, and for other companies, an integrator's own program is the agent.

pub mod script;

use self::script::{Script, Step};
use crate::{
    app::App,
    demo::{AGENT_ID, AGENT_NAME, COMPANY_ID},
    domain::{Change, ChangeKind, ChannelKind, Message, ReceiptState, Result, Sender, SenderType, Side},
    live::Signal,
};
use shared::{MessageText, limits::TYPING_EVERY_MS};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, sleep, sleep_until},
};
use tracing::{error, warn};

/// Answers visitors until the server drains.
pub fn start(app: App, script: Script) {
    let script = Arc::new(script);
    let mut feed = app.live.subscribe_to_all();
    let mut draining = app.live.draining();
    tokio::spawn(async move {
        loop {
            let signal = tokio::select! {
                signal = feed.recv() => signal,
                _ = draining.wait_for(|is_draining| *is_draining) => return,
            };
            match signal {
                Ok(Signal::Change(live)) => {
                    if let ChangeKind::Message(message) = &live.change.kind
                        && live.change.is_new
                        && live.change.company == COMPANY_ID
                        && message.sender.kind == SenderType::Customer
                    {
                        tokio::spawn(answer(
                            app.clone(),
                            Arc::clone(&script),
                            live.change.clone(),
                            message.clone(),
                        ));
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(n_missed)) => {
                    warn!(
                        n_missed,
                        "more was said than the mock agent can follow; some of it gets no answer"
                    );
                }
                Err(RecvError::Closed) => return,
            }
        }
    });
}

async fn answer(app: App, script: Arc<Script>, change: Change, message: Message) {
    let steps = script.steps_for(&message.content, message.seq == 1);
    let mut draining = app.live.draining();
    let play = async {
        let conversation = app.conversations.get(change.company, message.conversation).await?;
        if conversation.channel.kind != ChannelKind::Widget {
            return Ok(());
        }
        for step in steps {
            play(&app, &change, &message, step).await?;
        }
        Ok::<_, crate::domain::Error>(())
    };
    tokio::select! {
        result = play => if let Err(failure) = result {
            error!(error = %failure, "the mock agent could not answer");
        },
        _ = draining.wait_for(|is_draining| *is_draining) => {}
    }
}

async fn play(app: &App, change: &Change, message: &Message, step: &Step) -> Result<()> {
    let (company, conversation) = (change.company, message.conversation);
    let mark = |state| app.conversations.mark(company, conversation, Side::Agent, state, message.seq);
    match step {
        Step::WaitMs(wait_ms) => sleep(Duration::from_millis(*wait_ms)).await,
        Step::Delivered => mark(ReceiptState::Delivered).await?,
        Step::Read => mark(ReceiptState::Read).await?,
        Step::TypingMs(typing_ms) => {
            let conversation = app.conversations.get(company, conversation).await?;
            let announce = |typing| {
                let name = Some(AGENT_NAME.to_owned());
                app.conversations.announce_typing(company, &conversation, Side::Agent, name, typing);
            };
            // A notice is good for a few seconds, so somebody who types for longer says so again.
            let done = Instant::now() + Duration::from_millis(*typing_ms);
            while Instant::now() < done {
                announce(true);
                sleep_until(done.min(Instant::now() + Duration::from_millis(TYPING_EVERY_MS.into()))).await;
            }
            announce(false);
        }
        Step::Say(template) => say(app, change, Sender::agent(AGENT_ID), template, message).await?,
        Step::System(template) => say(app, change, Sender::system(), template, message).await?,
    }
    Ok(())
}

async fn say(app: &App, change: &Change, sender: Sender, template: &str, message: &Message) -> Result<()> {
    // An echo of a very long text may be too long itself; then the template says it without.
    let text = MessageText::try_from(template.replace("{text}", &message.content))
        .or_else(|_| MessageText::try_from(template.replace("{text}", "…")));
    if let Ok(text) = text {
        app.conversations.send(change.company, message.conversation, None, sender, text.into()).await?;
    }
    Ok(())
}
