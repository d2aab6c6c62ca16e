//! What makes a browser go: a clock that stands still until a step moves it, timers by it, answers that tasks wait for.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::poll_fn,
    rc::Rc,
    task::Poll,
};

type Callback = Box<dyn FnOnce()>;

/// One case's time and randomness. Everything here happens on one thread and only when a step makes it happen.
#[derive(Default)]
pub struct Machine {
    now_ms: Cell<u64>,
    /// By when they are due and, within a millisecond, by when they were set.
    timers: RefCell<BTreeMap<(u64, u64), Callback>>,
    n_timers: Cell<u64>,
    /// Something happened that a task may have waited for.
    is_stirred: Cell<bool>,
    random: Cell<u64>,
}

impl Machine {
    pub fn new(seed: u64) -> Rc<Self> {
        let machine = Self::default();
        machine.random.set(seed);
        Rc::new(machine)
    }

    /// Milliseconds since the case began. It only runs forward.
    pub fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    pub fn stir(&self) {
        self.is_stirred.set(true);
    }

    pub fn take_stirred(&self) -> bool {
        self.is_stirred.take()
    }

    pub fn after(&self, wait_ms: f64, callback: impl FnOnce() + 'static) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
        let wait_ms = wait_ms.clamp(0.0, 1e15).ceil() as u64;
        self.n_timers.set(self.n_timers.get() + 1);
        self.timers
            .borrow_mut()
            .insert((self.now_ms.get() + wait_ms, self.n_timers.get()), Box::new(callback));
    }

    /// When the next timer is due.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.timers.borrow().keys().next().map(|(due_ms, _)| *due_ms)
    }

    /// Goes on to the next timer that is due until then, or else to then. Answers whether there was one.
    pub fn go_on(&self, until_ms: u64) -> bool {
        let first = self.timers.borrow().keys().next().copied().filter(|(due_ms, _)| *due_ms <= until_ms);
        let Some(first) = first else {
            self.now_ms.set(self.now_ms.get().max(until_ms));
            return false;
        };
        let callback = self.timers.borrow_mut().remove(&first).expect("it was there");
        self.now_ms.set(self.now_ms.get().max(first.0));
        callback();
        self.stir();
        true
    }

    /// The clock jumps, and no timer is called: the machine slept.
    pub fn sleep(&self, for_ms: u64) {
        self.now_ms.set(self.now_ms.get() + for_ms);
    }

    fn next_random(&self) -> u64 {
        // SplitMix64: any good mixture does, and this one needs no crate.
        let seed = self.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.random.set(seed);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::try_from(self.next_random() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }

    pub fn bytes(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next_random().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next_random().to_le_bytes()[..2]);
        bytes
    }
}

/// Something that one side gets and the other waits for.
pub struct Slot<T>(Rc<SlotState<T>>);

struct SlotState<T> {
    machine: Rc<Machine>,
    value: RefCell<Option<T>>,
    is_filled: Cell<bool>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Slot<T> {
    pub fn new(machine: &Rc<Machine>) -> Self {
        let machine = Rc::clone(machine);
        Self(Rc::new(SlotState { machine, value: RefCell::default(), is_filled: Cell::default() }))
    }

    /// The first value counts.
    pub fn fill(&self, value: T) {
        if !self.0.is_filled.replace(true) {
            *self.0.value.borrow_mut() = Some(value);
            self.0.machine.stir();
        }
    }

    pub fn is_filled(&self) -> bool {
        self.0.is_filled.get()
    }

    pub fn take(&self) -> Option<T> {
        self.0.value.borrow_mut().take()
    }

    pub async fn get(&self) -> T {
        wait_for(|| self.take()).await
    }
}

/// Waits until there is one. Tasks are asked again whenever anything happened, so there is nobody to wake.
pub async fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    poll_fn(move |_| ready().map_or(Poll::Pending, Poll::Ready)).await
}
