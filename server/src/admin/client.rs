//! The command's side: it asks the server that uses the directory, or does it itself where there is none.

use super::{Failure, FailureKind, Request, Response, run, socket};
use crate::{
    clock::{Clock, SystemClock},
    domain::{Administration, Operator},
    live::Live,
    store::{
        Store,
        sqlite::{OpenError, SqliteStore},
    },
};
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::{Instant, sleep},
};

/// How long a directory may be in use by something that can't be talked to: another command, a server that starts or stops.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Has a request done.
pub async fn execute(directory: &Path, request: Request) -> Result<Response, Failure> {
    let makes_directory = matches!(request, Request::CreateCompany { .. });
    if !makes_directory && !directory.join("porchlight.db").is_file() {
        let message = format!(
            "there is no database in {}; name its directory with --data, or begin one with `porchlight company create`",
            directory.display()
        );
        return Err(Failure { kind: FailureKind::NotFound, message });
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let live = Arc::new(Live::default());
        match SqliteStore::open(directory, Arc::clone(&live) as _) {
            Ok(store) => return alone(Arc::new(store), live, request).await,
            Err(OpenError::InUse(_)) => {}
            Err(problem) => return Err(unavailable(&problem)),
        }
        match ask(directory, &request).await {
            Ok(reply) => return reply,
            // Nobody listens, or not yet; nothing has been asked.
            Err(Unasked(problem)) if is_passing(&problem) && Instant::now() < deadline => {
                sleep(LOOK_EVERY).await;
            }
            Err(Unasked(problem)) => {
                return Err(unavailable(&format!(
                    "another process uses {} and can't be asked: {problem}",
                    directory.display()
                )));
            }
        }
    }
}

/// Does it without a server, in a directory that is ours meanwhile.
async fn alone(store: Arc<dyn Store>, live: Arc<Live>, request: Request) -> Result<Response, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let administration = Administration::new(Arc::clone(&store), live, clock);
    let reply = run(&Operator::new(Arc::clone(&store), administration), request).await;
    store.close().await;
    reply
}

/// Nobody was there to be asked.
struct Unasked(io::Error);

/// Whether it may be otherwise in a moment.
fn is_passing(problem: &io::Error) -> bool {
    matches!(problem.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Has the server do it.
async fn ask(directory: &Path, request: &Request) -> Result<Result<Response, Failure>, Unasked> {
    let mut stream = socket::connect(directory).await.map_err(Unasked)?;
    let lost = |problem: io::Error| {
        let message = format!("the server hung up before it answered ({problem}); see whether it was done");
        Failure { kind: FailureKind::Unavailable, message }
    };
    let exchange = async {
        let (read, mut write) = stream.split();
        socket::write_line(&mut write, request).await?;
        // An answer may be as long as it has to be.
        let mut line = Vec::new();
        let mut read = BufReader::new(read);
        read.read_until(b'\n', &mut line).await?;
        socket::parse::<socket::Reply>(&line)
    };
    Ok(match exchange.await {
        Ok(reply) => reply,
        Err(problem) => Err(lost(problem)),
    })
}

fn unavailable(problem: &impl ToString) -> Failure {
    Failure { kind: FailureKind::Unavailable, message: problem.to_string() }
}
