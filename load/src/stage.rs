//! A server, the visitors who use it, and how a run ends: everything settles, is read back, and is judged.

use crate::{
    http::{Ask, Client, Way},
    judge::{Evidence, ReadBack, database::Database},
    random::Random,
    report::{Report, Size},
    server::{Server, Setup},
    visitor::Visitor,
    world::{World, get},
};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;

/// Visitors who begin at the same moment, while a crowd gathers.
const N_BEGINNING: usize = 64;
/// Conversations that are read back over HTTP; the rest is judged from the database alone.
const N_READ_BACK: usize = 300;
/// How long all of a crowd may take to have their streams.
const LIVE_MAX: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// What every scenario is given.
pub struct Run {
    pub program: PathBuf,
    pub size: Size,
    pub random: Random,
    pub report: Report,
    /// Removed at the end, unless a promise was broken.
    directory: TempDir,
}

impl Run {
    pub fn new(program: &Path, size: Size, seed: u64, scenario: &'static str) -> Result<Self> {
        let directory =
            tempfile::Builder::new().prefix("porchlight-load-").tempdir().context("making a directory")?;
        Ok(Self {
            program: program.to_owned(),
            size,
            random: Random::new(seed),
            report: Report::new(scenario, size, seed),
            directory,
        })
    }

    pub fn setup(&self) -> Setup {
        Setup::new(&self.program, self.directory.path())
    }

    /// Ends the run. What a broken promise left is kept to be looked at.
    pub fn finish(mut self) -> Report {
        self.report.finish();
        if !self.report.is_kept() {
            println!("what is left of it: {}", self.directory.keep().display());
        }
        self.report
    }
}

pub struct Stage {
    pub server: Server,
    pub world: Arc<World>,
    pub visitors: Vec<Arc<Visitor>>,
    /// So many of them have their streams.
    n_connected: usize,
    tasks: JoinSet<()>,
}

impl Stage {
    /// Starts a server, with nobody there yet.
    pub async fn open(run: &Run, setup: Setup) -> Result<Self> {
        let server = Server::start(setup).await?;
        Ok(Self::around(run, server, |_| {}))
    }

    /// Puts a stage around a server that runs. `change` may place something in front of it.
    pub fn around(run: &Run, server: Server, change: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new(server.address, server.demo.widget_id, run.random.clone());
        change(&mut world);
        let world = Arc::new(world);
        let mut tasks = JoinSet::new();
        tasks.spawn(progress(Arc::clone(&world), run.report.scenario));
        Self { server, world, visitors: Vec::new(), n_connected: 0, tasks }
    }

    /// Lets visitors come, each with a conversation and a live stream for each tab.
    pub async fn gather(&mut self, n_visitors: usize, n_tabs: usize) -> Result<()> {
        self.begin(n_visitors, n_tabs).await?;
        self.connect().await;
        Ok(())
    }

    /// Lets visitors come and write their first message, each with so many tabs.
    pub async fn begin(&mut self, n_visitors: usize, n_tabs: usize) -> Result<()> {
        let room = Arc::new(Semaphore::new(N_BEGINNING));
        let mut beginning = JoinSet::new();
        let first = self.visitors.len();
        for number in first..first + n_visitors {
            let visitor = Visitor::new(number, n_tabs, &self.world);
            self.visitors.push(Arc::clone(&visitor));
            self.tasks.spawn(Arc::clone(&visitor).deliver());
            let room = Arc::clone(&room);
            beginning.spawn(async move {
                let _place = room.acquire_owned().await;
                visitor.write();
                while !visitor.is_idle() {
                    sleep(Duration::from_millis(5)).await;
                }
            });
        }
        while let Some(begun) = beginning.join_next().await {
            begun?;
        }
        Ok(())
    }

    /// Opens the streams of those who have come since it was last called, a few at a time, and waits until they are live.
    pub async fn connect(&mut self) {
        let mut n_opening = get(&self.world.counters.n_live);
        for visitor in &self.visitors[self.n_connected..] {
            for tab in 0..visitor.n_tabs() {
                self.tasks.spawn(Arc::clone(visitor).listen(tab));
                n_opening += 1;
                let started = Instant::now();
                while get(&self.world.counters.n_live) + N_BEGINNING < n_opening && started.elapsed() < POLL {
                    sleep(Duration::from_millis(1)).await;
                }
            }
        }
        self.n_connected = self.visitors.len();
        self.wait_until(LIVE_MAX, |stage| get(&stage.world.counters.n_live) >= stage.n_streams()).await;
    }

    pub fn n_streams(&self) -> usize {
        self.visitors.iter().map(|visitor| visitor.n_tabs()).sum()
    }

    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Whether everything written was taken and everything taken was heard.
    pub fn has_settled(&self) -> bool {
        self.visitors.iter().all(|visitor| visitor.is_idle() && visitor.has_heard_all())
    }

    /// Waits for something. Answers whether it came about in time.
    pub async fn wait_until(&self, patience: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let started = Instant::now();
        while !is_so(self) {
            if started.elapsed() > patience {
                return false;
            }
            sleep(POLL).await;
        }
        true
    }

    /// Everybody looks at their page, so that nobody waits out a long pause; then waits until all has arrived.
    pub async fn settle(&self, report: &mut Report, patience: Duration) {
        let started = Instant::now();
        self.visitors.iter().for_each(|visitor| visitor.wake());
        let has_settled = self.wait_until(patience, Self::has_settled).await;
        let n_unsent = self.visitors.iter().filter(|visitor| !visitor.is_idle()).count();
        let n_deaf = self.visitors.iter().filter(|visitor| !visitor.has_heard_all()).count();
        let seen = if has_settled {
            format!("after {:.1} s", started.elapsed().as_secs_f64())
        } else {
            format!(
                "{n_unsent} have something unsent and {n_deaf} something unheard after {} s",
                patience.as_secs()
            )
        };
        report.promise("everything written arrives once the trouble is over", has_settled, seen);
    }

    /// Everybody closes their pages.
    pub async fn leave(&mut self) {
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
    }

    /// Reads back, stops the server in order, and judges.
    pub async fn close(mut self, report: &mut Report) -> Result<()> {
        let read_back = self.read_back().await?;
        self.leave().await;
        self.server.stop().await?;
        let database = Database::read(&self.server.setup.database())?;
        let hearings: Vec<_> = self.visitors.iter().flat_map(|visitor| visitor.hearings()).collect();
        let evidence = Evidence {
            ledger: &self.world.ledger,
            hearings: &hearings,
            database: &database,
            read_back: &read_back,
        };
        evidence.judge(report);
        let n_lost = get(&self.world.counters.n_sessions_lost);
        report.none_of("sessions lost", n_lost, &[]);
        report.none_of("messages refused for good", get(&self.world.counters.n_refused), &[]);
        report.count("tries repeated", get(&self.world.counters.n_retries));
        for (status, n) in self.world.counters.errors() {
            let name =
                if status == 0 { "requests without an answer".into() } else { format!("answers {status}") };
            report.count(name, n);
        }
        Ok(())
    }

    /// The conversations of some visitors, as a company's own program sees them.
    async fn read_back(&self) -> Result<ReadBack> {
        #[derive(Deserialize)]
        struct Whole {
            messages: Vec<Read>,
        }
        #[derive(Deserialize)]
        struct Read {
            id: Uuid,
            content: String,
        }
        let mut client = Client::new(Way::of_visitor(0, self.server.address));
        let mut read_back = ReadBack::new();
        let step = self.visitors.len().div_ceil(N_READ_BACK).max(1);
        for id in self.visitors.iter().step_by(step).filter_map(|visitor| visitor.conversation()) {
            let path = format!("/api/v1/conversations/{id}");
            let ask = Ask::get(&path).with_token(&self.server.demo.api_token);
            let reply = client.call(ask, self.world.request_patience).await;
            let whole: Whole = reply
                .read()
                .with_context(|| format!("reading a conversation back was answered {}", reply.status))?;
            read_back.insert(
                id,
                whole.messages.into_iter().map(|message| (message.id, message.content)).collect(),
            );
        }
        Ok(read_back)
    }
}

/// One line a second, so that whoever waits knows for what.
async fn progress(world: Arc<World>, scenario: &'static str) {
    let started = Instant::now();
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.tick().await;
    loop {
        seconds.tick().await;
        let counters = &world.counters;
        println!(
            "[{:>4} s] {scenario}: {} acknowledged, {} tries repeated, {} streams live, {} messages heard",
            started.elapsed().as_secs(),
            get(&counters.n_acknowledged),
            get(&counters.n_retries),
            get(&counters.n_live),
            get(&counters.n_heard),
        );
    }
}
