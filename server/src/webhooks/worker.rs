//! The worker: reads the log for each webhook, and makes the deliveries that are due.

use super::{DELIVERY, SIGNATURE, sign, writer_of};
use crate::{
    app::App,
    clock::new_id,
    dialect::times::unix_seconds,
    domain::{
        Result, Webhook, WebhookFormat,
        delivery::{RETRY_SECONDS, is_tried_again},
    },
    live::Signal,
    outbound::OutboundError,
    store::{NewDelivery, WebhookDelivery},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use shared::CompanyId;
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    pin::pin,
    time::Duration,
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tracing::{error, warn};

/// How often everything is looked through, whether or not a wake-up came: what a lost one costs at most.
const TICK: Duration = Duration::from_secs(5);

/// How long a wake-up waits for others, so that what happens at once is read at once.
const GATHER: Duration = Duration::from_millis(20);

/// How long a delivery that failed waits, as a timer counts it.
const RETRY: Duration = Duration::from_secs(RETRY_SECONDS.unsigned_abs());

/// How long a server that stops waits for deliveries under way.
const FINISH: Duration = Duration::from_secs(3);

/// Entries of the log that are read, and become deliveries, in one go.
const READ_MAX: u32 = 100;

/// Deliveries under way at once to one webhook.
const TO_ONE_MAX: usize = 4;

/// Deliveries under way at once to all of them. An address that doesn't answer has one of these places, and so delays
/// nobody else's deliveries before there are very many like it.
const TO_ALL_MAX: usize = 128;

/// Reads the log, and makes deliveries.
pub struct Worker {
    app: App,
    /// The webhooks there are, by number.
    lanes: BTreeMap<i64, Lane>,
    /// The lanes that may have something to deliver.
    ready: HashSet<i64>,
    attempts: JoinSet<Attempt>,
    /// When to look into lanes again where a delivery failed, soonest first.
    retries: VecDeque<(Instant, i64)>,
}

/// A webhook, and what is under way to it.
struct Lane {
    webhook: Webhook,
    /// Numbers of deliveries.
    under_way: HashSet<i64>,
    /// Whether the last delivery failed. Then the next ones are tried one at a time.
    is_failing: bool,
}

/// What came of trying a delivery.
struct Attempt {
    webhook_num: i64,
    delivery_num: i64,
    has_arrived: bool,
    /// Whether the store knows. If not, it is to be left alone for a while.
    is_noted: bool,
}

/// Companies in whose log there may be something new.
enum Stale {
    All,
    Some(HashSet<CompanyId>),
}

impl Stale {
    fn contains(&self, company: CompanyId) -> bool {
        match self {
            Self::All => true,
            Self::Some(companies) => companies.contains(&company),
        }
    }
}

impl Worker {
    pub fn new(app: App) -> Self {
        Self {
            app,
            lanes: BTreeMap::new(),
            ready: HashSet::new(),
            attempts: JoinSet::new(),
            retries: VecDeque::new(),
        }
    }

    /// Reads what is new in the log and makes every delivery that is due by the clock; returns when each was tried.
    pub async fn run_due(&mut self) {
        self.read(&Stale::All).await;
        self.ready.extend(self.lanes.keys());
        self.deliver().await;
        while let Some(attempted) = self.attempts.join_next().await {
            self.settle(attempted);
            self.deliver().await;
        }
    }

    /// Works until the server drains. Deliveries under way then have a moment to arrive; those that don't are made again by
    /// the next server.
    pub(super) async fn run(mut self) {
        // First the subscription, then the first look into the log: nothing falls between.
        let mut feed = self.app.live.subscribe_to_all();
        let mut draining = self.app.live.draining();
        let mut drained = pin!(async move { drop(draining.wait_for(|is_draining| *is_draining).await) });
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let retry_at = self.retries.front().map(|(at, _)| *at);
            tokio::select! {
                () = &mut drained => break,
                _ = ticks.tick() => {
                    self.read(&Stale::All).await;
                    self.ready.extend(self.lanes.keys());
                }
                signal = feed.recv() => {
                    let stale = gather(signal, &mut feed).await;
                    self.read(&stale).await;
                }
                Some(attempted) = self.attempts.join_next() => self.settle(attempted),
                () = until(retry_at) => {
                    if let Some((_, webhook_num)) = self.retries.pop_front() {
                        self.ready.insert(webhook_num);
                    }
                }
            }
            self.deliver().await;
        }
        let finish = async { while self.attempts.join_next().await.is_some() {} };
        drop(timeout(FINISH, finish).await);
    }

    /// Turns what is new in the log of these companies into deliveries.
    async fn read(&mut self, stale: &Stale) {
        let webhooks = match self.app.store.all_webhooks().await {
            Ok(webhooks) => webhooks,
            Err(failure) => {
                error!(error = %failure, "the webhooks could not be read; the next tick tries again");
                return;
            }
        };
        let nums: HashSet<i64> = webhooks.iter().map(|webhook| webhook.num).collect();
        self.lanes.retain(|num, _| nums.contains(num));
        for webhook in webhooks {
            if stale.contains(webhook.company) {
                match self.read_for(&webhook).await {
                    Ok(false) => {}
                    Ok(true) => drop(self.ready.insert(webhook.num)),
                    Err(failure) => error!(
                        webhook.num = webhook.num,
                        error = %failure,
                        "the log could not be read for a webhook; the next tick tries again"
                    ),
                }
            }
            let lane = self.lanes.remove(&webhook.num);
            let (under_way, is_failing) =
                lane.map_or_else(Default::default, |lane| (lane.under_way, lane.is_failing));
            self.lanes.insert(webhook.num, Lane { webhook, under_way, is_failing });
        }
    }

    /// Whether there was anything to deliver.
    async fn read_for(&self, webhook: &Webhook) -> Result<bool> {
        let writer = writer_of(webhook.format);
        let mut read_rev = webhook.read_rev;
        let mut has_any = false;
        loop {
            let page = self.app.store.changes(webhook.company, None, read_rev, READ_MAX).await?;
            if page.read_up_to <= read_rev {
                return Ok(has_any);
            }
            let at = self.app.clock.now();
            let mut deliveries: Vec<NewDelivery> = Vec::new();
            let mut told = Vec::new();
            for change in &page.changes {
                for event in writer.events(&self.app, change).await? {
                    let is_wanted =
                        webhook.events.is_empty() || webhook.events.iter().any(|wanted| wanted == event.name);
                    // An entry speaks of a thing as it is now, so two of them may say the same: once is enough.
                    if !is_wanted || told.contains(&event) {
                        continue;
                    }
                    let id = new_id(at);
                    let body = writer.body(&event, id, at).to_string();
                    deliveries.push(NewDelivery { id, conversation: change.conversation, body });
                    told.push(event);
                }
            }
            has_any |= !deliveries.is_empty();
            self.app.store.enqueue_deliveries(webhook.num, page.read_up_to, deliveries, at).await?;
            read_rev = page.read_up_to;
            if !page.has_more {
                return Ok(has_any);
            }
        }
    }

    /// Sets out with what is due in the lanes that are ready, as far as there is room.
    async fn deliver(&mut self) {
        for num in std::mem::take(&mut self.ready) {
            if self.attempts.len() >= TO_ALL_MAX {
                self.ready.insert(num);
                continue;
            }
            let Some(lane) = self.lanes.get_mut(&num) else { continue };
            let n_at_once = if lane.is_failing { 1 } else { TO_ONE_MAX };
            let n_free = n_at_once.saturating_sub(lane.under_way.len()).min(TO_ALL_MAX - self.attempts.len());
            if n_free == 0 {
                continue;
            }
            // Those under way are still the first of their conversations.
            let n_wanted = u32::try_from(n_free + lane.under_way.len()).unwrap_or(u32::MAX);
            let due = match self.app.store.next_deliveries(num, self.app.clock.now(), n_wanted).await {
                Ok(due) => due,
                Err(failure) => {
                    error!(webhook.num = num, error = %failure, "the queue of a webhook could not be read");
                    continue;
                }
            };
            for delivery in due
                .into_iter()
                .filter(|due| !lane.under_way.contains(&due.num))
                .take(n_free)
                .collect::<Vec<_>>()
            {
                lane.under_way.insert(delivery.num);
                self.attempts.spawn(attempt(self.app.clone(), lane.webhook.clone(), delivery));
            }
        }
    }

    fn settle(&mut self, attempted: Result<Attempt, tokio::task::JoinError>) {
        let attempt = match attempted {
            Ok(attempt) => attempt,
            Err(failure) => {
                // Which one it was is not known, so the lanes are filled anew; what is under way may be made twice.
                error!(error = %failure, "a delivery ended abnormally");
                self.lanes.values_mut().for_each(|lane| lane.under_way.clear());
                return;
            }
        };
        let Some(lane) = self.lanes.get_mut(&attempt.webhook_num) else { return };
        lane.under_way.remove(&attempt.delivery_num);
        lane.is_failing = !attempt.has_arrived;
        if attempt.is_noted {
            self.ready.insert(attempt.webhook_num);
        }
        if !attempt.has_arrived {
            self.retries.push_back((Instant::now() + RETRY, attempt.webhook_num));
        }
    }
}

/// What a wake-up and those that come shortly after it make stale.
async fn gather(first: std::result::Result<Signal, RecvError>, feed: &mut Receiver<Signal>) -> Stale {
    let mut companies = HashSet::new();
    let mut next = Some(first);
    sleep(GATHER).await;
    while let Some(signal) = next {
        match signal {
            // A customer by themselves is of no interest to some formats, but that is theirs to say.
            Ok(Signal::Change(live)) => drop(companies.insert(live.change.company)),
            Ok(Signal::Typing(_) | Signal::Look) => {}
            Err(_) => return Stale::All,
        }
        next = feed.try_recv().ok().map(Ok);
    }
    Stale::Some(companies)
}

/// Waits until then, or for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Why a delivery did not arrive.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the answer was {0}, not 200")]
    Status(StatusCode),
    /// Somebody asked for it, in mock mode.
    #[error("it was lost on the way, as was asked for")]
    Dropped,
}

/// Tries a delivery, and notes what came of it.
async fn attempt(app: App, webhook: Webhook, delivery: WebhookDelivery) -> Attempt {
    let result = post(&app, &webhook, &delivery).await;
    let n_failures = delivery.n_attempts + 1;
    let noted = match &result {
        Ok(()) => app.store.finish_delivery(delivery.num).await,
        Err(_) if is_tried_again(n_failures) => {
            app.store.postpone_delivery(delivery.num, app.clock.now().plus_seconds(RETRY_SECONDS)).await
        }
        Err(failure) => {
            warn!(
                webhook.num = webhook.num,
                delivery.id = %delivery.id,
                n_failures,
                error = %failure,
                "a delivery to a webhook was given up"
            );
            app.store.finish_delivery(delivery.num).await
        }
    };
    if let Err(failure) = &noted {
        error!(delivery.id = %delivery.id, error = %failure, "what came of a delivery could not be noted");
    }
    Attempt {
        webhook_num: webhook.num,
        delivery_num: delivery.num,
        has_arrived: result.is_ok(),
        is_noted: noted.is_ok(),
    }
}

/// Makes a delivery. Everything that leaves for a webhook leaves here.
async fn post(app: &App, webhook: &Webhook, delivery: &WebhookDelivery) -> std::result::Result<(), Failure> {
    if app.mock.take_webhook_drop(webhook.company) {
        return Err(Failure::Dropped);
    }
    let headers = headers(webhook, delivery, unix_seconds(app.clock.now()));
    let body = Bytes::from(delivery.body.clone());
    match app.outbound.post(&webhook.url, headers, body).await? {
        StatusCode::OK => Ok(()),
        status => Err(Failure::Status(status)),
    }
}

fn headers(webhook: &Webhook, delivery: &WebhookDelivery, now: i64) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut add = |name, value: String| {
        // Ids and signatures are plain ASCII.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.push((name, value));
        }
    };
    add(DELIVERY, delivery.id.to_string());
    if webhook.format == WebhookFormat::Native {
        add(SIGNATURE, sign(&webhook.secret, now, &delivery.body));
    }
    headers
}
