//! The running server's door for the command line: `DIR/admin.sock`, for the user who runs the server and nobody else.
//!
//! A client writes a [`Request`] as one line of JSON and gets a [`Reply`] as one line, as often as it likes.

use super::{Failure, FailureKind, Request, Response, run};
use crate::domain::Operator;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            ffi::OsStrExt,
            fs::{DirBuilderExt, PermissionsExt},
        },
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    time::timeout,
};
use tracing::warn;

/// What is answered.
pub type Reply = Result<Response, Failure>;

/// The socket's name in the data directory.
pub const NAME: &str = "admin.sock";
/// Where it is made before anybody may find it.
const UNFINISHED: &str = "admin.sock.new";

/// The longest path a socket may have on every system we know: macOS's 104 bytes, with the NUL that ends it.
const PATH_MAX_BYTES: usize = 103;
/// Commands that are served at once; a further one waits.
const CLIENTS_MAX: usize = 16;
const LINE_MAX_BYTES: u64 = 64 * 1024;
/// A client that says nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// The door, open. It closes, and is gone from the directory, when this is dropped.
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Opens the door. One that an earlier server left behind is replaced: whoever holds the directory's lock owns the
    /// socket too.
    pub fn open(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(NAME);
        let listener = listen(directory, &path)
            .with_context(|| format!("the command line can't be served at {}", path.display()))?;
        Ok(Self { listener, path })
    }

    /// Serves commands for ever.
    pub async fn serve(self, operator: Operator) {
        let places = Arc::new(Semaphore::new(CLIENTS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let operator = operator.clone();
                    tokio::spawn(async move {
                        // A client that hangs up in the middle is its own affair.
                        drop(converse(stream, &operator).await);
                        drop(place);
                    });
                }
                Err(failure) => {
                    warn!(error = %failure, "a command could not be taken");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

/// Makes the socket where only we can reach it, gives it its permissions, and only then puts it in its place.
fn listen(directory: &Path, path: &Path) -> io::Result<UnixListener> {
    let unfinished = directory.join(UNFINISHED);
    drop(fs::remove_dir_all(&unfinished));
    DirBuilder::new().mode(0o700).create(&unfinished)?;
    let listener = SocketPath::of(&unfinished).and_then(|socket| UnixListener::bind(&socket.path));
    let placed = listener.and_then(|listener| {
        let made = unfinished.join(NAME);
        fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        fs::rename(&made, path)?;
        Ok(listener)
    });
    drop(fs::remove_dir_all(&unfinished));
    placed
}

/// Connects to the server that uses a data directory.
pub async fn connect(directory: &Path) -> io::Result<UnixStream> {
    let socket = SocketPath::of(directory)?;
    UnixStream::connect(&socket.path).await
}

/// How a directory's socket is named to the system, which takes short paths only.
struct SocketPath {
    path: PathBuf,
    /// What a short path for a long one goes through.
    _directory: Option<File>,
}

impl SocketPath {
    fn of(directory: &Path) -> io::Result<Self> {
        let path = directory.join(NAME);
        if path.as_os_str().as_bytes().len() <= PATH_MAX_BYTES {
            return Ok(Self { path, _directory: None });
        }
        let open = File::open(directory)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", open.as_raw_fd()));
        if !path.parent().is_some_and(Path::exists) {
            let problem = format!(
                "the path is longer than the {PATH_MAX_BYTES} bytes that a socket may have; take a directory with a shorter one"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        Ok(Self { path, _directory: Some(open) })
    }
}

/// Answers one client until it has no more to ask.
async fn converse(mut stream: UnixStream, operator: &Operator) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    while let Some(line) = timeout(PATIENCE, read_line(&mut read)).await?? {
        let request = serde_json::from_slice::<Request>(&line);
        let is_understood = request.is_ok();
        let reply = match request {
            Ok(request) => run(operator, request).await,
            Err(problem) => {
                let message = format!("this is no request: {problem}");
                Err(Failure { kind: FailureKind::Malformed, message })
            }
        };
        timeout(PATIENCE, write_line(&mut write, &reply)).await??;
        if !is_understood {
            break;
        }
    }
    Ok(())
}

/// The next line, or nothing when there is none. One that is too long is cut off, and then is no JSON.
pub(super) async fn read_line(
    from: &mut (impl AsyncBufReadExt + AsyncRead + Unpin),
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    from.take(LINE_MAX_BYTES).read_until(b'\n', &mut line).await?;
    Ok((!line.is_empty()).then_some(line))
}

pub(super) async fn write_line(
    to: &mut (impl AsyncWriteExt + Unpin),
    value: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

/// What a line says.
pub(super) fn parse<'l, T: Deserialize<'l>>(line: &'l [u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(line)?)
}
