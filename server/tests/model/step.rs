//! What can happen, and how often it does.

use crate::{browser::Kind, notes::Text, site::AgentAct};
use proptest::{collection::vec, prelude::*};

/// Which of those there are: the remainder of a division by their number.
pub type Which = u8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The visitor writes.
    Write(Which, Text),
    /// The visitor tries the first refused message again.
    TryAgain(Which),
    /// The visitor deletes the first refused message.
    Delete(Which),
    LoadOlder(Which),
    OpenPanel(Which, bool),
    Show(Which, bool),

    OpenTab,
    CloseTab(Which),
    Reload(Which),
    Freeze(Which, bool),
    Thaw(Which),
    /// A tab hears what others did to the storage.
    TellStorage(Which),
    /// A tab hears what another said.
    TellChannel(Which),
    FillStorage(bool),

    /// A request reaches the server.
    Deliver(Which),
    /// And comes again later: a proxy repeats it, or one that was given up is still on its way.
    DeliverAndRepeat(Which),
    LoseRequest(Which),
    /// A proxy answers for the server, with a wait in seconds that it asks for.
    Decline(Which, u16, Option<u8>),
    /// An answer reaches the panel.
    Answer(Which),
    LoseAnswer(Which),
    /// A proxy answers in its place.
    SpoilAnswer(Which, u16),
    /// Bytes of a stream arrive.
    Stream(Which, u16),
    /// A stream breaks off after so many more bytes.
    Cut(Which, u8),
    Offline,
    Online,
    /// Everything that is under way arrives.
    Flow,

    Agent(AgentAct),
    /// The server ends, with a goodbye or without, and another starts on the same data.
    Restart(bool),
    /// The visitor's tokens run out, as if they had been away for so long.
    Sleep(u32),
    Wait(u16),
}

pub fn kind() -> impl Strategy<Value = Kind> {
    let skew_ms =
        prop_oneof![6 => Just(0), 1 => Just(-86_400_000_i64), 1 => Just(86_400_000), 1 => -5000_i64..5000];
    (prop::bool::weighted(0.1), prop::bool::weighted(0.85), prop::bool::weighted(0.85), skew_ms).prop_map(
        |(is_forgetful, has_locks, has_channels, skew_ms)| Kind {
            is_forgetful,
            has_locks,
            has_channels,
            skew_ms,
        },
    )
}

pub fn steps(at_most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=at_most)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        18 => visitor(),
        10 => browser(),
        40 => network(),
        12 => Just(Step::Flow),
        14 => agent(),
        12 => time(),
    ]
}

fn visitor() -> impl Strategy<Value = Step> {
    let which = any::<Which>;
    let text = prop_oneof![20 => Just(Text::Plain), 1 => Just(Text::Unacceptable), 1 => Just(Text::Cursed)];
    prop_oneof![
        10 => (which(), text).prop_map(|(tab, text)| Step::Write(tab, text)),
        1 => which().prop_map(Step::TryAgain),
        1 => which().prop_map(Step::Delete),
        1 => which().prop_map(Step::LoadOlder),
        1 => (which(), any::<bool>()).prop_map(|(tab, is_open)| Step::OpenPanel(tab, is_open)),
        1 => (which(), any::<bool>()).prop_map(|(tab, is_visible)| Step::Show(tab, is_visible)),
    ]
}

fn browser() -> impl Strategy<Value = Step> {
    let which = any::<Which>;
    prop_oneof![
        2 => Just(Step::OpenTab),
        1 => which().prop_map(Step::CloseTab),
        2 => which().prop_map(Step::Reload),
        1 => (which(), any::<bool>()).prop_map(|(tab, is_told)| Step::Freeze(tab, is_told)),
        2 => which().prop_map(Step::Thaw),
        8 => which().prop_map(Step::TellStorage),
        8 => which().prop_map(Step::TellChannel),
        1 => prop::bool::weighted(0.3).prop_map(Step::FillStorage),
    ]
}

fn network() -> impl Strategy<Value = Step> {
    let which = any::<Which>;
    let status = || prop::sample::select(vec![408_u16, 429, 500, 502, 503, 504]);
    prop_oneof![
        20 => which().prop_map(Step::Deliver),
        4 => which().prop_map(Step::DeliverAndRepeat),
        3 => which().prop_map(Step::LoseRequest),
        2 => (which(), status(), prop::option::of(0_u8..10)).prop_map(|(call, status, wait)| Step::Decline(call, status, wait)),
        20 => which().prop_map(Step::Answer),
        4 => which().prop_map(Step::LoseAnswer),
        2 => (which(), status()).prop_map(|(answer, status)| Step::SpoilAnswer(answer, status)),
        20 => (which(), prop_oneof![1..80_u16, 80..4000_u16]).prop_map(|(wire, n_bytes)| Step::Stream(wire, n_bytes)),
        3 => (which(), any::<u8>()).prop_map(|(wire, n_bytes)| Step::Cut(wire, n_bytes)),
        1 => Just(Step::Offline),
        3 => Just(Step::Online),
    ]
}

fn agent() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => Just(AgentAct::Say),
        2 => Just(AgentAct::Deliver),
        2 => Just(AgentAct::Read),
        1 => Just(AgentAct::Resolve),
        2 => Just(AgentAct::Close),
        1 => Just(AgentAct::Reopen),
        1 => Just(AgentAct::Type),
        5 => Just(AgentAct::SayElsewhere),
    ]
    .prop_map(Step::Agent)
}

fn time() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (1_u16..6000).prop_map(Step::Wait),
        3 => (6000_u16..60_000).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Restart),
        1 => prop_oneof![
            3 => 60_u32..600,
            3 => 3600_u32..10_000,
            1 => Just(366 * 86_400)
        ].prop_map(Step::Sleep),
    ]
}
