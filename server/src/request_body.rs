//! The body of a request has to come. One that stands still, or trickles, is given up, so that nobody holds a request open for
//! the price of a byte now and then.

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// How fast a body has to come. A phone on a poor network sends a few kilobytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPace {
    /// The longest silence.
    pub idle: Duration,
    /// Time that every body has, however little of it comes.
    pub grace: Duration,
    /// Beyond the grace it is as many bytes a second as this, from its first to its last, that keep it.
    pub bytes_per_second: u32,
}

impl Default for BodyPace {
    fn default() -> Self {
        Self { idle: Duration::from_secs(15), grace: Duration::from_secs(30), bytes_per_second: 1024 }
    }
}

/// Whether a body was given up.
#[derive(Clone, Debug, Default)]
pub struct GivenUp(Arc<AtomicBool>);

impl BodyPace {
    /// The request with a body that fails when it comes too slowly, and what tells whether it did.
    pub fn watch(self, request: Request) -> (Request, GivenUp) {
        let given_up = GivenUp::default();
        let request = request.map(|body| {
            if body.is_end_stream() {
                return body;
            }
            Body::new(Paced {
                body,
                pace: self,
                begun: None,
                n_bytes: 0,
                alarm: None,
                given_up: given_up.clone(),
            })
        });
        (request, given_up)
    }

    /// When a body that began then, and of which so much has come, is given up.
    fn deadline(self, begun: Instant, last: Instant, n_bytes: u64) -> Instant {
        let earned = Duration::from_secs(n_bytes / u64::from(self.bytes_per_second.max(1)));
        (last + self.idle).min(begun + self.grace + earned)
    }
}

impl GivenUp {
    /// What `refused` answers instead of `response`, if the body was given up and its handler could do nothing without it.
    pub fn or(&self, response: Response, refused: impl FnOnce() -> Response) -> Response {
        if !self.0.load(Ordering::Relaxed) || response.status().is_success() {
            return response;
        }
        let mut refused = refused();
        // The rest of the body may still come, and is nothing that anybody would read.
        refused.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        refused
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

struct Paced {
    body: Body,
    pace: BodyPace,
    /// When somebody first asked for it, and when a piece of it last came. Not before, for a handler may have other things to do first.
    begun: Option<(Instant, Instant)>,
    n_bytes: u64,
    /// Made when the body first keeps somebody waiting, which most never do.
    alarm: Option<Pin<Box<Sleep>>>,
    given_up: GivenUp,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let now = Instant::now();
        let (begun, last) = this.begun.get_or_insert((now, now));
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                this.n_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                *last = now;
                let deadline = this.pace.deadline(*begun, *last, this.n_bytes);
                if let Some(alarm) = &mut this.alarm {
                    alarm.as_mut().reset(deadline);
                }
            }
            return Poll::Ready(frame);
        }
        let deadline = this.pace.deadline(*begun, *last, this.n_bytes);
        let alarm = this.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(alarm.as_mut().poll(context));
        this.given_up.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::BodyExt;
    use tokio::time::sleep;

    const PACE: BodyPace =
        BodyPace { idle: Duration::from_secs(15), grace: Duration::from_secs(30), bytes_per_second: 1024 };

    /// A body of pieces of this size, each of which comes so long after the one before.
    fn dripping(n_pieces: usize, n_bytes: usize, after: Duration) -> Body {
        Body::from_stream(stream::unfold(0, move |n| async move {
            if n == n_pieces {
                return None;
            }
            sleep(after).await;
            Some((Ok::<_, axum::Error>(Bytes::from(vec![b'x'; n_bytes])), n + 1))
        }))
    }

    /// How much of it came, and how long it took; nothing if it was given up.
    async fn read(body: Body) -> (Option<usize>, Duration) {
        let started = Instant::now();
        let (request, given_up) = PACE.watch(Request::new(body));
        let read = request.into_body().collect().await.ok().map(|body| body.to_bytes().len());
        assert_eq!(read.is_none(), given_up.0.load(Ordering::Relaxed));
        (read, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_given_up() {
        let (read, after) = read(dripping(2, 100_000, Duration::from_secs(16))).await;
        assert_eq!(read, None);
        assert_eq!(after.as_secs(), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_given_up() {
        let (read, after) = read(dripping(1000, 1, Duration::from_secs(10))).await;
        assert_eq!(read, None);
        assert_eq!(after.as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_makes_progress_may_take_as_long_as_it_takes() {
        let (read, after) = read(dripping(200, 20 * 1024, Duration::from_secs(10))).await;
        assert_eq!(read, Some(200 * 20 * 1024));
        assert_eq!(after.as_secs(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_asks_for_yet_does_not_come_too_late() {
        let (request, given_up) = PACE.watch(Request::new(dripping(1, 10, Duration::from_secs(1))));
        sleep(Duration::from_secs(100)).await;
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes().len(), 10);
        assert!(!given_up.0.load(Ordering::Relaxed));
    }
}
