//! The client and the server as state machines, with a network between them that does whatever a network can do.
//!
//! Real are the widget's own state (`widget::state`), the server from its router down to SQLite, and the event stream's
//! bytes. The model's are the browser (`browser`, `tab`, `stream`, `requests`: what the panel's browser files do, line by line), the
//! network and the clock. Steps are chosen by proptest and applied one after the other, so that a failure can be had again;
//! races within the server are not its subject.
//!
//! `PORCHLIGHT_MODEL_STEPS` sets how many steps are taken. The long form is `cargo xtask soak`.

mod browser;
mod judge;
mod machine;
mod network;
mod notes;
mod requests;
mod site;
mod step;
mod stream;
mod tab;
mod world;

use crate::{
    browser::Kind,
    notes::Text,
    site::{AgentAct, Site},
    step::{Step, kind, steps},
    world::{Sabotage, Verdict, World},
};
use proptest::{
    prelude::*,
    test_runner::{
        Config, FailurePersistence, FileFailurePersistence, RngSeed, TestCaseError, TestError, TestRunner,
    },
};
use std::{cell::Cell, fmt, sync::mpsc};
use tokio::runtime::{Builder, Runtime};

/// The most steps of one case. Longer ones find no more, and take longer to reduce.
const STEPS_OF_CASE: usize = 400;
/// Steps of an ordinary run; the figure to reach is a million.
const STEPS: usize = 4_000;

/// Whoever waits for a million is told how far it has come.
const TELL_EVERY: usize = 50_000;

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/regressions.txt");

/// A runtime whose clock stands still, and the server in it.
struct Stage {
    /// Absent while a case is played, and after one that panicked.
    site: Cell<Option<Site>>,
    /// Dropped before the runtime, which waits for its blocking tasks.
    _stop: mpsc::Sender<()>,
    runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            // One for the task below, and one that does all reading in turn.
            .max_blocking_threads(2)
            .build()
            .unwrap();
        // While a blocking task runs, tokio's paused clock does not go on by itself.
        let (stop, stopped) = mpsc::channel();
        runtime.spawn_blocking(move || stopped.recv());
        Self { site: Cell::default(), _stop: stop, runtime }
    }

    fn play(&self, case: &Case, sabotage: Sabotage, is_told: bool) -> Verdict {
        self.runtime.block_on(async {
            let mut site = self.site.take().unwrap_or_else(Site::start);
            let world = World::new(&mut site, case.kind, case.seed, sabotage, is_told).await;
            let verdict = world.run(&case.steps).await;
            self.site.set(Some(site));
            verdict
        })
    }
}

/// One case. Its steps stand in one line, so that a failure can be read.
#[derive(Clone)]
struct Case {
    kind: Kind,
    seed: u64,
    steps: Vec<Step>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, seed {}, {} steps: {:?}", self.kind, self.seed, self.steps.len(), self.steps)
    }
}

/// Runs cases until so many steps were taken, or one shows that something is wrong.
fn run(n_steps: usize, config: &Config, sabotage: Sabotage) -> Result<usize, (String, Case)> {
    let stage = Stage::new();
    let n_taken = Cell::new(0);
    let mut n_told = 0;
    while n_taken.get() < n_steps {
        if n_taken.get() / TELL_EVERY > n_told {
            n_told = n_taken.get() / TELL_EVERY;
            println!("{} of {n_steps} steps", n_told * TELL_EVERY);
        }
        let config = Config { cases: 20, ..config.clone() };
        let any_case = (kind(), any::<u64>(), steps(STEPS_OF_CASE)).prop_map(|(kind, seed, steps)| Case {
            kind,
            seed,
            steps,
        });
        let result = TestRunner::new(config).run(&any_case, |case| {
            n_taken.set(n_taken.get() + case.steps.len());
            stage.play(&case, sabotage, false).map_err(TestCaseError::fail)
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => return Err((reason.message().to_owned(), case)),
            Err(TestError::Abort(reason)) => panic!("no cases can be made: {reason}"),
        }
    }
    Ok(n_taken.get())
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_whatever_happens() {
    let n_steps = std::env::var("PORCHLIGHT_MODEL_STEPS").ok();
    let n_steps =
        n_steps.map_or(STEPS, |n_steps| n_steps.replace('_', "").parse().expect("a number of steps"));
    let failure_persistence: Box<dyn FailurePersistence> =
        Box::new(FileFailurePersistence::Direct(REGRESSIONS));
    let config = Config {
        failure_persistence: Some(failure_persistence),
        max_shrink_time: 240_000,
        max_shrink_iters: u32::MAX - 1,
        ..Config::default()
    };
    match run(n_steps, &config, Sabotage::Nothing) {
        Ok(n_taken) => println!("{n_taken} steps"),
        Err((wrong, case)) => {
            let again = Stage::new().play(&case, Sabotage::Nothing, true);
            panic!("{wrong}\n{case:?}\nand now: {again:?}");
        }
    }
}

/// Plays these steps in a browser that has everything.
fn play(steps: &[Step]) {
    let kind = Kind { is_forgetful: false, has_locks: true, has_channels: true, skew_ms: 0 };
    play_in(kind, 1, steps);
}

fn play_in(kind: Kind, seed: u64, steps: &[Step]) {
    let case = Case { kind, seed, steps: steps.to_vec() };
    if let Err(wrong) = Stage::new().play(&case, Sabotage::Nothing, true) {
        panic!("{wrong}");
    }
}

#[test]
fn a_page_that_stood_still_does_not_send_again_what_another_has_sent() {
    play(&[
        Step::Write(0, Text::Plain),
        Step::Flow,
        Step::Write(0, Text::Plain),
        Step::OpenTab,
        Step::Freeze(1, true),
        Step::Flow,
        Step::Flow,
        Step::Flow,
        Step::Agent(AgentAct::Close),
    ]);
}

#[test]
fn a_message_that_is_refused_for_a_closed_conversation_brings_no_other_back() {
    play(&[
        Step::Write(0, Text::Plain),
        Step::Flow,
        Step::Flow,
        Step::Flow,
        Step::Write(0, Text::Plain),
        Step::Write(0, Text::Plain),
        Step::OpenTab,
        Step::Agent(AgentAct::Close),
        // One tab begins anew, with one of the two, while the other still hears of the other one that it was refused.
        Step::Deliver(0),
        Step::Answer(0),
        Step::Deliver(0),
        Step::Answer(0),
        Step::Flow,
        Step::Reload(0),
        Step::Flow,
    ]);
}

#[test]
fn a_session_that_another_tab_has_begun_is_not_taken_for_the_one_that_ended() {
    play(&[
        Step::Write(0, Text::Plain),
        Step::Flow,
        Step::Flow,
        Step::OpenTab,
        Step::Flow,
        // Longer than a session lives.
        Step::Sleep(366 * 86_400),
        Step::Write(0, Text::Plain),
        Step::Flow,
        Step::Flow,
        Step::Flow,
    ]);
}

#[test]
fn a_message_that_waits_for_its_turn_to_begin_a_conversation_is_not_sent_ahead_by_a_new_page() {
    play(&[
        Step::Write(0, Text::Plain),
        Step::Flow,
        Step::Flow,
        Step::Flow,
        Step::OpenTab,
        Step::Flow,
        Step::Flow,
        Step::Agent(AgentAct::Close),
        Step::Write(0, Text::Plain),
        Step::Write(1, Text::Plain),
        // Both are refused. The first tab looks and begins anew, and the second looks then.
        Step::Flow,
        Step::Flow,
        Step::Flow,
        Step::Deliver(0),
        // A third finds the second's message in the storage.
        Step::OpenTab,
        Step::Deliver(0),
        Step::Deliver(0),
        Step::Answer(0),
        Step::Flow,
        Step::Flow,
    ]);
}

#[test]
fn a_page_that_missed_that_a_conversation_is_closed_does_not_undo_what_another_was_told() {
    let kind = Kind { is_forgetful: false, has_locks: false, has_channels: false, skew_ms: 0 };
    let steps = [
        Step::Write(0, Text::Plain),
        Step::Deliver(0),
        Step::Answer(0),
        Step::OpenTab,
        Step::Flow,
        Step::Write(20, Text::Plain),
        Step::Agent(AgentAct::Close),
        Step::Write(65, Text::Plain),
        Step::Reload(14),
        Step::Write(0, Text::Plain),
        Step::Write(0, Text::Plain),
        Step::Wait(20_093),
        Step::Flow,
        Step::Sleep(61),
        // Both tabs begin a conversation anew, each with another message, and hear no answer.
        Step::Offline,
        Step::Flow,
        Step::Write(0, Text::Plain),
        Step::Write(0, Text::Plain),
    ];
    play_in(kind, 1_523_860_223_812_753_463, &steps);
}

#[test]
fn pages_that_begin_a_session_at_the_same_time_go_on_in_one() {
    let kind = Kind { is_forgetful: false, has_locks: false, has_channels: true, skew_ms: 0 };
    let steps = [
        Step::OpenTab,
        Step::Write(0, Text::Plain),
        Step::Write(1, Text::Plain),
        Step::Deliver(0),
        Step::Deliver(0),
        Step::Answer(0),
        // The first message is stored before the second page hears of its session.
        Step::Deliver(0),
        Step::Answer(0),
        Step::TellStorage(0),
        Step::TellStorage(0),
        Step::TellStorage(0),
        Step::Flow,
    ];
    play_in(kind, 1, &steps);
}

#[test]
fn a_message_that_still_waits_for_a_session_is_left_to_the_page_that_sends_it_first() {
    play(&[
        Step::OpenTab,
        Step::Write(0, Text::Plain),
        Step::LoseRequest(0),
        Step::OpenTab,
        // Nobody waits for anybody after that, and two begin a session.
        Step::Sleep(366 * 86_400),
        Step::Write(1, Text::Plain),
        Step::Freeze(1, false),
        // This one finds the message in the storage, and the session of the other.
        Step::OpenTab,
        Step::Flow,
        Step::Flow,
    ]);
}

#[test]
fn a_message_that_turns_out_to_be_stored_long_since_hides_none_that_came_after_it() {
    let before = [
        Step::Write(0, Text::Plain),
        Step::Write(0, Text::Plain),
        Step::Flow,
        Step::Flow,
        // The second is stored, and nobody hears of it.
        Step::CloseTab(0),
        Step::Flow,
    ];
    // More than come at once to a page that opens.
    let answers = vec![Step::Agent(AgentAct::Say); 31];
    play(&[&before[..], &answers].concat());
}

/// A model that finds nothing wrong might be one that finds nothing. The same steps each time: which of a sabotage's marks shows
/// first is chance.
fn assert_noticed(sabotage: Sabotage, what: &[&str]) {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 0,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    };
    match run(20 * STEPS_OF_CASE, &config, sabotage) {
        Err((wrong, _)) => {
            let is_meant = what.iter().any(|what| wrong.contains(what));
            assert!(is_meant, "something else was noticed: {wrong}");
        }
        Ok(n_taken) => panic!("{sabotage:?} was not noticed in {n_taken} steps"),
    }
}

#[test]
fn the_model_notices_a_repeat_under_a_new_name() {
    // Or the name that is shown as sent is missing, whichever shows first.
    assert_noticed(Sabotage::RenamesRepeats, &["is stored twice", "is acknowledged and not stored"]);
}

#[test]
fn the_model_notices_a_stream_that_is_resumed_too_late() {
    assert_noticed(Sabotage::SkipsOneRev, &["at the end: tab"]);
}

#[test]
fn the_model_notices_an_acknowledgement_without_a_message() {
    // Or it is missing where it is shown, whichever shows first.
    assert_noticed(
        Sabotage::ForgetsAcknowledged,
        &["is acknowledged and not stored", "which is not stored", "than is stored"],
    );
}
