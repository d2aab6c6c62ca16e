//! One message sent by many clients at once, as by tabs that flush one outbox; and the same client id with another text.

use crate::{
    http::{Ask, Client, Reply, Way},
    judge::ledger::Told,
    stage::{Run, Stage},
};
use anyhow::{Context, Result};
use clap::Args;
use http::Method;
use shared::{ClientId, ErrorCode, Message, SendMessage, Seq, id::uuid_v7};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Barrier, task::JoinSet};

#[derive(Args)]
pub struct Options {
    /// Clients that send the same message. [default: 64]
    #[arg(long)]
    clients: Option<usize>,
    /// How often it is done, each time with another message. [default: 200, short 20]
    #[arg(long)]
    rounds: Option<u64>,
}

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_clients = options.clients.unwrap_or(64);
    let n_rounds = options.rounds.unwrap_or(run.size.pick(20, 200));

    let mut stage = Stage::open(run, run.setup()).await?;
    stage.gather(1, 1).await?;
    let visitor = Arc::clone(&stage.visitors[0]);
    let token = visitor.access_token().context("the visitor has a session")?;
    let conversation = visitor.conversation().context("the visitor has a conversation")?;
    let mut random = run.random.fork(0);
    let mut clients: Vec<Client> =
        (0..n_clients).map(|number| Client::new(Way::of_visitor(number, stage.world.to))).collect();
    let mut tally = Tally::default();
    for round in 0..n_rounds {
        let client_id = ClientId(uuid_v7(round, &random.bytes()));
        let texts = [format!("Round {round}, one text"), format!("Round {round}, another text")];
        // In every other round half of them bring another text: whichever is stored first is the message.
        let is_contested = round % 2 == 1;
        let asks = (0..n_clients).map(|client| {
            let text = &texts[if is_contested { client % 2 } else { 0 }];
            (format!("/widget/v1/conversations/{conversation}/messages/{client_id}"), text.clone())
        });
        let answers = race(&mut clients, asks.collect(), &token, stage.world.request_patience).await?;
        let stored = answers.iter().find_map(|(_, reply)| reply.read::<Message>());
        let message = stored.context("nobody's message was taken")?;
        stage.world.ledger.wrote(client_id, 0, round + 2, message.content.clone());
        let told = Told { conversation, seq: message.seq };
        stage.world.ledger.acknowledged(client_id, told);
        for (text, reply) in &answers {
            tally.take(*text == message.content, message.seq, reply);
        }
    }

    let report = &mut run.report;
    report.count("rounds", usize::try_from(n_rounds)?);
    report.count("clients in each", n_clients);
    let wanted = usize::try_from(n_rounds)?;
    let n_created = tally.created;
    report.promise("each round stores one message", n_created == wanted, format!("{n_created} created"));
    report.none_of("answers with another seq", tally.other_seq, &[]);
    report.none_of("answers that should be 200 or 201 and are not", tally.not_taken, &[]);
    let n_refused = tally.refused;
    report.none_of("other texts not refused with 422", tally.not_refused, &[]);
    report.count("other texts refused with 422", n_refused);
    stage.settle(report, Duration::from_secs(20)).await;
    stage.close(report).await
}

/// How many answers were what.
#[derive(Default)]
struct Tally {
    created: usize,
    other_seq: usize,
    not_taken: usize,
    refused: usize,
    not_refused: usize,
}

impl Tally {
    fn take(&mut self, is_same_text: bool, seq: Seq, reply: &Reply) {
        if is_same_text {
            self.not_taken += usize::from(!reply.is_ok());
            self.created += usize::from(reply.status == 201);
            self.other_seq += usize::from(reply.read::<Message>().is_some_and(|message| message.seq != seq));
        } else if reply.status == 422 && reply.code() == ErrorCode::ClientIdReused {
            self.refused += 1;
        } else {
            self.not_refused += 1;
        }
    }
}

/// Sends everything at the same moment. Answers each text with what it got.
async fn race(
    clients: &mut Vec<Client>,
    asks: Vec<(String, String)>,
    token: &str,
    patience: Duration,
) -> Result<Vec<(String, Reply)>> {
    let barrier = Arc::new(Barrier::new(asks.len()));
    let mut racing = JoinSet::new();
    for (mut client, (path, text)) in clients.drain(..).zip(asks) {
        let (barrier, token) = (Arc::clone(&barrier), token.to_owned());
        racing.spawn(async move {
            let body = SendMessage { content: text.clone(), attachments: Vec::new() };
            let ask = Ask::new(Method::PUT, &path).with_token(&token).with_json(&body);
            barrier.wait().await;
            let reply = client.call(ask, patience).await;
            (client, text, reply)
        });
    }
    let mut answers = Vec::new();
    while let Some(answered) = racing.join_next().await {
        let (client, text, reply) = answered?;
        clients.push(client);
        answers.push((text, reply));
    }
    Ok(answers)
}
